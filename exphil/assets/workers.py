"""Worker processes: parsing holds the interpreter lock, and a parser that dies must not take the batch along."""

import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from exphil.assets.interrupts import Interrupts

TASK_MODULES = (
    "exphil.assets.frames",
    "exphil.assets.embeddings",
    "exphil.assets.stats",
    "exphil.assets.packs",
)
"""What workers import while they start, lest it counts as work."""

PULSE_SECONDS = 0.5
"""How often a wait for workers looks for a Ctrl-C that got lost."""

Task = TypeVar("Task")
Result = TypeVar("Result")


class WorkerDied(Exception):  # noqa: N818 - it is what happened to a task, and is never raised to people
    """The process that held a task died or hung; the task may be what killed it."""


class Workers:
    """A pool of spawned processes that keeps going when one dies.

    Starts lazily and stays warm from asset to asset. `startup_seconds` says how long the processes took to be ready.
    """

    def __init__(self, num_workers: int | None = None, interrupts: Interrupts | None = None) -> None:
        self.num_workers = num_workers or os.cpu_count() or 1
        self.startup_seconds = 0.0
        self.interrupts = interrupts or Interrupts()
        self._pool: ProcessPool | None = None
        self._warm: list[Future[Any]] = []

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait_for_tasks=kind is None)

    def start(self) -> None:
        """Start the processes now, without waiting: they import what they need while the caller does other work."""
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self.num_workers,
                context=multiprocessing.get_context("spawn"),
                initializer=_prepare,
            )
            self._warm = [self._pool.schedule(_ready) for _ in range(self.num_workers)]

    def wait_until_ready(self) -> None:
        """Wait for the processes; the time this takes is start-up, not work."""
        begun = time.perf_counter()
        self.start()
        for ready in self._warm:
            ready.result()
        self._warm = []
        self.startup_seconds += time.perf_counter() - begun

    def close(self, *, wait_for_tasks: bool = True) -> None:
        """End the processes, at once or after their tasks."""
        if self._pool is not None:
            if wait_for_tasks:
                self._pool.close()
            else:
                self._pool.stop()
            self._pool.join()
            self._pool = None

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        patience: Callable[[Task], float] | None = None,
    ) -> Iterator[tuple[Task, Result | WorkerDied]]:
        """Run `function` on every task, yielding (task, result) as they end, in any order.

        A task whose process died yields `WorkerDied`, as does one that takes more seconds than `patience` grants it;
        exceptions are raised.
        """
        self.wait_until_ready()
        assert self._pool is not None
        pending: dict[Future[Result], Task] = {}
        for task in tasks:
            timeout = None if patience is None else patience(task)
            pending[self._pool.schedule(function, args=[task], timeout=timeout)] = task
        try:
            while pending:
                done, _ = wait(pending, timeout=PULSE_SECONDS, return_when=FIRST_COMPLETED)
                self.interrupts.repeat_lost()
                for future in done:
                    outcome: Result | WorkerDied = _outcome(future)
                    yield pending.pop(future), outcome
        finally:
            for future in pending:
                future.cancel()


def _outcome(future: Future[Any]) -> Any:
    try:
        return future.result()
    except ProcessExpired as error:
        return WorkerDied(f"its worker process died ({_how(error.exitcode)})")
    except TimeoutError:
        return WorkerDied("it took too long and was stopped")


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            return f"signal {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit code {exit_code}"


def _prepare() -> None:
    """In a worker: leave Ctrl-C to the parent, and import what every task needs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        _die_with_parent()
    for module in TASK_MODULES:
        importlib.import_module(module)
    # The first array that pyarrow makes from numpy's imports pandas, where that is installed.
    pa.array(np.zeros(1))


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent is killed, lest it goes on working for nobody."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _ready() -> int:
    return os.getpid()
