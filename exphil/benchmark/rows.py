"""The rows of the table: every backbone's figures over its seeds and rounds, from the results of its jobs."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from exphil.backbones.config import CONFIGS
from exphil.benchmark.results import DIVERGED, FAILED, OK, Result

FRAME_MS: Final = 1000 / 60
RESERVED_MS: Final = 2.0
"""Of a frame's time, for reading the game's state and setting the controller."""

CROWDED: Final = 0.1
"""From this share of other programs on, a timed figure comes with a warning."""

TIMINGS: Final = ("step_p50_ms", "step_p99_ms", "window_p50_ms", "window_p99_ms")
CUDA_TIMINGS: Final = tuple(f"cuda_{name}" for name in TIMINGS)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One backbone in the table. What was not measured is None.

    Attributes:
        rank: from 1, by `nats`; None unless every seed ended well.
        status: `ok`, `diverged` or `failed`, the worst of its jobs.
        reason: of that, with the stage.
        nats: plain validation nats a frame after the last epoch, mean over the seeds that ended.
        nats_spread: sample standard deviation over seeds; None for one.
        nats_by_seed: in the order of `seeds`.
        repeat, marginal: the baselines on the same frames, in nats.
        num_frames: validation frames.
        batches_per_second, frames_per_second: of training, median over the rounds of the speed stage; frames are
            window-frames, whether scored or not.
        waiting: share of the speed stage's time spent waiting for data.
        training_waiting: the same over the training runs.
        step_p50_ms and the like: of one decision at batch 1 on one CPU thread, median over rounds; step from the
            kept memory, window from a whole window. cuda_...: the same on the CUDA device.
        peak_ram_mb, peak_vram_mb: of a training process, the largest.
        state_bytes: memory that a step keeps.
        sixty_fps: whether p99 of a step leaves `RESERVED_MS` of a frame.
        company: the largest share of the machine that other programs took in a timed stage.
    """

    backbone: str
    rank: int | None = None
    status: str = OK
    reason: str | None = None
    nats: float | None = None
    nats_spread: float | None = None
    nats_by_seed: list[float]
    seeds: list[int]
    best_nats: float | None = None
    repeat: float | None = None
    marginal: float | None = None
    num_frames: int | None = None
    steps: int | None = None
    batches_per_second: float | None = None
    frames_per_second: float | None = None
    waiting: float | None = None
    training_waiting: float | None = None
    step_p50_ms: float | None = None
    step_p99_ms: float | None = None
    window_p50_ms: float | None = None
    window_p99_ms: float | None = None
    cuda_step_p50_ms: float | None = None
    cuda_step_p99_ms: float | None = None
    cuda_window_p50_ms: float | None = None
    cuda_window_p99_ms: float | None = None
    peak_ram_mb: float | None = None
    peak_vram_mb: float | None = None
    parameters: int | None = None
    state_bytes: int | None = None
    sixty_fps: bool | None = None
    company: float | None = None
    hidden_size: int
    num_layers: int
    learning_rate: float
    window_size: int
    batch_size: int
    epochs: int
    max_steps: int | None = None
    games: int | None = None
    processor: str | None = None
    cores: int | None = None
    gpu: str | None = None
    threads: int | None = None
    torch: str | None = None
    git: str | None = None
    begun: str | None = None


def rows_of(results: Iterable[Result]) -> list[Row]:
    """A row a backbone: ranked ones first, then those without a rank in the order of the registry."""
    by_backbone: dict[str, list[Result]] = {}
    for result in results:
        by_backbone.setdefault(result.backbone, []).append(result)
    order = list(CONFIGS)
    found = [_row(name, by_backbone[name]) for name in sorted(by_backbone, key=order.index)]
    ranked = sorted(
        (row for row in found if row.status == OK and row.nats is not None), key=lambda row: row.nats or 0.0
    )
    rank = {row.backbone: place for place, row in enumerate(ranked, 1)}
    found.sort(key=lambda row: (rank.get(row.backbone, len(order)), order.index(row.backbone)))
    return [Row(**{**_as_dict(row), "rank": rank.get(row.backbone)}) for row in found]


def _as_dict(row: Row) -> dict[str, Any]:
    return {item.name: getattr(row, item.name) for item in fields(row)}


def _row(name: str, results: Sequence[Result]) -> Row:
    stages: dict[str, list[Result]] = {}
    for result in results:
        stages.setdefault(result.stage, []).append(result)
    trained = [item for item in stages.get("train", []) if item.status == OK]
    speed = _figures(stages.get("speed", []))
    latency = _figures(stages.get("latency", []))
    status, reason = _worst(results)
    nats = [float(item.figures["nats"]) for item in trained]
    last = trained[-1].figures if trained else {}
    step_p99 = _median(latency, "step_p99_ms")
    common: dict[str, Any] = {
        **{key: last.get(key) for key in ("repeat", "marginal", "num_frames", "steps")},
        **{key: _median(latency, key) for key in (*TIMINGS, *CUDA_TIMINGS)},
        **_conditions(results),
    }
    return Row(
        backbone=name,
        status=status,
        reason=reason,
        nats=statistics.fmean(nats) if nats else None,
        nats_spread=statistics.stdev(nats) if len(nats) > 1 else None,
        nats_by_seed=nats,
        seeds=[item.number for item in trained],
        best_nats=min((float(item.figures["best_nats"]) for item in trained), default=None),
        batches_per_second=_median(speed, "batches_per_second"),
        frames_per_second=_median(speed, "frames_per_second"),
        waiting=_largest(speed, "waiting"),
        training_waiting=_largest([item.figures for item in trained], "waiting"),
        peak_ram_mb=_largest([*speed, *_figures(stages.get("train", []))], "peak_ram_mb"),
        peak_vram_mb=_largest([*speed, *_figures(stages.get("train", []))], "peak_vram_mb"),
        parameters=next((item["parameters"] for item in [*latency, last] if "parameters" in item), None),
        state_bytes=next((item["state_bytes"] for item in latency), None),
        sixty_fps=None if step_p99 is None else step_p99 <= FRAME_MS - RESERVED_MS,
        company=_largest([*speed, *latency], "company"),
        **common,
    )


def _figures(results: Sequence[Result]) -> list[Mapping[str, Any]]:
    return [item.figures for item in results if item.status == OK]


def _worst(results: Sequence[Result]) -> tuple[str, str | None]:
    """The status that the row has to tell, and why. Failing to scale to a long window says nothing of the row."""
    for status in (FAILED, DIVERGED):
        for item in results:
            if item.status == status and item.stage != "scaling":
                seed = f", seed {item.number}" if item.stage == "train" else ""
                return status, f"{item.stage}{seed}: {item.reason}"
    return OK, None


def _values(figures: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [float(item[name]) for item in figures if item.get(name) is not None]


def _median(figures: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = _values(figures, name)
    return statistics.median(values) if values else None


def _largest(figures: Sequence[Mapping[str, Any]], name: str) -> float | None:
    return max(_values(figures, name), default=None)


def _conditions(results: Sequence[Result]) -> dict[str, Any]:
    """Options, of the training run where there is one, and the place that the rates are of."""
    one = next((item for item in results if item.stage == "train"), results[0])
    timed = next((item for item in results if item.stage == "speed"), one)
    backbone = one.options["policy"]["backbone"]
    return {
        **{name: backbone[name] for name in ("hidden_size", "num_layers")},
        **{
            name: one.options[name]
            for name in ("learning_rate", "window_size", "batch_size", "epochs", "max_steps")
        },
        "games": one.figures.get("games"),
        **{name: timed.machine.get(name) for name in ("processor", "cores", "gpu", "threads", "torch")},
        **{name: one.made_with.get(name) for name in ("git", "begun")},
    }


def curve_rows(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Loss curves: a row a line of a training run's `metrics.jsonl`."""
    return [
        {"backbone": item.backbone, "seed": item.number, **point}
        for item in results
        if item.stage == "train"
        for point in item.figures.get("curve", ())
    ]


def scaling_rows(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Throughput and memory: a row a backbone and window."""
    names = ("batches_per_second", "frames_per_second", "peak_ram_mb", "peak_vram_mb", "company")
    return [
        {
            "backbone": item.backbone,
            "window_size": item.number,
            "batch_size": item.options["batch_size"],
            "status": item.status,
            "reason": item.reason,
            **{name: item.figures.get(name) for name in names},
        }
        for item in results
        if item.stage == "scaling"
    ]
