"""Groups of action states that the statistics go by, as lookup tables over state ids.

Ids are those of the game; the groups are the ones that players know from Slippi's own statistics.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

States: TypeAlias = NDArray[np.uint16]
Mask: TypeAlias = NDArray[np.bool_]

NUM_STATES: Final = 1 << 16
"""Every id that a recording can hold; the game's own end below 400."""


def _span(first: int, last: int) -> range:
    return range(first, last + 1)


def _table(spans: Iterable[range]) -> Mask:
    table = np.zeros(NUM_STATES, bool)
    for span in spans:
        table[span.start : span.stop] = True
    return table


def mask(*spans: tuple[int, int]) -> Mask:
    """Lookup table that holds for the states from the first to the last of each span."""
    return _table(_span(first, last) for first, last in spans)


def _without(table: Mask, *states: int) -> Mask:
    table[list(states)] = False
    return table


def _one(state: int) -> range:
    return range(state, state + 1)


WAIT: Final = 0x0E
TURN: Final = 0x12
DASH: Final = 0x14
JUMP_SQUAT: Final = 0x18
FALL: Final = 0x1D
LANDING_FALL_SPECIAL: Final = 0x2B
ATTACK_DASH: Final = 0x32
CATCH: Final = 0xD4
CATCH_DASH: Final = 0xD6
AIR_DODGE: Final = 0xEC
TEETER: Final = 0xF5
BARREL_WAIT: Final = 0x125

DAMAGED: Final = _table([_span(0x4B, 0x5B), _one(0x26), _one(0xB9), _one(0xC1)])
GRABBED: Final = _table([_span(0xDF, 0xE8)])
COMMAND_GRABBED: Final = _without(_table([_span(0x10A, 0x130), _span(0x147, 0x152)]), BARREL_WAIT)
PUNISHED: Final = DAMAGED | GRABBED | COMMAND_GRABBED
"""What opens a conversion or combo, and keeps it open."""

IN_CONTROL: Final = _table([_span(WAIT, 0x18), _span(0x27, 0x29), _span(0x2D, 0x40), _one(CATCH)])
TECHING: Final = _table([_span(0xC7, 0xCC)])
DOWNED: Final = _table([_span(0xB7, 0xC6)])
DYING: Final = _table([_span(0x00, 0x0A)])
HELPLESS: Final = PUNISHED | TECHING | DOWNED | DYING
"""States in which the counter that ends a combo stands at zero."""

GRABBING: Final = _table([_one(CATCH), _one(CATCH_DASH)])
HOLDING: Final = _without(_table([_span(CATCH + 1, 0xDE)]), CATCH_DASH)
"""Pull, wait, pummel and throws: what a grab that caught leads to."""

AERIAL_LANDING: Final = _table([_span(0x46, 0x4A)])
JUMPING: Final = _table([_span(JUMP_SQUAT + 1, 0x22)])
BEFORE_SPECIAL_LANDING: Final = _table([_one(AIR_DODGE), _span(JUMP_SQUAT, 0x22)])
"""States out of which a special landing is a wavedash or waveland."""
EDGE_CANCELLED: Final = _table([_one(FALL), _one(TEETER)])
