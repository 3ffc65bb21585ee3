"""Frames at the game's own pace: each falls due, is answered, and is late or not.

Due times are fixed when a run begins. A late answer does not move them: the next frame is due when it was, as a game
does not wait.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

FRAME_NS: Final = 1_000_000_000 / 60

Times: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a run reads and waits by: nanoseconds, but seconds for `sleep`."""

    now: Callable[[], int] = time.perf_counter_ns
    own: Callable[[], int] = time.thread_time_ns
    """Processor time of this thread."""
    sleep: Callable[[float], None] = time.sleep


class Pace:
    """Tells when frames fall due, and waits for them."""

    def __init__(self, clocks: Clocks, frame_ns: float = FRAME_NS) -> None:
        self._clocks = clocks
        self._frame_ns = frame_ns
        self.begin()

    def begin(self) -> None:
        """The next frame falls due a frame from now."""
        self._begun = self._clocks.now()
        self._number = 0

    def wait(self) -> int:
        """Sleep until the next frame is due, not at all where it is already; the moment at which it was."""
        due = self._next()
        while (left := due - self._clocks.now()) > 0:
            self._clocks.sleep(left / 1e9)
        self._number += 1
        return due

    @property
    def is_due(self) -> bool:
        """Whether `wait` would not sleep."""
        return self._next() <= self._clocks.now()

    def _next(self) -> int:
        return self._begun + round((self._number + 1) * self._frame_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Paced:
    """A run's frames, (frames,) nanoseconds each.

    Attributes:
        woken: from the moment that a frame was due until it was begun.
        ready: from that moment until its answer was given.
        own: processor time that the answer took of its thread; the rest of `ready` is waiting for the machine.
    """

    woken: Times
    ready: Times
    own: Times

    def __len__(self) -> int:
        return len(self.ready)

    def over(self, budget_ns: float = FRAME_NS) -> int:
        """Frames whose answer came after the budget."""
        return int((self.ready > budget_ns).sum())

    def over_by_own_work(self, budget_ns: float = FRAME_NS) -> int:
        """Of these, those whose work alone took longer: without any other program they were late all the same."""
        return int(((self.ready > budget_ns) & (self.own > budget_ns)).sum())


def control(frames: int, pace: Pace, clocks: Clocks) -> Paced:
    """Frames that are answered by doing nothing: what is late among them is the machine's doing."""
    woken, ready, own = [], [], []
    for _ in range(frames):
        due = pace.wait()
        woken.append(clocks.now() - due)
        before = clocks.own()
        own.append(clocks.own() - before)
        ready.append(clocks.now() - due)
    return paced(woken, ready, own)


def paced(woken: Iterable[int], ready: Iterable[int], own: Iterable[int]) -> Paced:
    """From lists."""
    return Paced(*(np.array(list(times), np.int64) for times in (woken, ready, own)))


def joined(runs: Iterable[Paced]) -> Paced:
    """Several runs as one."""
    kept = list(runs)
    return Paced(*(np.concatenate([getattr(run, item.name) for run in kept]) for item in fields(Paced)))
