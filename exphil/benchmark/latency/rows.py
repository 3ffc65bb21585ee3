"""The rows of the latency table: a backbone on a runtime, from the results of its jobs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from exphil.backbones.config import CONFIGS
from exphil.benchmark.latency.jobs import RUNTIMES, LatencyJob
from exphil.benchmark.results import OK, Result

PARTS: Final = ("reading", "features", "step", "sampling", "pipe")
"""Of a frame's path, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """One backbone on one runtime. Times are milliseconds of one frame; what was not measured is None.

    Attributes:
        runtime: `torch` or `onnx`.
        precision: `fp32` or `int8`.
        status: `ok` or `failed`.
        reason: of that.
        p50_ms, p95_ms, p99_ms, p999_ms, max_ms: of the whole path, from the bytes of a frame's events to the
            bytes that the controller's pipe was given.
        frames: so many were measured.
        own_p50_ms, own_p99_ms: of the processor's own time that a frame took; the rest of the whole is waiting for it.
        over_budget: of these, so many took longer than a frame lasts.
        weights_ms: the least that reading the weights once from main memory takes here.
        cached_ms: the same from where the caches keep bytes that are read again and again.
        weights_bytes: of the policy as it runs.
        memory_gb_s: at which main memory is read by one thread.
        reading_p50_ms, ... pipe_p99_ms: of the path's parts.
        state_bytes: memory that a step keeps.
        company: share of the machine that other programs took meanwhile.
    """

    backbone: str
    runtime: str
    precision: str
    status: str = OK
    reason: str | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    max_ms: float | None = None
    frames: int | None = None
    own_p50_ms: float | None = None
    own_p99_ms: float | None = None
    over_budget: int | None = None
    weights_ms: float | None = None
    cached_ms: float | None = None
    weights_bytes: int | None = None
    memory_gb_s: float | None = None
    reading_p50_ms: float | None = None
    reading_p99_ms: float | None = None
    features_p50_ms: float | None = None
    features_p99_ms: float | None = None
    step_p50_ms: float | None = None
    step_p99_ms: float | None = None
    sampling_p50_ms: float | None = None
    sampling_p99_ms: float | None = None
    pipe_p50_ms: float | None = None
    pipe_p99_ms: float | None = None
    parameters: int | None = None
    state_bytes: int | None = None
    company: float | None = None
    hidden_size: int
    num_layers: int
    games: int | None = None
    processor: str | None = None
    cores: int | None = None
    torch: str | None = None
    onnxruntime: str | None = None
    git: str | None = None
    begun: str | None = None


def latency_rows(results: Iterable[tuple[LatencyJob, Result]]) -> list[LatencyRow]:
    """In the order of the registry, then of `RUNTIMES`."""
    backbones = list(CONFIGS)
    found = [_row(job, result) for job, result in results]
    return sorted(
        found,
        key=lambda row: (backbones.index(row.backbone), RUNTIMES.index((row.runtime, row.precision))),
    )


def _row(job: LatencyJob, result: Result) -> LatencyRow:
    known = {item.name for item in fields(LatencyRow)}
    figures = {name: value for name, value in result.figures.items() if name in known}
    backbone = job.config.policy.backbone
    given: dict[str, Any] = {
        **figures,
        "backbone": job.backbone,
        "runtime": job.runtime,
        "precision": job.precision,
        "status": result.status,
        "reason": result.reason,
        "hidden_size": backbone.hidden_size,
        "num_layers": backbone.num_layers,
        **{name: result.machine.get(name) for name in ("processor", "cores", "torch")},
        **{name: result.made_with.get(name) for name in ("git", "begun")},
    }
    return LatencyRow(**given)


def best(rows: Sequence[LatencyRow], backbone: str) -> LatencyRow | None:
    """The runtime of a backbone with the lowest p99."""
    own = [row for row in rows if row.backbone == backbone and row.p99_ms is not None]
    return min(own, key=lambda row: row.p99_ms or 0.0, default=None)
