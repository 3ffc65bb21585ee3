"""When a player is hit or grabbed, and in which states they cannot act for it.

T frames.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.states import COMMAND_GRABBED, GRABBED, PUNISHED, Mask, mask
from exphil.stats.walk import Fighter

TUMBLE: Final = 0x26
HELD: Final = GRABBED | COMMAND_GRABBED
HARMED: Final = PUNISHED | mask((0xEF, 0xF3))
"""Hit, held or thrown."""
NO_CONTROL: Final = HARMED & ~mask((TUMBLE, TUMBLE))
"""Hitstun, grabs and throws: who tumbles can act."""

Ints = NDArray[np.int64]


def hit_frames(fighter: Fighter) -> Mask:
    """(T,) frames on which damage is taken while hit, held or thrown, and those on which a grab begins."""
    found = np.zeros(len(fighter.state), bool)
    held = HELD[fighter.state]
    found[1:] = (fighter.percent[1:] > fighter.percent[:-1]) & HARMED[fighter.state[1:]]
    found[1:] |= held[1:] & ~held[:-1]
    return found


def next_within(places: Ints, after: int, until: int) -> int | None:
    """The first of ascending places that lies beyond `after`, None where that is beyond `until`."""
    index = int(np.searchsorted(places, after, side="right"))
    return int(places[index]) if index < len(places) and places[index] <= until else None


def next_true(mask: Mask) -> Ints:
    """(T,) place of the first True at or after each place; T where there is none."""
    length = len(mask)
    places = np.where(mask, np.arange(length), length)
    return np.minimum.accumulate(places[::-1])[::-1]
