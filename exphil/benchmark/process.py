"""A job in a process of its own: started, watched, and turned into a result whatever becomes of it."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from exphil.benchmark.jobs import Job
from exphil.benchmark.latency.jobs import STAGE as LATENCY
from exphil.benchmark.progress import read_progress
from exphil.benchmark.results import FAILED, LOGS, Result, read_result, result_path, write_result
from exphil.benchmark.worker import SAVING_SECONDS

SILENT_SECONDS: Final = 1800.0
"""A process that says nothing for so long hangs, and is ended."""

ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

Watch = Callable[[int, int, str], None]
"""Receives (done, total, text) as the job goes."""


def run_job(
    job: Job,
    folder: Path,
    watch: Watch,
    *,
    module: str = "exphil.benchmark.worker",
    silent: float = SILENT_SECONDS,
) -> Result:
    """Run a job to its end, and keep its result.

    Args:
        module: what the process runs.
        silent: seconds without a word after which it is ended.

    Raises:
        KeyboardInterrupt: Ctrl-C; the job was given the time to save.
    """
    result_path(folder, job).unlink(missing_ok=True)  # one that failed, to be tried again
    log = folder / LOGS / f"{job.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    last: deque[str] = deque(maxlen=1)
    with _started(job, module) as process, log.open("a", encoding="utf-8") as file:
        assert process.stdin is not None
        try:
            _send(process.stdin, {"job": job.to_dict(), "folder": folder.resolve().as_posix()})
            hung = _follow(process, watch, file, last, silent)
            code = process.wait()
        except KeyboardInterrupt:
            _stop(process)
            raise
        finally:
            if process.poll() is None:
                process.kill()
    found = read_result(folder, job)
    if found is None:
        reason = f"said nothing for {silent:.0f} s" if hung else _why(code, last)
        found = Result(
            job.stage, job.backbone, job.number, FAILED, reason=reason, options=job.config.to_dict()
        )
        write_result(folder, job, found)
    return found


def _started(job: Job, module: str) -> "subprocess.Popen[str]":
    """The process. Ctrl-C on a terminal does not reach it: it stops when its input ends, and only once."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    own = ONE_THREAD if job.stage in ("latency", LATENCY) else {}
    return subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **own},
        **apart,
    )


def _send(stdin: IO[str], request: dict[str, Any]) -> None:
    try:
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
    except OSError:  # it died at once; its last words are read all the same
        with contextlib.suppress(OSError):
            stdin.close()


def _follow(
    process: "subprocess.Popen[str]", watch: Watch, log: IO[str], last: deque[str], silent: float
) -> bool:
    """Pass on what the process says until it ends; True if it was ended for saying nothing."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        with contextlib.suppress(ValueError):  # closed by a caller who has stopped listening
            for line in process.stdout:
                lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=silent)
        except queue.Empty:
            process.kill()
            return True
        if line is None:
            return False
        told = read_progress(line)
        if told is not None:
            watch(*told)
            continue
        log.write(line + "\n")
        log.flush()
        if line.strip():
            last.append(line.strip())


def _stop(process: "subprocess.Popen[str]") -> None:
    """Ask the process to save and end, and wait for it; a second Ctrl-C ends it at once."""
    assert process.stdin is not None
    try:
        process.stdin.close()
        process.wait(SAVING_SECONDS)
    except (OSError, subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()


def _why(code: int, last: deque[str]) -> str:
    if code < 0:
        name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
        memory = " (as the system does when memory runs out)" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{memory}"
    said = f": {last[0]}" if last else ""
    return f"its process ended with exit code {code}{said}"
