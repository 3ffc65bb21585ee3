"""Which backbone for what, drawn from the table's figures alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exphil.benchmark.results import OK
from exphil.benchmark.rows import FRAME_MS, RESERVED_MS, Row

MEMORYLESS: Final = "mlp"
"""Sees one frame: what the others gain over it is what a memory is worth."""

GAIN: Final = 0.5
"""The share of the best memory's gain that makes a backbone worth its other merits."""

Figure = Callable[[Row], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A leaf: under which branch, what is asked, who it is and by which figures."""

    branch: str
    question: str
    backbone: str
    figures: str


PLAYS: Final = "yes, it plays"
OFFLINE: Final = "no, for research or replays"
ASKED: Final = (
    f"Must it answer 60 times a second on one CPU thread (p99 within {FRAME_MS - RESERVED_MS:.1f} ms)?"
)


def decision_tree(rows: Sequence[Row], scaling: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Lines of the tree; a question that the figures do not answer is left out."""
    found = answers(rows, scaling)
    if not found:
        return ["Nothing has been trained yet."]
    branches = list(dict.fromkeys(answer.branch for answer in found))
    lines = [ASKED]
    for branch in branches:
        last = branch == branches[-1]
        lines.append(f"{'└─' if last else '├─'} {branch}")
        leaves = [answer for answer in found if answer.branch == branch]
        for leaf in leaves:
            corner = "└─" if leaf is leaves[-1] else "├─"
            lines.append(f"{' ' if last else '│'}  {corner} {leaf.question} {leaf.backbone} ({leaf.figures})")
    return lines


def answers(rows: Sequence[Row], scaling: Sequence[Mapping[str, Any]] = ()) -> list[Answer]:
    """The leaves of the tree, branch by branch."""
    usable = [row for row in rows if row.status == OK and row.nats is not None]
    live = [row for row in usable if row.sixty_fps]
    windowed = [row for row in usable if _in_time(row.window_p99_ms)]
    worth = "and at least half of what memory gains over mlp?"
    asked: list[tuple[str, str, Row | None, tuple[Figure, ...]]] = [
        (PLAYS, "lowest loss in time?", _best(live, _quickness), (_nats, _step)),
        (PLAYS, f"most time to spare, {worth}", _most(_worth(live, usable), _quickness), (_step, _nats)),
        (PLAYS, "most time to spare of all?", _most(live, _quickness), (_step, _nats)),
        (
            PLAYS,
            "no memory kept, a whole window a frame?",
            _best(windowed, _window_quickness),
            (_nats, _window),
        ),
        (OFFLINE, "lowest loss?", _best(usable, _rate), (_nats, _training)),
        (OFFLINE, f"quick to train, {worth}", _most(_worth(usable, usable), _rate), (_training, _nats)),
        (OFFLINE, "quickest to train of all?", _most(usable, _rate), (_training, _nats)),
    ]
    found = [
        Answer(branch, question, row.backbone, ", ".join(text for figure in figures if (text := figure(row))))
        for branch, question, row, figures in asked
        if row is not None
    ]
    return [*found, *_long(usable, scaling)]


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


def _worth(rows: Sequence[Row], usable: Sequence[Row]) -> list[Row]:
    """Those of `rows` that keep the share `GAIN` of the best one's gain; none where no memory gains anything."""
    plain = next((row.nats for row in usable if row.backbone == MEMORYLESS), None)
    lowest = min((row.nats for row in usable if row.nats is not None), default=None)
    if plain is None or lowest is None or lowest >= plain:
        return []
    return [row for row in rows if row.nats is not None and row.nats <= plain - GAIN * (plain - lowest)]


def _most(rows: Sequence[Row], merit: Callable[[Row], float]) -> Row | None:
    """The one with most merit; where merit was not measured, the one with the lowest loss."""
    return max(rows, key=lambda row: (merit(row), -(row.nats or 0.0)), default=None)


def _rate(row: Row) -> float:
    return row.frames_per_second or 0.0


def _quickness(row: Row) -> float:
    return -row.step_p99_ms if row.step_p99_ms is not None else float("-inf")


def _window_quickness(row: Row) -> float:
    return -row.window_p99_ms if row.window_p99_ms is not None else float("-inf")


def _nats(row: Row) -> str:
    return f"{row.nats:.3f} nats"


def _step(row: Row) -> str:
    return f"step p99 {row.step_p99_ms:.2f} ms" if row.step_p99_ms is not None else ""


def _window(row: Row) -> str:
    return f"window p99 {row.window_p99_ms:.2f} ms" if row.window_p99_ms is not None else ""


def _training(row: Row) -> str:
    return f"{row.frames_per_second:,.0f} frames/s" if row.frames_per_second is not None else ""


def _long(usable: Sequence[Row], scaling: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The backbone with a memory that trains fastest on the longest windows."""
    kept = {row.backbone for row in usable if row.state_bytes}
    rated = [row for row in scaling if row["backbone"] in kept and row["frames_per_second"] is not None]
    longest = max((row["window_size"] for row in rated), default=None)
    best = max(
        (row for row in rated if row["window_size"] == longest),
        key=lambda row: row["frames_per_second"],
        default=None,
    )
    if best is None:
        return []
    figures = f"{best['frames_per_second']:,.0f} frames/s"
    return [Answer(OFFLINE, f"windows of {longest} frames, with a memory?", best["backbone"], figures)]
