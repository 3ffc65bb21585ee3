"""Run what is left of a comparison, one job after the other."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from exphil.benchmark.estimate import Estimate, for_people
from exphil.benchmark.jobs import Job
from exphil.benchmark.latency.jobs import STAGE as LATENCY
from exphil.benchmark.process import run_job
from exphil.benchmark.results import DIVERGED, FAILED, Result, read_result
from exphil.benchmark.rows import CROWDED
from exphil.errors import StoreError
from exphil.training.interrupt import StoppedError

LOCK: Final = ".lock"
SHOWN_SECONDS: Final = 15.0
"""Between two lines about a running job."""

Say = Callable[[str], None]
Kept = tuple[Job, Result]


def finished(jobs: Sequence[Job], folder: Path) -> list[Kept]:
    """The jobs that have a result, failed ones among them."""
    found = ((job, read_result(folder, job)) for job in jobs)
    return [(job, result) for job, result in found if result is not None]


def run_jobs(jobs: Sequence[Job], folder: Path, say: Say, changed: Callable[[], None]) -> None:
    """Run the jobs that have no result yet, and again those that failed.

    Args:
        folder: of the comparison; made if need be.
        say: receives a line about what happens.
        changed: called after the last job of each stage: the moment to write tables.

    Raises:
        StoreError: another call is at work in the folder, or it cannot be written.
        StoppedError: Ctrl-C; the same call goes on from there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=1):
            _run(jobs, folder, say, changed)
    except Timeout:
        raise StoreError(
            f"another benchmark is at work in {folder}; wait for it, or give another --out"
        ) from None


def _run(jobs: Sequence[Job], folder: Path, say: Say, changed: Callable[[], None]) -> None:
    kept = {job.name: result for job, result in finished(jobs, folder) if result.status != FAILED}
    todo = [job for job in jobs if job.name not in kept]
    estimate = Estimate(list(kept.values()))
    if kept:
        say(f"{len(kept)} of {len(jobs)} measurements are there already")
    for place, job in enumerate(todo):
        rest = todo[place + 1 :]
        left = for_people(estimate.left(job, 0.0, 0.0, rest))
        say(f"[{len(jobs) - len(rest)}/{len(jobs)}] {job.title} (about {left} left in all)")
        try:
            result = run_job(job, folder, _watcher(job, rest, estimate, say))
        except KeyboardInterrupt:
            raise StoppedError("stopped; the same command goes on from here") from None
        estimate.add(result)
        say(f"    {outcome(result)}")
        if not rest or rest[0].stage != job.stage:
            _draw(changed, say)


def _draw(changed: Callable[[], None], say: Say) -> None:
    """Hours of measurements are not ended by a table: it is drawn again after the next stage, and at the end."""
    try:
        changed()
    except Exception as error:
        say(f"    the tables could not be written ({type(error).__name__}: {error}); going on")


def _watcher(job: Job, rest: Sequence[Job], estimate: Estimate, say: Say) -> Callable[[int, int, str], None]:
    begun = shown = time.monotonic()

    def watch(done: int, total: int, text: str) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < SHOWN_SECONDS:
            return
        shown = now
        left = estimate.left(job, done / max(1, total), now - begun, rest)
        say(f"    {done} of {total}{', ' + text if text else ''}; about {for_people(left)} left in all")

    return watch


def outcome(result: Result) -> str:
    """One line about a finished job."""
    figures = result.figures
    if result.status == FAILED:
        return f"failed: {result.reason}"
    if result.status == DIVERGED:
        return f"diverged: {result.reason}"
    if result.stage == "train":
        text = f"{figures['nats']:.4f} nats a frame (repeat {figures['repeat']:.4f})"
    elif result.stage == "latency":
        text = f"step p50 {figures['step_p50_ms']:.2f} ms, p99 {figures['step_p99_ms']:.2f} ms"
    elif result.stage == LATENCY:
        text = f"p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms, worst {figures['max_ms']:.2f} ms"
    else:
        text = (
            f"{figures['batches_per_second']:.2f} batches/s, {figures['frames_per_second']:,.0f} frames/s,"
            f" {figures['peak_ram_mb']:,.0f} MB"
        )
    if figures.get("company", 0.0) >= CROWDED:
        text += f", while other programs took {figures['company']:.0%} of the machine"
    return f"{text}, in {for_people(result.seconds)}"
