"""How inputs behave over time: how often buttons are pressed, how long inputs stay, where the sticks are.

Counted alike for people's inputs and for a free run's, over the same frames, so that the two compare.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exphil.evaluation.run_lengths import RunLengths
from exphil.loading.sampler import Ints
from exphil.melee.controller import BUTTONS, HEAD_SIZES, HEADS, NEUTRAL, STICK_BINS

FROZEN_FRAMES: Final = 60
"""A whole input that stays for so long counts as frozen: a second."""
FRAMES_A_MINUTE: Final = 3600
LENGTH_EDGES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 60, 120, 300, 600)
"""Frames at which another bin of run lengths begins."""
PLANES: Final = {"main": ("main_x", "main_y"), "c": ("c_x", "c_y")}

_NUM_BUTTONS: Final = len(BUTTONS)
_WHOLE: Final = 0
_FIRST_BUTTON: Final = 1
_FIRST_OTHER: Final = 1 + _NUM_BUTTONS


class Behaviour:
    """Adds up inputs, chunk after chunk, in memory that does not grow."""

    def __init__(self) -> None:
        # The whole input, each button while it is down, and each of the other heads.
        self._runs = RunLengths((None, *(1,) * _NUM_BUTTONS, *(None,) * (len(HEADS) - _NUM_BUTTONS)))
        self._classes = [np.zeros(size, np.int64) for size in HEAD_SIZES]
        self._planes = {name: np.zeros((STICK_BINS, STICK_BINS), np.int64) for name in PLANES}
        self._num_frames = 0
        self._neutral = 0

    def add(self, actions: Ints, counts: npt.NDArray[np.bool_], previous: Ints) -> None:
        """Go on with the streams of a chunk.

        Args:
            actions: (S, T, 13) classes of the heads.
            counts: (S, T) whether the frame counts.
            previous: (S,) each stream's place in the chunk before; -1 for one that begins.
        """
        whole = np.zeros(actions.shape[:2], np.int64)
        for head, size in enumerate(HEAD_SIZES):
            whole = whole * size + actions[..., head]
        self._runs.add(np.concatenate((whole[..., None], actions), axis=-1), counts, previous)
        kept = actions[counts]
        self._num_frames += len(kept)
        self._neutral += int((kept == np.array(NEUTRAL)).all(axis=1).sum())
        for head, size in enumerate(HEAD_SIZES):
            self._classes[head] += np.bincount(kept[:, head], minlength=size)
        for name, axes in PLANES.items():
            x, y = (kept[:, HEADS.index(axis)] for axis in axes)
            cells = np.bincount(x * STICK_BINS + y, minlength=STICK_BINS**2)
            self._planes[name] += cells.reshape(STICK_BINS, STICK_BINS)

    def finish(self) -> None:
        """Nothing comes any more: the inputs that are still held count as they are."""
        self._runs.finish()

    def report(self) -> dict[str, Any]:
        """All figures of one player, human or not."""
        minutes = max(self._num_frames, 1) / FRAMES_A_MINUTE
        frames = max(self._num_frames, 1)
        counts, held = self._runs.counts, self._runs.frames
        return {
            "num_frames": self._num_frames,
            "frozen": float(held[_WHOLE, FROZEN_FRAMES:].sum() / frames),
            "neutral": self._neutral / frames,
            "inputs_a_second": 60 * int(counts[_WHOLE].sum()) / frames,
            "longest_run": int(self._runs.longest[_WHOLE]),
            "runs": run_figures(counts[_WHOLE], held[_WHOLE]),
            "run_lengths": length_bins(held[_WHOLE]),
            "buttons": {
                name: {
                    "presses_a_minute": int(counts[_FIRST_BUTTON + place].sum()) / minutes,
                    "held": int(self._classes[place][1]) / frames,
                    **run_figures(counts[_FIRST_BUTTON + place], held[_FIRST_BUTTON + place]),
                }
                for place, name in enumerate(BUTTONS)
            },
            "axes": {
                name: run_figures(counts[_FIRST_OTHER + place], held[_FIRST_OTHER + place])
                for place, name in enumerate(HEADS[_NUM_BUTTONS:])
            },
            "classes": {
                name: (found / frames).tolist() for name, found in zip(HEADS, self._classes, strict=True)
            },
            "planes": {name: (cells / frames).tolist() for name, cells in self._planes.items()},
        }


def run_figures(counts: Ints, frames: Ints) -> dict[str, float | int | None]:
    """Mean, median and 90th percentile of runs' lengths in frames; None where there are no runs."""
    total = int(counts.sum())
    if not total:
        return {"mean": None, "median": None, "p90": None}
    below = np.cumsum(counts)
    return {
        "mean": int(frames.sum()) / total,
        "median": int(np.searchsorted(below, total / 2)),
        "p90": int(np.searchsorted(below, 0.9 * total)),
    }


def length_bins(frames: Ints) -> list[dict[str, float | int | None]]:
    """Share of time in inputs that stay for `from` to `to` frames."""
    total = max(1, int(frames.sum()))
    ends = (*(edge - 1 for edge in LENGTH_EDGES[1:]), None)
    return [
        {
            "from": low,
            "to": high,
            "share": int(frames[low : None if high is None else high + 1].sum()) / total,
        }
        for low, high in zip(LENGTH_EDGES, ends, strict=True)
    ]


def divergences(human: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """Jensen-Shannon divergence of two reports in bits, 0 for equal and 1 for disjoint: heads, planes, run lengths."""
    found = {name: jensen_shannon(human["classes"][name], other["classes"][name]) for name in HEADS}
    for name in PLANES:
        found[f"{name} stick"] = jensen_shannon(human["planes"][name], other["planes"][name])
    lengths = [[row["share"] for row in report["run_lengths"]] for report in (human, other)]
    found["run lengths"] = jensen_shannon(*lengths)
    return found


def jensen_shannon(first: Sequence[Any], second: Sequence[Any]) -> float:
    """Of two distributions over the same cells, in bits: 0 to 1. Nothing at all counts as no difference."""
    p, q = (np.asarray(cells, np.float64).ravel() for cells in (first, second))
    if not p.sum() or not q.sum():
        return 0.0
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2

    def bits(share: npt.NDArray[np.float64]) -> float:
        there = share > 0
        return float((share[there] * np.log2(share[there] / middle[there])).sum())

    return max(0.0, (bits(p) + bits(q)) / 2)
