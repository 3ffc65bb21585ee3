"""Plots of a training run, from the lines of its `metrics.jsonl`: the report and Dagster's metadata draw the same."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exphil.reports.plot import Bars, Lines

Line = Mapping[str, Any]

MOST_POINTS: Final = 200
"""Points of a curve; each stands for as many neighbours as it takes."""

OUTSIDE: Final = 1.5
"""First losses beyond this many times the guess of repeating are left out: they would flatten all else."""


def training_curve(lines: Sequence[Line], most: int = MOST_POINTS) -> Lines | None:
    """Nats a frame, in training and in validation, beside the guess that inputs repeat."""
    checks = _of(lines, "validation")
    steps = _of(lines, "train")
    levels = {"repeat": float(checks[-1]["repeat"])} if checks else {}
    highest = OUTSIDE * max([*levels.values(), *(line["nats"] for line in checks)], default=float("inf"))
    drawn = {
        "training": thinned([point for point in _points(steps, "nats") if point[1] <= highest], most),
        "validation": _points(checks, "nats"),
    }
    found = {name: points for name, points in drawn.items() if points}
    title = "Nats a frame over the run; lower is better. Repeat guesses that inputs stay as people's do."
    return Lines(title, "step", "nats a frame", found, levels, ("validation",)) if found else None


def learning_rate(lines: Sequence[Line], most: int = MOST_POINTS) -> Lines | None:
    """The learning rate over the run."""
    return _single(lines, "learning_rate", "learning rate", "Learning rate.", most)


def gradients(lines: Sequence[Line], most: int = MOST_POINTS) -> Lines | None:
    """The gradient's norm over the run."""
    return _single(lines, "grad_norm", "norm of the gradient", "Norm of the gradient before clipping.", most)


def rate(lines: Sequence[Line], most: int = MOST_POINTS) -> Lines | None:
    """How fast the run went."""
    title = "Window-frames a second; dips are other programs, checkpoints, or waiting for data."
    return _single(lines, "frames_per_second", "frames a second", title, most)


def heads(lines: Sequence[Line]) -> Bars | None:
    """Nats of each head at the best validation."""
    best = best_check(lines)
    if best is None:
        return None
    title = f"Nats a frame by head, at the best validation (step {best['step']:,})."
    return Bars(title, "nats a frame", list(best["by_head"].items()))


def best_check(lines: Sequence[Line]) -> Line | None:
    """The validation whose weights are kept; None before the first."""
    return min(_of(lines, "validation"), key=lambda line: line["nats"], default=None)


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most `most` points: means of neighbours, each at the last one's place."""
    size = -(-len(points) // most) or 1
    groups = [points[begin : begin + size] for begin in range(0, len(points), size)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def _single(lines: Sequence[Line], field: str, y_title: str, title: str, most: int) -> Lines | None:
    points = thinned(_points(_of(lines, "train"), field), most)
    return Lines(title, "step", y_title, {y_title: points}) if points else None


def _of(lines: Sequence[Line], kind: str) -> list[Line]:
    return [line for line in lines if line.get("kind") == kind]


def _points(lines: Sequence[Line], field: str) -> list[tuple[float, float]]:
    return [(line["step"], line[field]) for line in lines if line.get(field) is not None]
