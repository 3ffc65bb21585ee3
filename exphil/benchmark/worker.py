"""`python -m exphil.benchmark.worker`: one job in a process of its own, so that none warms or crowds another.

The first line of standard input holds the job; the end of that input means that the caller is gone, or wants the
job to stop: a training run is then saved. Lines go to standard output, the result to the folder of the comparison.
"""

import _thread
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from exphil.benchmark.jobs import Job
from exphil.benchmark.latency.jobs import LatencyJob, job_of
from exphil.benchmark.progress import Progress
from exphil.benchmark.results import DIVERGED, FAILED, OK, Result, write_result
from exphil.errors import ExphilError

STOPPED: Final = 130
SAVING_SECONDS: Final = 120.0
"""A job that was asked to stop has so long to save; then its process ends."""

LOCK: Final = ".worker.lock"


def main() -> int:
    """Do the job; exit code 0 when a result was written, `STOPPED` when asked to stop."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background jobs start with it ignored
    request = json.loads(sys.stdin.readline())
    job, folder = job_of(request["job"]), Path(request["folder"])
    threading.Thread(target=_stop_with_the_caller, daemon=True).start()
    try:
        # The process of a caller that was killed may still be saving; two at once would slow each other down.
        with FileLock(folder / LOCK, timeout=SAVING_SECONDS):
            write_result(folder, job, measure(job, folder, Progress(_say)))
    except KeyboardInterrupt:
        return STOPPED
    return 0


def measure(job: Job, folder: Path, progress: Progress) -> Result:
    """Run one job; whatever goes wrong becomes a result that tells it.

    Raises:
        KeyboardInterrupt: the job was asked to stop.
    """
    from exphil.training.interrupt import StoppedError
    from exphil.training.loop import DivergedError

    begun = time.perf_counter()
    status, reason = OK, None
    figures: dict[str, Any] = {}
    try:
        status, reason, figures = _stage(job, folder, progress)
    except StoppedError as error:
        raise KeyboardInterrupt from error
    except DivergedError as error:  # while it was only timed; the train stage tells more of it
        status, reason = DIVERGED, _one_line(error)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        status, reason = FAILED, _one_line(error)
    return Result(
        stage=job.stage,
        backbone=job.backbone,
        number=job.number,
        status=status,
        reason=reason,
        figures=figures,
        options=job.config.to_dict(),
        made_with=_made_with(job),
        machine=_machine(),
        seconds=round(time.perf_counter() - begun, 1),
    )


def _stage(job: Job, folder: Path, progress: Progress) -> tuple[str, str | None, dict[str, Any]]:
    if job.stage == "train":
        from exphil.benchmark.training_stage import train

        return train(job, folder, progress)
    if isinstance(job, LatencyJob):
        from exphil.benchmark.latency.measure import measure_latency

        return OK, None, measure_latency(job, progress)
    if job.stage == "latency":
        from exphil.benchmark.decision_stage import time_decisions

        return OK, None, time_decisions(job, progress)
    from exphil.benchmark.speed_stage import time_training

    return OK, None, time_training(job, progress)


def _made_with(job: Job) -> dict[str, Any]:
    from exphil.store.store import Store
    from exphil.training.provenance import made_with

    try:
        return made_with(Store.open(job.store))
    except ExphilError:
        return {}


def _machine() -> dict[str, Any]:
    from exphil.benchmark.machine import describe

    return describe()


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ExphilError) else f"{type(error).__name__}: {text}"


def _say(line: str) -> None:
    print(line, flush=True)


def _stop_with_the_caller() -> None:
    while sys.stdin.read(1024):
        continue
    _thread.interrupt_main()
    time.sleep(SAVING_SECONDS)
    os._exit(STOPPED)


if __name__ == "__main__":
    sys.exit(main())
