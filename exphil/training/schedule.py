"""Learning rate over a run: up in a line, then down along a curve that ends with the run's last step."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from exphil.loading.sampler import Sampler
from exphil.training.config import TrainConfig

ScheduleName = Literal["cosine", "constant", "linear", "cosine_restarts"]

WARMUP_SHARE: Final = 10
"""The warm-up takes at most one part in this many of the run, so that a short run still learns."""


def warmup_of(asked: int, total_steps: int) -> int:
    """Steps of warm-up in a run of `total_steps`."""
    return min(asked, total_steps // WARMUP_SHARE)


@dataclass(frozen=True)
class Schedule:
    """The learning rate of each step, as a share of the highest.

    Attributes:
        name: the curve after the warm-up.
        total_steps: of the whole run; every curve is stretched to end with the last of them.
        warmup_steps: steps of the rising line.
        restart_steps: of the first period of `cosine_restarts`, about: as many whole periods are taken as come
            nearest to the run, then all are stretched alike until they fill it.
        restart_factor: each period is this many times the one before.
    """

    name: ScheduleName
    total_steps: int
    warmup_steps: int
    restart_steps: int = 1000
    restart_factor: int = 2

    @property
    def num_periods(self) -> int:
        """Periods of `cosine_restarts`: as many as come nearest to the run, as a ratio."""
        return len(self._period_ends)

    def share(self, step: int) -> float:
        """Of step `step`, from 0 to `total_steps` - 1. Never zero: every step teaches something."""
        if step < self.warmup_steps:
            return (step + 1) / (self.warmup_steps + 1)
        done, span = step - self.warmup_steps, max(1, self.total_steps - self.warmup_steps)
        if self.name == "constant":
            return 1.0
        if self.name == "linear":
            return 1.0 - done / span
        if self.name == "cosine_restarts":
            done, span = self._within_period(done, span)
        return 0.5 * (1.0 + math.cos(math.pi * done / span))

    @cached_property
    def _period_ends(self) -> tuple[int, ...]:
        """Where the periods end, the first being 1 long."""
        span = self.total_steps - self.warmup_steps
        ends = [1]
        while (following := 1 + self.restart_factor * ends[-1]) * ends[-1] * self.restart_steps**2 < span**2:
            ends.append(following)
        return tuple(ends)

    def _within_period(self, done: int, span: int) -> tuple[int, int]:
        """Steps done of the period at hand, and its length, in parts of a step that make both whole numbers."""
        ends = self._period_ends
        place = done * ends[-1]
        period = bisect_right(ends, place // span)
        start = ends[period - 1] if period else 0
        return place - start * span, (ends[period] - start) * span


def schedule_of(config: TrainConfig, sampler: Sampler) -> Schedule:
    """That of a run: it ends with the last step that the run really takes."""
    batches = (sampler.num_batches(epoch) for epoch in range(config.epochs))
    total = sum(-(-number // config.accumulate) for number in batches)
    if config.max_steps is not None:
        total = min(total, config.max_steps)
    warmup = warmup_of(config.warmup_steps, total)
    return Schedule(config.schedule, total, warmup, config.restart_steps, config.restart_factor)
