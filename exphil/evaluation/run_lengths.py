"""How long inputs stay as they are: lengths of runs of equal values, over streams that arrive in chunks.

Shapes: S streams side by side, T frames of a chunk, K signals.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from exphil.loading.sampler import Ints

LONGEST: Final = 3600
"""Runs of a minute or more are counted together; their frames are counted exactly."""


class RunLengths:
    """Counts finished runs of K signals by value class and length. A frame that does not count ends a run.

    Attributes:
        counts: (K, LONGEST + 1) runs of each length.
        frames: (K, LONGEST + 1) frames in them.
        longest: (K,) frames of the longest run.
    """

    def __init__(self, only: tuple[int | None, ...]) -> None:
        """`only`: for each signal the value whose runs count; None for all of them."""
        num = len(only)
        self.counts = np.zeros((num, LONGEST + 1), np.int64)
        self.frames = np.zeros((num, LONGEST + 1), np.int64)
        self.longest = np.zeros(num, np.int64)
        self._only = only
        self._value: Ints = np.zeros((0, num), np.int64)
        self._length: Ints = np.zeros((0, num), np.int64)

    def add(self, values: Ints, counts: npt.NDArray[np.bool_], previous: Ints) -> None:
        """Go on with the streams of a chunk.

        Args:
            values: (S, T, K).
            counts: (S, T) whether the frame counts.
            previous: (S,) each stream's place in the chunk before; -1 for one that begins.
        """
        num_signals = len(self._only)
        value, length = self._taken_up(previous)
        flat = values.transpose(0, 2, 1).reshape(-1, values.shape[1])  # (S K, T)
        valid = np.repeat(counts, num_signals, axis=0)
        begins = valid.copy()
        begins[:, 1:] &= ~valid[:, :-1] | (flat[:, 1:] != flat[:, :-1])
        run = np.cumsum(begins).reshape(begins.shape) - 1
        lengths = np.bincount(run[valid], minlength=int(begins.sum()))
        row, _ = np.nonzero(begins)
        held = flat[begins]
        goes_on = valid[:, 0] & (length > 0) & (flat[:, 0] == value)
        lengths[run[goes_on, 0]] += length[goes_on]
        ended = (length > 0) & ~goes_on
        self._count(np.flatnonzero(ended) % num_signals, value[ended], length[ended])
        open_end = valid[:, -1]
        last = run[open_end, -1]
        closed = np.ones(len(lengths), bool)
        closed[last] = False
        self._count(row[closed] % num_signals, held[closed], lengths[closed])
        value, length = np.zeros_like(value), np.zeros_like(length)
        value[open_end], length[open_end] = held[last], lengths[last]
        self._value, self._length = value.reshape(-1, num_signals), length.reshape(-1, num_signals)

    def finish(self) -> None:
        """Count the runs that are still open."""
        self.add(np.zeros((0, 1, len(self._only)), np.int64), np.zeros((0, 1), bool), np.zeros(0, np.int64))

    def _taken_up(self, previous: Ints) -> tuple[Ints, Ints]:
        """Open runs (S K,) of the streams that go on; those of the others are counted."""
        num_signals = len(self._only)
        gone = np.setdiff1d(np.arange(len(self._value)), previous)
        left, lasted = self._value[gone].ravel(), self._length[gone].ravel()
        kept = lasted > 0
        self._count(np.flatnonzero(kept) % num_signals, left[kept], lasted[kept])
        value, length = (np.zeros((len(previous), num_signals), np.int64) for _ in range(2))
        on = previous >= 0
        value[on], length[on] = self._value[previous[on]], self._length[previous[on]]
        return value.ravel(), length.ravel()

    def _count(self, signal: Ints, value: Ints, length: Ints) -> None:
        wanted = np.array([0 if only is None else only for only in self._only])
        chosen = np.array([only is None for only in self._only])[signal] | (value == wanted[signal])
        signal, length = signal[chosen], length[chosen]
        place = np.minimum(length, LONGEST)
        np.add.at(self.counts, (signal, place), 1)
        np.add.at(self.frames, (signal, place), length)
        np.maximum.at(self.longest, signal, length)
