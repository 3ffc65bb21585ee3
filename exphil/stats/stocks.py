"""Stocks: from the first frame on which the player is not dying to the frame on which the count falls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exphil.stats.states import DYING
from exphil.stats.walk import Fighter

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stocks:
    """(N,) stocks of one player; frames are places in the walk.

    Attributes:
        start: first frame.
        end: frame on which it was lost; T where it was not.
        ended: whether it was lost.
        current_percent, end_percent: the last seen, and that of the frame before the loss.
        count: stocks left while it was played.
        death: action state on the frame of the loss.
    """

    start: Ints
    end: Ints
    ended: NDArray[np.bool_]
    current_percent: NDArray[np.float64]
    end_percent: NDArray[np.float64]
    count: Ints
    death: Ints

    def __len__(self) -> int:
        return len(self.start)


def stocks(fighter: Fighter) -> Stocks:
    """A player's stocks, in order of time."""
    length = len(fighter.state)
    lost, alive = np.flatnonzero(fighter.lost_stock), np.flatnonzero(~DYING[fighter.state])
    starts: list[int] = []
    ends: list[int] = []
    place = 0
    while (index := int(np.searchsorted(alive, place))) < len(alive):  # once a stock
        starts.append(int(alive[index]))
        loss = int(np.searchsorted(lost, starts[-1] + 1))
        ends.append(int(lost[loss]) if loss < len(lost) else length)
        place = ends[-1] + 1
    start, end = np.array(starts, np.int64), np.array(ends, np.int64)
    before = np.maximum(end - 1, 0)
    return Stocks(
        start=start,
        end=end,
        ended=end < length,
        current_percent=np.where(before > start, fighter.percent[before], 0.0) if length else np.zeros(0),
        end_percent=fighter.percent[before] if length else np.zeros(0),
        count=fighter.stocks[start].astype(np.int64),
        death=fighter.state[np.minimum(end, max(0, length - 1))].astype(np.int64) if length else end,
    )
