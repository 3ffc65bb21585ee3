"""The latency stage: one decision at a time, from a frame's row to an input, on one thread.

The policy is freshly made: how long a decision takes does not depend on what was learnt. The rows are those of a
game of the store, one after the other.
"""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import numpy as np
import torch

from exphil.benchmark.jobs import Job
from exphil.benchmark.machine import Company
from exphil.benchmark.progress import Progress
from exphil.policy.build import build_policy
from exphil.policy.policy import Policy
from exphil.policy.queue import push
from exphil.store.store import Store
from exphil.training.selection import select

STEPS: Final = 2000
WINDOWS: Final = 200
WARMUP_SHARE: Final = 0.1

Decide = Callable[[], object]


def time_decisions(job: Job, progress: Progress) -> dict[str, Any]:
    """p50 and p99 of a cached step and of a whole window at batch 1, in milliseconds, on the CPU and on CUDA if any.

    Raises:
        ExphilError: a store without packs, an empty selection.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = job.config
    selection = select(Store.open(job.store), config, progress.note)
    rows = _rows(selection.packs.parts, selection.train, config.window_size)
    policy = build_policy(config.policy).eval()
    company = Company()
    found: dict[str, Any] = {
        **_timed(policy, rows, config.window_size, "", progress),
        "company": company.share(),
        "parameters": sum(parameter.numel() for parameter in policy.parameters()),
        "state_bytes": sum(
            tensor.numel() * tensor.element_size() for mixer in policy.initial_state(1) for tensor in mixer
        ),
        "threads": torch.get_num_threads(),
    }
    if torch.cuda.is_available():
        found |= _timed(policy.cuda(), rows, config.window_size, "cuda_", progress)
    return found


def _timed(
    policy: Policy, rows: torch.Tensor, window: int, prefix: str, progress: Progress
) -> dict[str, Any]:
    with torch.inference_mode():
        steps = _measure(stepping(policy, rows), STEPS, f"{prefix}steps", progress)
        windows = _measure(whole_windows(policy, rows, window), WINDOWS, f"{prefix}windows", progress)
    return {
        f"{prefix}step_p50_ms": float(np.percentile(steps, 50)),
        f"{prefix}step_p99_ms": float(np.percentile(steps, 99)),
        f"{prefix}steps": len(steps),
        f"{prefix}window_p50_ms": float(np.percentile(windows, 50)),
        f"{prefix}window_p99_ms": float(np.percentile(windows, 99)),
        f"{prefix}windows": len(windows),
    }


def stepping(policy: Policy, rows: torch.Tensor) -> Iterator[Decide]:
    """Decisions frame by frame, the memory carried on: a row on the CPU to an input on the CPU."""
    device = next(policy.parameters()).device
    viewpoint = torch.zeros(1, dtype=torch.int64, device=device)
    state = policy.initial_state(1)
    queue = policy.initial_queue(1) if policy.config.delay else None

    def decide(row: torch.Tensor) -> torch.Tensor:
        nonlocal state, queue
        hidden, state = policy.step(row.to(device), viewpoint, queue, state)
        action = policy.sample(hidden)
        if queue is not None:
            _, queue = push(queue, action)
        return action.cpu()

    while True:
        for index in range(len(rows)):
            yield lambda row=rows[index : index + 1]: decide(row)  # type: ignore[misc]


def whole_windows(policy: Policy, rows: torch.Tensor, window: int) -> Iterator[Decide]:
    """The same decisions without a memory: each from the last `window` frames."""
    device = next(policy.parameters()).device
    viewpoint = torch.zeros(1, dtype=torch.int64, device=device)
    queue = policy.initial_queue(1) if policy.config.delay else None

    def decide(seen: torch.Tensor) -> torch.Tensor:
        hidden = policy(seen.to(device), viewpoint, queue)
        return policy.sample(hidden[:, -1]).cpu()

    while True:
        for index in range(len(rows) - window + 1):
            yield lambda seen=rows[None, index : index + window]: decide(seen)  # type: ignore[misc]


def _measure(decisions: Iterator[Decide], count: int, what: str, progress: Progress) -> list[float]:
    """Milliseconds of each of `count` decisions, after a tenth as many that are not counted."""
    for decide in islice(decisions, round(count * WARMUP_SHARE)):
        decide()
    progress.begin(0, count)
    taken = []
    for number, decide in enumerate(islice(decisions, count), 1):
        begun = time.perf_counter_ns()
        decide()
        taken.append((time.perf_counter_ns() - begun) / 1e6)
        progress.step(number, what)
    return taken


def _rows(parts: Any, segments: Any, window: int) -> torch.Tensor:
    """Rows of the longest stretch of play: (frames, row_bytes) uint8; repeated where it is shorter than a window."""
    longest = int(np.argmax(segments.stop - segments.first))
    first, stop = int(segments.first[longest]), int(segments.stop[longest])
    rows = np.array(parts[int(segments.part[longest])][first : min(stop, first + STEPS + window)])
    return torch.from_numpy(np.concatenate([rows] * (1 + window // len(rows))))
