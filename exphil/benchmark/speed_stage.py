"""The speed and scaling stages: batches a second of real training, timed from outside.

The run is `exphil train`'s own, ended after a few batches: loader, forward and backward pass, clipping and
update all count; the first batches do not, nor does validation.
"""

import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from exphil.benchmark.jobs import Job
from exphil.benchmark.machine import Company, peak_ram_mb, peak_vram_mb
from exphil.benchmark.progress import Progress
from exphil.store.store import Store
from exphil.training import session
from exphil.training.distributed import ALONE
from exphil.training.metrics import MetricsLog
from exphil.training.selection import select
from exphil.training.setting import make_sampler

WARMUP_BATCHES: Final = 10


@dataclass(frozen=True, slots=True)
class Length:
    """How long is timed: `most` batches, or `seconds` if `least` batches are done by then."""

    least: int
    most: int
    seconds: float


LENGTHS: Final = {"speed": Length(20, 200, 20.0), "scaling": Length(10, 100, 8.0)}


class Enough(BaseException):
    """Ends a run that was only to be timed. No error: whoever catches errors must not catch it."""


class Stopwatch(Progress):
    """A `Reporter` that times batches of the first epoch, and then ends the run.

    Attributes:
        warmup: batches before the timed ones.
        batches: timed batches.
        seconds: that they took.
        epoch_batches: batches of the epoch.
        others: share of the machine that other programs took meanwhile.
    """

    def __init__(self, progress: Progress, length: Length) -> None:
        super().__init__(progress.note)
        self._length = length
        self._last = -1
        self._begun = 0.0
        self.warmup = self.batches = self.epoch_batches = 0
        self.seconds = self.others = 0.0
        self._company = Company()

    def begin(self, done: int, total: int) -> None:
        self.epoch_batches = total
        self.warmup = min(WARMUP_BATCHES, total // 3)
        super().begin(done, min(total, self.warmup + self._length.most))
        self._start()

    def step(self, done: int, text: str) -> None:
        super().step(done, text)
        if done <= self._last:
            return
        self._last = done
        if done == self.warmup:
            self._start()
        elif done > self.warmup:
            self._look(done)

    def _start(self) -> None:
        _settle()
        self._company = Company()
        self._begun = time.perf_counter()

    def _look(self, done: int) -> None:
        batches = done - self.warmup
        taken = time.perf_counter() - self._begun
        enough = taken >= self._length.seconds and batches >= self._length.least
        if enough or batches >= self._length.most or done >= self.epoch_batches:
            _settle()
            self.seconds = time.perf_counter() - self._begun
            self.others = self._company.share()
            self.batches = batches
            raise Enough


def time_training(job: Job, progress: Progress) -> dict[str, Any]:
    """Rates and memory of a run's first batches.

    Raises:
        ExphilError: whatever starting a run, or its first batches, may raise.
    """
    windows = _windows_of_a_batch(job, progress)
    watch = Stopwatch(progress, LENGTHS[job.stage])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as models:
        with contextlib.suppress(Enough):
            session.start(job.config, store=job.store, models=Path(models), name=job.name, reporter=watch)
        lines = MetricsLog(Path(models) / job.name).lines()
    batches = job.config.accumulate * watch.batches / watch.seconds
    waiting = [line["waiting"] for line in lines if line["kind"] == "train" and line["step"] > watch.warmup]
    return {
        "batches_per_second": batches,
        "frames_per_second": batches * windows * job.config.window_size,
        "timed_batches": job.config.accumulate * watch.batches,
        "epoch_batches": job.config.accumulate * watch.epoch_batches,
        "waiting": sum(waiting) / len(waiting) if waiting else None,
        "peak_ram_mb": peak_ram_mb(),
        "peak_vram_mb": peak_vram_mb(),
        "company": watch.others,
    }


def _windows_of_a_batch(job: Job, progress: Progress) -> float:
    """Windows of an epoch over its batches: where an epoch is short, batches hold fewer than asked for."""
    selection = select(Store.open(job.store), job.config, progress.note)
    order = make_sampler(job.config, selection.train, ALONE, training=True).epoch(0)
    return order.num_windows / order.num_batches


def _settle() -> None:
    """Wait for what the device still has to do."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
