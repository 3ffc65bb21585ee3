"""The measurement of one backbone on one runtime: the whole path of many frames, and the bound beside it.

The policy is freshly made: how long a frame takes does not depend on what was learnt.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy.typing as npt
import torch

from exphil.benchmark.latency.bandwidth import weights_bound
from exphil.benchmark.latency.engines import built_engine
from exphil.benchmark.latency.games import packets
from exphil.benchmark.latency.jobs import LatencyJob
from exphil.benchmark.latency.pacing import FRAME_NS, Clocks
from exphil.benchmark.latency.playback import WARMUP_FRAMES, play
from exphil.benchmark.machine import Company
from exphil.benchmark.progress import Progress
from exphil.play.spread import spread
from exphil.policy.build import build_policy

SAMPLED: Final = 2000
"""Calls of the heads alone that are timed."""


def measure_latency(job: LatencyJob, progress: Progress) -> dict[str, Any]:
    """Figures of a `LatencyRow`.

    Raises:
        ExphilError: games that cannot be read, a policy that cannot be exported.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    policy = build_policy(job.config.policy).eval()
    games = packets(job.replays)
    progress.note(f"making the policy ready for {job.runtime}")
    built = built_engine(policy, job.runtime, job.precision)
    progress.begin(0, job.frames)
    company = Company()
    played = play(
        built.engine,
        games,
        job.frames,
        Clocks(),
        warmup=min(WARMUP_FRAMES, job.frames),
        before=lambda counted: progress.step(counted, "frames"),
    )
    others = company.share()
    parts: dict[str, npt.ArrayLike] = {
        **played.parts,
        **_sampling(built.sample, min(SAMPLED, job.frames), Clocks()),
    }
    own = spread(played.frames.own)
    bound = weights_bound(built.weights_bytes)
    return {
        **spread(played.frames.ready),
        "frames": len(played.frames),
        "own_p50_ms": own["p50_ms"],
        "own_p99_ms": own["p99_ms"],
        "over_budget": played.frames.over(FRAME_NS),
        **{
            f"{part}_{name}": spread(times)[name]
            for part, times in parts.items()
            for name in ("p50_ms", "p99_ms")
        },
        "weights_ms": bound.weights_ms,
        "cached_ms": bound.cached_ms,
        "memory_gb_s": bound.memory_gb_s,
        "weights_bytes": built.weights_bytes,
        "parameters": sum(parameter.numel() for parameter in policy.parameters()),
        "state_bytes": sum(array.nbytes for array in built.engine.initial_state(1)),
        "games": len(job.replays),
        "company": others,
        "onnxruntime": built.version,
    }


def _sampling(sample: Callable[[], object] | None, calls: int, clocks: Clocks) -> dict[str, list[int]]:
    """Nanoseconds of each call of the heads alone; nothing where they cannot be had alone."""
    if sample is None:
        return {}
    taken = []
    for _ in range(calls):
        begun = clocks.now()
        sample()
        taken.append(clocks.now() - begun)
    return {"sampling": taken}
