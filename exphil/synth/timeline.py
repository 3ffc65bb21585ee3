"""Which frames a recording holds, in order: one row each, or with the repeats that rollback netplay leaves."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.match import Match

# Netplay gives up after this many frames without the remote player's input.
MAX_ROLLBACK: Final = 7
_SPELL_EVERY: Final = 40


@dataclass(frozen=True, slots=True)
class Timeline:
    """A row an entry, counted from the first frame.

    `order` (R,) is the frame of each row; `known` the frame whose remote input the row was played with; `finalized`
    the newest frame that no later row repeats; `speculative` rows are replaced by a later one.
    """

    order: NDArray[np.int64]
    known: NDArray[np.int64]
    finalized: NDArray[np.int64]
    speculative: NDArray[np.bool_]
    remote_side: int | None


def plain_timeline(num_frames: int) -> Timeline:
    """Every frame once."""
    order = np.arange(num_frames, dtype=np.int64)
    return Timeline(order, order, order, np.zeros(num_frames, dtype=bool), None)


def draw_timeline(match: Match, num_frames: int) -> Timeline:
    """Spells of late input: some frames are played ahead on a guess, then once more when the input has come."""
    rng = np.random.Generator(np.random.Philox(key=[match.seed, (match.index << 1) | 1]).jumped(1))
    order: list[NDArray[np.int64]] = []
    known: list[NDArray[np.int64]] = []
    at = 0
    while at < num_frames:
        until = min(num_frames, at + 1 + int(rng.integers(1, 2 * _SPELL_EVERY)))
        order.append(np.arange(at, until))
        known.append(np.arange(at, until))
        at = until
        late = min(int(rng.integers(1, MAX_ROLLBACK + 1)), num_frames - at)
        if late and at > 0:
            order.append(np.arange(at, at + late))
            known.append(np.full(late, at - 1))
    rows = np.concatenate(order)
    # The smallest frame id still to come, looking back from the end.
    coming = np.minimum.accumulate(np.append(rows[1:], num_frames)[::-1])[::-1]
    speculative = coming <= rows
    return Timeline(rows, np.concatenate(known), np.minimum(rows, coming - 1), speculative, remote_side=1)
