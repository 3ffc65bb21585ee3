"""A policy at the game's pace beside a control that does nothing: the two take turns, in one process."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from exphil.benchmark.latency_pacing import FRAME_NS, Clocks, Pace, Paced, control, joined
from exphil.benchmark.latency_playback import WARMUP_FRAMES, Played, play
from exphil.benchmark.latency_spread import spread
from exphil.play.engine import Engine

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


def deadline_row(who: str, neighbour: str, run: Paced) -> dict[str, Any]:
    """What is told of one run."""
    return {
        "who": who,
        "neighbour": neighbour,
        "frames": len(run),
        "over_budget": run.over(),
        "over_by_own_work": run.over_by_own_work(),
        **spread(run.ready),
        "woken_p99_ms": spread(run.woken)["p99_ms"],
        "own_p99_ms": spread(run.own)["p99_ms"],
        "own_max_ms": spread(run.own)["max_ms"],
    }
