"""Which backbone for what, drawn from the table's figures alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from exphil.benchmark.results import OK
from exphil.benchmark.rows import FRAME_MS, RESERVED_MS, Row

CLOSE: Final = 0.10
"""Nats from the best within which a backbone is still worth its other merits."""


def decision_tree(rows: Sequence[Row], scaling: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Lines of the tree; a question that the figures do not answer is left out."""
    usable = [row for row in rows if row.status == OK and row.nats is not None]
    if not usable:
        return ["Nothing has been trained yet."]
    live = [row for row in usable if row.sixty_fps]
    windowed = [row for row in usable if _in_time(row.window_p99_ms)]
    offline = [
        ("lowest loss?", _said(_best(usable, _rate), _nats, _training)),
        (
            f"quick to train, within {CLOSE:g} nats of the best?",
            _said(_most(_close(usable), _rate), _training, _nats),
        ),
        ("long windows?", _long(usable, scaling)),
    ]
    playing = [
        ("lowest loss in time?", _said(_best(live, _quickness), _nats, _step)),
        (
            f"most time to spare, within {CLOSE:g} nats of the best?",
            _said(_most(_close(live), _quickness), _step, _nats),
        ),
        ("most time to spare of all?", _said(_most(live, _quickness), _step, _nats)),
        (
            "no memory kept, a whole window a frame?",
            _said(_best(windowed, _window_quickness), _nats, _window) or "none is in time",
        ),
    ]
    if all(row.step_p99_ms is None for row in usable):
        return _branch("──", "  ", "for research or replays", offline)
    limit = FRAME_MS - RESERVED_MS
    return [
        f"Must it answer 60 times a second on one CPU thread (p99 within {limit:.1f} ms)?",
        *_branch("├─", "│ ", "yes, it plays", playing),
        *_branch("└─", "  ", "no, for research or replays", offline),
    ]


def _branch(joint: str, stem: str, title: str, leaves: list[tuple[str, str]]) -> list[str]:
    told = [(question, answer) for question, answer in leaves if answer]
    lines = [f"{joint} {title}"]
    for place, (question, answer) in enumerate(told):
        corner = "└─" if place == len(told) - 1 else "├─"
        lines.append(f"{stem} {corner} {question} {answer}")
    return lines


def _in_time(milliseconds: float | None) -> bool:
    return milliseconds is not None and milliseconds <= FRAME_MS - RESERVED_MS


def _best(rows: Sequence[Row], merit: Callable[[Row], float]) -> Row | None:
    """The lowest loss; of those that the spread over seeds does not tell from it, the one with most merit."""
    lowest = min(rows, key=lambda row: row.nats or 0.0, default=None)
    return None if lowest is None else _most([row for row in rows if is_tie(row, lowest)], merit)


def is_tie(row: Row, other: Row) -> bool:
    """Whether two losses differ by no more than one of them does from seed to seed."""
    spread = max(row.nats_spread or 0.0, other.nats_spread or 0.0)
    return abs((row.nats or 0.0) - (other.nats or 0.0)) <= spread


def _close(rows: Sequence[Row]) -> list[Row]:
    lowest = min((row.nats or 0.0 for row in rows), default=0.0)
    return [row for row in rows if (row.nats or 0.0) <= lowest + CLOSE]


def _most(rows: Sequence[Row], merit: Callable[[Row], float]) -> Row | None:
    """The one with most merit; where merit was not measured, the one with the lowest loss."""
    return max(rows, key=lambda row: (merit(row), -(row.nats or 0.0)), default=None)


def _rate(row: Row) -> float:
    return row.frames_per_second or 0.0


def _quickness(row: Row) -> float:
    return -row.step_p99_ms if row.step_p99_ms is not None else float("-inf")


def _window_quickness(row: Row) -> float:
    return -row.window_p99_ms if row.window_p99_ms is not None else float("-inf")


def _said(row: Row | None, *figures: Callable[[Row], str]) -> str:
    if row is None:
        return ""
    told = ", ".join(text for figure in figures if (text := figure(row)))
    return f"{row.backbone} ({told})"


def _nats(row: Row) -> str:
    return f"{row.nats:.3f} nats"


def _step(row: Row) -> str:
    return f"step p99 {row.step_p99_ms:.2f} ms" if row.step_p99_ms is not None else ""


def _window(row: Row) -> str:
    return f"window p99 {row.window_p99_ms:.2f} ms" if row.window_p99_ms is not None else ""


def _training(row: Row) -> str:
    return f"{row.frames_per_second:,.0f} frames/s" if row.frames_per_second is not None else ""


def _long(usable: Sequence[Row], scaling: Sequence[Mapping[str, Any]]) -> str:
    """The backbone with a memory whose training slows down least from the shortest window to the longest."""
    kept = {row.backbone for row in usable if row.state_bytes}
    rates: dict[str, dict[int, float]] = {}
    for row in scaling:
        if row["backbone"] in kept and row["frames_per_second"] is not None:
            rates.setdefault(row["backbone"], {})[row["window_size"]] = row["frames_per_second"]
    windows = {window for found in rates.values() for window in found}
    if len(windows) < 2:
        return ""
    short, long = min(windows), max(windows)
    shares = {
        name: found[long] / found[short] for name, found in rates.items() if {short, long} <= set(found)
    }
    if not shares:
        return ""
    name = max(shares, key=lambda item: shares[item])
    return f"{name} ({shares[name]:.0%} of its rate at {short} frames left at {long})"
