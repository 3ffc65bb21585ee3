"""What a player goes through, frame by frame: looked up once, asked by techs, ledge options and recoveries.

T frames. Groups of states are bits of one table, so that a game's states are looked up a single time.
"""

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.actions import begun
from exphil.stats.situations.specials import jumps_of_own, specials
from exphil.stats.states import COMMAND_GRABBED, DYING, GRABBED, NUM_STATES, PUNISHED, Mask, mask
from exphil.stats.walk import Fighter

Ints = NDArray[np.int64]

TUMBLE: Final = 0x26
CLIFF_CATCH: Final = 0xFC

_HARMED: Final = PUNISHED | mask((0xEF, 0xF3))

GROUPS: Final[tuple[Mask, ...]] = (
    _HARMED,
    _HARMED & ~mask((TUMBLE, TUMBLE)),
    GRABBED | COMMAND_GRABBED,
    DYING,
    mask((0x00, 0x0D)),
    mask((CLIFF_CATCH, 0x107)),
    mask((CLIFF_CATCH, 0xFD)),
    mask(
        (0x0E, 0x18), (0x27, 0x40), (0x46, 0x4A), (0xB2, 0xB6), (0xB8, 0xB8), (0xBA, 0xBE), (0xC0, 0xC0),
        (0xC2, 0xC9), (0xD4, 0xDA), (0xE9, 0xEB), (0xF5, 0xF6), (0x108, 0x109),
    ),
    mask((0xB7, 0xB8), (0xBF, 0xC0)),
    mask((0x41, 0x45)),
    mask((0xEC, 0xEC)),
    mask((0x1B, 0x1C)),
    mask((CLIFF_CATCH, CLIFF_CATCH)),
    GRABBED,
    mask((0xB7, 0xC9)),
)  # fmt: skip
(
    HARMED, NO_CONTROL, HELD, DEAD, OUT, ON_LEDGE, HANGING, STANDING, LYING, AERIAL, AIR_DODGE, AIR_JUMP,
    CATCHING_LEDGE, GRAB_HELD, DOWNED,
) = (1 << number for number in range(len(GROUPS)))  # fmt: skip
"""Bits of `Course.bits`.

HARMED: hit, held or thrown. NO_CONTROL: the same but tumbling, out of which one can act. HELD: grabbed, command grabs
too; GRAB_HELD: plain grabs. DEAD: dying; OUT: that, or on the way back on the platform of light. ON_LEDGE: hanging or
coming up from the ledge. STANDING: on the ground whatever the character; specials and hitstun are on either. LYING:
on the ground after a missed tech; DOWNED: from the fall onto the ground until up again, techs too.
"""


def _bits() -> NDArray[np.uint16]:
    table = np.zeros(NUM_STATES, np.uint16)
    for number, group in enumerate(GROUPS):
        table |= group.astype(np.uint16) << number
    return table


_BITS: Final = _bits()


class Course:
    """One player's way through a game."""

    def __init__(self, fighter: Fighter) -> None:
        self.fighter = fighter
        self.state = fighter.state
        self.bits: NDArray[np.uint16] = _BITS[fighter.state]

    def __len__(self) -> int:
        return len(self.state)

    def during(self, groups: int) -> Mask:
        """(T,) frames in a state of one of the groups."""
        found: Mask = (self.bits & groups) != 0
        return found

    def at(self, place: int, groups: int) -> bool:
        """Whether the state of a frame is of one of the groups."""
        return bool(int(self.bits[place]) & groups)

    @cached_property
    def began(self) -> Ints:
        """Frames on which an action begins, as action counts have it."""
        return begun(self.fighter)

    @cached_property
    def hit(self) -> Mask:
        """(T,) frames on which damage is taken while hit, held or thrown, and those on which a grab begins."""
        percent, found = self.fighter.percent, np.zeros(len(self), bool)
        held = self.during(HELD)
        found[1:] = (percent[1:] > percent[:-1]) & self.during(HARMED)[1:]
        found[1:] |= held[1:] & ~held[:-1]
        return found

    @cached_property
    def hits(self) -> Ints:
        """Those frames."""
        return np.flatnonzero(self.hit)

    @cached_property
    def specials(self) -> NDArray[np.int8]:
        """(T,) which special begins; see `exphil.stats.situations.specials`."""
        return specials(self.fighter)

    @cached_property
    def air_jumps(self) -> Mask:
        """(T,) frames in a jump in the air."""
        found = self.during(AIR_JUMP)
        found[jumps_of_own(self.fighter)] = True
        return found


def next_within(places: Ints, after: int, until: int) -> int | None:
    """The first of ascending places that lies beyond `after`, None where that is beyond `until`."""
    index = int(places.searchsorted(after, side="right"))
    return int(places[index]) if index < len(places) and places[index] <= until else None


def next_from(places: Ints, first: int, otherwise: int) -> int:
    """The first of ascending places that is `first` or beyond it."""
    index = int(places.searchsorted(first))
    return int(places[index]) if index < len(places) else otherwise
