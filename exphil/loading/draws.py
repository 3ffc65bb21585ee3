"""Random bits that are pure functions of what they are for: the same on any machine, rank and release."""

from typing import Final

import numpy as np
import numpy.typing as npt

# Which of an epoch's draws a hash is for.
PHASE: Final = 1
REPLAY_ORDER: Final = 2
ROTATION: Final = 3
BATCH_ORDER: Final = 4
FRAME: Final = 5
TIMES: Final = 6
MIRROR: Final = 7
NOISE: Final = 8
NOISE_KEY: Final = 9
ROUNDING: Final = 10


def hashed(keys: npt.NDArray[np.integer], seed: int, epoch: int, draw: int) -> npt.NDArray[np.uint64]:
    """64 random bits a key: SplitMix64, whose figures no release of a library can change.

    Args:
        keys: whole numbers.
        draw: what the bits are for, so that draws of one epoch are independent.
    """
    salt = np.uint64(0)
    for word in (seed, epoch, draw):
        salt = _mix(np.array([salt ^ np.uint64(word & 0xFFFFFFFFFFFFFFFF)], np.uint64))[0]
    return _mix(keys.astype(np.uint64) ^ salt)


def uniform(keys: npt.NDArray[np.integer], seed: int, epoch: int, draw: int) -> npt.NDArray[np.float64]:
    """A number in [0, 1) a key, from the upper 53 of its random bits."""
    return (hashed(keys, seed, epoch, draw) >> np.uint64(11)).astype(np.float64) * np.float64(2.0**-53)


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
