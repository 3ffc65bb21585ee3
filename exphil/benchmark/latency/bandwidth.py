"""How fast this machine reads memory on one thread, and so the least that reading a policy's weights once takes.

A step at batch 1 multiplies each weight once: it can be no faster than the weights arrive. From main memory that
is the bound of a step whose weights were pushed out of the caches since the frame before; where the caches hold
them, they come faster, and the second figure is the bound.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

FROM_MEMORY_BYTES: Final = 256 * 2**20
"""More than the caches of any laptop hold."""

SECONDS: Final = 0.3
"""For which reading is repeated; the fastest counts."""

LEAST_READS: Final = 3

Clock = Callable[[], int]
"""Nanoseconds."""


@dataclass(frozen=True, slots=True)
class WeightsBound:
    """The least time that reading some bytes once takes.

    Attributes:
        weights_ms: from main memory.
        cached_ms: read again and again, from wherever the caches then keep them.
        memory_gb_s: rate of the first, 1e9 bytes a second.
    """

    weights_ms: float
    cached_ms: float
    memory_gb_s: float


def weights_bound(
    num_bytes: int,
    *,
    memory_bytes: int = FROM_MEMORY_BYTES,
    seconds: float = SECONDS,
    clock: Clock = time.perf_counter_ns,
) -> WeightsBound:
    """Of `num_bytes` of weights on this machine, measured now."""
    memory = read_rate(memory_bytes, seconds=seconds, clock=clock)
    cached = read_rate(num_bytes, seconds=seconds, clock=clock)
    return WeightsBound(num_bytes / memory * 1e3, num_bytes / cached * 1e3, memory / 1e9)


def read_rate(num_bytes: int, *, seconds: float = SECONDS, clock: Clock = time.perf_counter_ns) -> float:
    """Bytes a second at which a buffer of that size is read, start to end, by one thread."""
    numbers = np.ones(max(1, num_bytes // 4), np.float32)
    best: float = float("inf")
    begun = clock()
    reads = 0
    while reads < LEAST_READS or clock() - begun < seconds * 1e9:
        before = clock()
        np.dot(numbers, numbers)  # one load and one multiplication a number: as little work as a step has
        best = min(best, max(1, clock() - before))
        reads += 1
    return numbers.nbytes / best * 1e9
