"""Characters seen equally often: how many times an epoch takes each segment."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from exphil.loading.draws import ROUNDING, TIMES, hashed, uniform

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


def times_taken(
    character: npt.NDArray[np.int64], rates: npt.NDArray[np.float64], seed: int, epoch: int
) -> npt.NDArray[np.int64]:
    """(S,) how many times this epoch takes each segment: its rate, rounded down or up.

    Which are rounded up is a draw of the epoch, every segment of a character alike; how many are, is not, but for
    one: so a character's share hardly changes from epoch to epoch.
    """
    whole = np.floor(rates)
    up = rates - whole
    order = np.lexsort((hashed(np.arange(len(rates)), seed, epoch, TIMES), character))
    num = np.bincount(character)
    place = np.empty(len(rates), np.int64)
    place[order] = np.arange(len(rates)) - np.repeat(np.cumsum(num) - num, num)
    shift = uniform(character, seed, epoch, ROUNDING)
    rounded = np.floor(up * (place + 1) + shift) - np.floor(up * place + shift)
    return np.asarray(whole + rounded).astype(np.int64)
