"""What keeps a game's loop from being held up by its own process, and by others."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

PRIORITY: Final = -10
"""As `nice` counts: above what runs beside a game by default, below what the system itself needs."""


@contextmanager
def steady(*, paced: bool) -> Iterator[None]:
    """Keep Python's collector of cycles from pausing a frame; a loop that is paced goes before other programs.

    One that never rests must not: it would leave others nothing, and Linux then takes the processor from a thread in
    real time for 50 ms of each second.
    """
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    give_way = go_first() if paced else _stay
    try:
        yield
    finally:
        give_way()
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def go_first() -> Callable[[], None]:
    """Let this thread run before others of the machine; gives what takes that back.

    A frame that waits for its turn on a busy core is late. Real-time scheduling where the system has it, else a
    higher priority. Systems allow either to administrators, and to users whom they have given the right; others
    play as they did, and so does who was started with `nice`, or has chosen a scheduling already.
    """
    if hasattr(os, "getpriority"):
        before = os.getpriority(os.PRIO_PROCESS, 0)
        if before <= 0:
            with suppress(OSError):
                return _in_real_time()
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, min(before, PRIORITY))
                return lambda: os.setpriority(os.PRIO_PROCESS, 0, before)
    return _stay


def _stay() -> None:
    """Nothing was changed."""


def _in_real_time() -> Callable[[], None]:
    """The least of real-time priorities, for this thread and none that it starts.

    Raises:
        OSError: it is not allowed, or the system has none.
    """
    if sys.platform != "linux":
        raise OSError("no real-time scheduling by threads")
    policy, setting = os.sched_getscheduler(0), os.sched_getparam(0)
    if policy != os.SCHED_OTHER:
        return _stay
    least = os.sched_param(os.sched_get_priority_min(os.SCHED_RR))
    os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, least)
    # without rights the flag cannot be taken back; on an ordinary thread it says nothing
    return lambda: os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, setting)
