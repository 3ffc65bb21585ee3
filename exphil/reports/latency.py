"""How long a run's policy takes for a decision on this machine: on the CPU, on one thread, one at a time."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from exphil.training.runs import Run

STEPS: Final = 600
WINDOWS: Final = 60
WARMUP: Final = 30
ROWS: Final = 256

FRAME_MS: Final = 1000 / 60
"""A frame of the game."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a decision.

    Attributes:
        steps: with the memory carried on from frame to frame.
        windows: without one, from a whole window.
        processor: what it was timed on.
    """

    steps: list[float]
    windows: list[float]
    processor: str


def time_decisions(
    run: Run, *, steps: int = STEPS, windows: int = WINDOWS, advance: Callable[..., None]
) -> Latency:
    """Time decisions of a policy of the run's shape.

    Neither what it has learnt nor what it sees changes how long it takes: weights and rows are fresh ones.

    Args:
        advance: told of every decision.
    """
    import torch

    from exphil.benchmark.decision_stage import stepping, whole_windows
    from exphil.benchmark.machine import describe
    from exphil.features import feature_set
    from exphil.policy.build import build_policy

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        policy = build_policy(run.config.policy).eval()
        width = feature_set(run.config.policy.feature_set).row_dtype.itemsize
        window = run.config.window_size
        rows = torch.zeros((max(ROWS, window), width), dtype=torch.uint8)
        with torch.inference_mode():
            return Latency(
                _measure(stepping(policy, rows), steps, advance),
                _measure(whole_windows(policy, rows, window), windows, advance),
                str(describe()["processor"]),
            )
    finally:
        torch.set_num_threads(threads)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the others do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def figures(latency: Latency) -> Mapping[str, float]:
    """p50 and p99 of both ways, in milliseconds."""
    return {
        f"{name} p{round(100 * share)} ms": percentile(values, share)
        for name, values in (("step", latency.steps), ("window", latency.windows))
        for share in (0.5, 0.99)
    }


def _measure(
    decisions: Iterator[Callable[[], object]], count: int, advance: Callable[..., None]
) -> list[float]:
    for decide in islice(decisions, WARMUP):
        decide()
    taken = []
    for decide in islice(decisions, count):
        begun = time.perf_counter_ns()
        decide()
        taken.append((time.perf_counter_ns() - begun) / 1e6)
        advance()
    return taken
