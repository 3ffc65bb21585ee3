"""Whether things happen as often as the policy says: reliability of every head.

Two statements of a head are held against what happened: the probability that it gives its likeliest class
(*confidence*), and the probability that it gives to anything but what is held (*change*). Frames are binned by
the probability; the expected calibration error is the mean distance between probability and frequency, each
bin weighed by its frames. Probabilities of the later heads are given the true choices of those before.
"""

from typing import Any, Final

import numpy as np

from exphil.evaluation.scored import ScoredFrames
from exphil.melee.controller import HEADS

CONFIDENCE_EDGES: Final = tuple(np.round(np.linspace(0.0, 1.0, 21), 2).tolist())
CHANGE_EDGES: Final = (
    0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0,
)  # fmt: skip
"""Finer near 0: most heads change in one frame of a hundred, and all but a few bins would stay empty."""


class Reliability:
    """Frames, summed probability and summed outcome, for each bin of one statement of every head."""

    def __init__(self, edges: tuple[float, ...]) -> None:
        self._edges = edges
        self._sums = np.zeros((len(HEADS), len(edges) - 1, 3))

    def add(self, head: int, probability: Any, happened: Any) -> None:
        """(M,) probabilities, (M,) bool."""
        inner = np.asarray(self._edges[1:-1])
        place = np.searchsorted(inner, probability, side="right")
        for column, values in enumerate((np.ones(len(place)), probability, happened)):
            self._sums[head, :, column] += np.bincount(
                place, weights=np.asarray(values, np.float64), minlength=len(self._edges) - 1
            )

    def report(self) -> dict[str, Any]:
        """By head: expected calibration error, both means, and the bins that hold frames."""
        return {
            name: {
                "error": calibration_error(sums),
                "probability": _share(sums[:, 1].sum(), sums[:, 0].sum()),
                "frequency": _share(sums[:, 2].sum(), sums[:, 0].sum()),
                "bins": [
                    {
                        "from": low,
                        "to": high,
                        "num_frames": int(count),
                        "probability": said / count,
                        "frequency": seen / count,
                    }
                    for low, high, (count, said, seen) in zip(
                        self._edges[:-1], self._edges[1:], sums.tolist(), strict=True
                    )
                    if count
                ],
            }
            for name, sums in zip(HEADS, self._sums, strict=True)
        }


class Calibration:
    """Both statements of every head."""

    def __init__(self) -> None:
        self._confidence = Reliability(CONFIDENCE_EDGES)
        self._change = Reliability(CHANGE_EDGES)

    def add(self, frames: ScoredFrames) -> None:
        """Count frames."""
        each = np.arange(len(frames))
        for head, table in enumerate(frames.probabilities):
            held, target = frames.held[:, head], frames.target[:, head]
            likeliest = frames.likeliest["policy"][:, head]
            self._confidence.add(head, table[each, likeliest], likeliest == target)
            self._change.add(head, 1.0 - table[each, held], held != target)

    def report(self) -> dict[str, Any]:
        """`confidence` and `change`, each by head."""
        return {"confidence": self._confidence.report(), "change": self._change.report()}


def calibration_error(sums: Any) -> float | None:
    """(bins, 3) frames, summed probability, summed outcome -> mean distance of the two, weighed by frames."""
    return _share(np.abs(sums[:, 1] - sums[:, 2]).sum(), sums[:, 0].sum())


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
