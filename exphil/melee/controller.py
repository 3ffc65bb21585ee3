"""The controller: eight buttons, two sticks in 17 bins an axis, one shoulder in 5. Thirteen heads in all.

Stick values are kept as whole numbers of 1/10240: people's sticks step by 1/80, the oldest recordings by 1/128,
both of which divide it; a CPU's 1/127 is off by less than 1/20000. Shoulders step by 1/140. So stored inputs
are exact, and binning is integer arithmetic.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Physical-button masks, in head order.
BUTTONS: Final[dict[str, int]] = {
    "A": 0x0100,
    "B": 0x0200,
    "X": 0x0400,
    "Y": 0x0800,
    "Z": 0x0010,
    "L": 0x0040,
    "R": 0x0020,
    "D_UP": 0x0008,
}
STICKS: Final = ("main_x", "main_y", "c_x", "c_y")
HEADS: Final = (*(f"button_{name.lower()}" for name in BUTTONS), *STICKS, "shoulder")
NUM_HEADS: Final = len(HEADS)

STICK_UNIT: Final = 10240
STICK_BINS: Final = 17
SHOULDER_UNIT: Final = 140
SHOULDER_BINS: Final = 5
# Classes of every head, in head order.
HEAD_SIZES: Final = (2,) * len(BUTTONS) + (STICK_BINS,) * len(STICKS) + (SHOULDER_BINS,)
NEUTRAL: Final = (0,) * len(BUTTONS) + (STICK_BINS // 2,) * len(STICKS) + (0,)
"""The class of each head on a controller that nobody touches."""

_STICK_STEP: Final = 2 * STICK_UNIT // (STICK_BINS - 1)
_SHOULDER_STEP: Final = SHOULDER_UNIT // (SHOULDER_BINS - 1)


def _button_table() -> NDArray[np.uint8]:
    table = np.zeros(1 << 12, np.uint8)
    held = np.arange(1 << 12)
    for bit, mask in enumerate(BUTTONS.values()):
        table |= ((held & mask) != 0).astype(np.uint8) << np.uint8(bit)
    return table


_BUTTON_BITS: Final = _button_table()


def button_bits(physical: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Physical buttons to one byte, bit 0 for the first of BUTTONS. The rest drops out."""
    return np.asarray(_BUTTON_BITS[physical & np.uint16(0x0FFF)])


def stick_units(values: NDArray[np.float32]) -> NDArray[np.int16]:
    """Stick values in [-1, 1] to whole 1/10240."""
    return np.asarray(np.rint(np.clip(values, -1.0, 1.0) * np.float32(STICK_UNIT)).astype(np.int16))


def shoulder_units(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The larger physical trigger in whole 1/140. Values outside [0, 1] (garbage) count as 0."""
    legal_left = np.where((left >= 0) & (left <= 1), left, np.float32(0))
    legal_right = np.where((right >= 0) & (right <= 1), right, np.float32(0))
    return np.rint(np.maximum(legal_left, legal_right) * np.float32(SHOULDER_UNIT)).astype(np.uint8)


def stick_bins(units: NDArray[np.int16]) -> NDArray[np.int64]:
    """Nearest of 17 bins; a tie goes towards the centre, so that mirrored sticks fall into mirrored bins."""
    wide = units.astype(np.int64)
    steps = (np.abs(wide) + _STICK_STEP // 2 - 1) // _STICK_STEP
    return np.asarray(np.sign(wide) * steps + STICK_BINS // 2)


def shoulder_bins(units: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Nearest of 5 bins."""
    return (units.astype(np.int64) + _SHOULDER_STEP // 2) // _SHOULDER_STEP


def stick_values(bins: NDArray[np.int64]) -> NDArray[np.float32]:
    """Centre of a stick bin: exactly -1, 0 and +1 at bins 0, 8 and 16."""
    return (bins.astype(np.float32) - np.float32(STICK_BINS // 2)) / np.float32(STICK_BINS // 2)


def shoulder_values(bins: NDArray[np.int64]) -> NDArray[np.float32]:
    """Centre of a shoulder bin: exactly 0 and 1 at bins 0 and 4."""
    return bins.astype(np.float32) / np.float32(SHOULDER_BINS - 1)
