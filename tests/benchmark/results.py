"""Results as jobs leave them, without running any."""

from functools import cache
from typing import Any

from exphil.benchmark.contest import Contest
from exphil.benchmark.results import OK, Result

MACHINE = {
    "processor": "a processor",
    "cores": 2,
    "gpu": None,
    "threads": 2,
    "torch": "2.13.0",
}


@cache
def _options(backbone: str) -> dict[str, Any]:
    return Contest().config(backbone).to_dict()


def made(
    stage: str, backbone: str, number: int = 0, *, status: str = OK, reason: str | None = None, **figures: Any
) -> Result:
    """A result with the options of the backbone's own preset."""
    return Result(
        stage,
        backbone,
        number,
        status,
        reason=reason,
        figures=figures,
        options=_options(backbone),
        made_with={"git": "abc", "begun": "2026-01-01T00:00:00+00:00"},
        machine=MACHINE,
        seconds=10.0,
    )


def trained(backbone: str, nats: float, seed: int = 0, **figures: Any) -> Result:
    """The end of a training run."""
    return made(
        "train",
        backbone,
        seed,
        **{
            "nats": nats,
            "best_nats": nats,
            "repeat": 1.6,
            "marginal": 5.4,
            "num_frames": 1000,
            "steps": 30,
            "waiting": 0.01,
            "games": 50,
            "peak_ram_mb": 500.0,
            "curve": [
                {"kind": "train", "step": 10, "epoch": 1, "nats": nats + 1},
                {"kind": "validation", "step": 30, "epoch": 1, "nats": nats},
            ],
            **figures,
        },
    )


def timed(backbone: str, rate: float, round_number: int = 0, **figures: Any) -> Result:
    """A round of the speed stage."""
    return made(
        "speed",
        backbone,
        round_number,
        **{
            "batches_per_second": rate,
            "frames_per_second": 3840 * rate,
            "epoch_batches": 100,
            "waiting": 0.02,
            "peak_ram_mb": 700.0,
            "peak_vram_mb": None,
            "company": 0.0,
            **figures,
        },
    )


def answered(backbone: str, p99: float, round_number: int = 0, **figures: Any) -> Result:
    """A round of the latency stage."""
    return made(
        "latency",
        backbone,
        round_number,
        **{
            "step_p50_ms": p99 / 2,
            "step_p99_ms": p99,
            "window_p50_ms": p99 * 5,
            "window_p99_ms": p99 * 10,
            "parameters": 1000,
            "state_bytes": 0 if backbone == "mlp" else 64,
            "company": 0.0,
            **figures,
        },
    )


def scaled(backbone: str, window: int, rate: float) -> Result:
    """A window of the scaling stage."""
    return made(
        "scaling",
        backbone,
        window,
        batches_per_second=1.0,
        frames_per_second=rate,
        peak_ram_mb=600.0,
        company=0.0,
    )


def a_comparison() -> list[Result]:
    """Three backbones that ended, one that diverged, one that failed."""
    return [
        *(trained("mlp", nats, seed) for seed, nats in enumerate((1.30, 1.32))),
        *(trained("gru", nats, seed) for seed, nats in enumerate((1.10, 1.14))),
        *(trained("mamba", nats, seed) for seed, nats in enumerate((1.15, 1.17))),
        made(
            "train", "jamba", 0, status="diverged", reason="the loss is no finite number at step 7", curve=[]
        ),
        made("train", "lstm", 0, status="failed", reason="its process was ended by SIGKILL"),
        *(timed(name, rate) for name, rate in (("mlp", 20.0), ("gru", 4.0), ("mamba", 2.0), ("jamba", 0.5))),
        *(answered(name, p99) for name, p99 in (("mlp", 0.5), ("gru", 1.0), ("mamba", 2.0), ("jamba", 20.0))),
        *(scaled("gru", window, rate) for window, rate in ((30, 9000.0), (480, 4500.0))),
        *(scaled("mamba", window, rate) for window, rate in ((30, 8000.0), (480, 7600.0))),
        *(scaled("mlp", window, 80000.0) for window in (30, 480)),
    ]
