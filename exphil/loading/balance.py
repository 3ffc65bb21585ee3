"""Characters seen equally often: how many times an epoch takes each segment."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from exphil.loading.draws import TIMES, uniform

Balance = Literal["none", "character"]

MOST: Final = 8.0
"""A character's frames are taken at most this many times an epoch, and at least one in as many."""


def character_rates(
    character: npt.NDArray[np.int64], frames: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """(S,) how many times an epoch takes each segment, on average.

    Every character gets an equal share of all frames: (all frames / characters) / frames of this one, within
    [1 / MOST, MOST]. So an epoch has as many frames as one without balance, but for what the limits cut off.

    Args:
        character: (S,) whose segment it is, from 0.
        frames: (S,) its frames.
    """
    total = np.bincount(character, weights=frames)
    share = frames.sum() / max(1, np.count_nonzero(total))
    rate = np.clip(share / np.maximum(total, 1), 1 / MOST, MOST)
    return np.asarray(rate[character])


def times_taken(rates: npt.NDArray[np.float64], seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """(S,) how many times this epoch takes each segment: the rate rounded down or up, up as often as it must."""
    whole = np.floor(rates)
    up = uniform(np.arange(len(rates)), seed, epoch, TIMES) < rates - whole
    return whole.astype(np.int64) + up
