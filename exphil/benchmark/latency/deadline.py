"""A policy at the game's pace beside a control that does nothing: the two take turns, in one process."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from exphil.benchmark.latency.pacing import FRAME_NS, Clocks, Pace, Paced, control, joined
from exphil.benchmark.latency.playback import WARMUP_FRAMES, Played, play
from exphil.benchmark.table import markdown, shown
from exphil.play.engine import Engine
from exphil.play.spread import spread

BLOCK_FRAMES: Final = 500
"""Frames of a turn: what disturbs the machine for longer disturbs both."""


def alternating(
    engine: Engine,
    games: Sequence[Sequence[bytes]],
    frames: int,
    clocks: Clocks,
    *,
    block: int = BLOCK_FRAMES,
    frame_ns: float = FRAME_NS,
    warmup: int = WARMUP_FRAMES,
    told: Callable[[int], None] = lambda counted: None,
) -> tuple[Played, Paced]:
    """So many frames of each, block by block.

    Args:
        told: receives the policy's frames so far, after each turn of the control.

    Raises:
        UsageError: there is no frame to answer in the games.
    """
    pace = Pace(clocks, frame_ns)
    turns: list[Paced] = []

    def before(counted: int) -> None:
        if counted < len(turns) * block or len(turns) * block >= frames:
            return
        pace.begin()
        turns.append(control(min(block, frames - len(turns) * block), pace, clocks))
        told(counted)
        pace.begin()

    played = play(engine, games, frames, clocks, pace=pace, warmup=warmup, before=before)
    return played, joined(turns)


def deadline_row(policy: str, neighbour: str, played: Played, idle: Paced) -> dict[str, Any]:
    """What is told of a run: the policy's figures by their names, the control's with `control_` before them.

    Args:
        policy: `jamba, onnx int8`.
        neighbour: `none` or `busy`.
    """
    return {
        "policy": policy,
        "neighbour": neighbour,
        **_figures(played.frames),
        "missed": played.missed,
        **{f"control_{name}": value for name, value in _figures(idle).items()},
    }


def _figures(run: Paced) -> dict[str, Any]:
    own = spread(run.own)
    return {
        "frames": len(run),
        "over_budget": run.over(),
        "over_by_own_work": run.over_by_own_work(),
        **spread(run.ready),
        "woken_p99_ms": spread(run.woken)["p99_ms"],
        "own_p99_ms": own["p99_ms"],
        "own_max_ms": own["max_ms"],
    }


def deadline_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines of a table, a line a run."""
    heads = (
        "policy", "neighbour", "frames of each", "late", "control late", "late by own work", "p50", "p99",
        "p99.9", "worst", "own p99", "own worst", "control p99", "control worst",
    )  # fmt: skip
    counts = ("over_budget", "control_over_budget", "over_by_own_work")
    times = (
        "p50_ms", "p99_ms", "p999_ms", "max_ms", "own_p99_ms", "own_max_ms", "control_p99_ms", "control_max_ms",
    )  # fmt: skip
    cells = [
        [
            row["policy"],
            row["neighbour"],
            shown(row["frames"]),
            *(shown(row[name]) for name in counts),
            *(shown(row[name], 2) for name in times),
        ]
        for row in rows
    ]
    return markdown(heads, cells, right=set(heads[2:]))
