"""A game's loop goes first where it may, and leaves no trace afterwards."""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from exphil.play import steady as steadying
from exphil.play.steady import PRIORITY, steady

priorities = pytest.mark.skipif(not hasattr(os, "getpriority"), reason="no priorities here")


class Priorities:
    """The system's priority of this process, and whether it may be raised."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, now: int, *, allowed: bool, real_time: bool = False
    ) -> None:
        self.now = now
        self.has_real_time = real_time
        self.allowed = allowed
        self.real_time = False
        monkeypatch.setattr(steadying, "_in_real_time", self.change_to_real_time)
        monkeypatch.setattr(os, "getpriority", lambda which, who: self.now)
        monkeypatch.setattr(os, "setpriority", self.change)

    def change_to_real_time(self) -> Callable[[], None]:
        if not self.has_real_time:
            raise PermissionError(1, "Operation not permitted")
        self.real_time = True
        return partial(setattr, self, "real_time", False)

    def change(self, which: int, who: int, value: int) -> None:
        if value < self.now and not self.allowed:
            raise PermissionError(13, "Permission denied")
        self.now = value


@priorities
@pytest.mark.parametrize(
    ("before", "allowed", "during"),
    [(0, True, PRIORITY), (0, False, 0), (-15, True, -15), (19, True, 19), (19, False, 19)],
)
def test_it_goes_first_where_it_may(
    monkeypatch: pytest.MonkeyPatch, before: int, allowed: bool, during: int
) -> None:
    system = Priorities(monkeypatch, before, allowed=allowed)
    seen = []
    with suppress(KeyboardInterrupt), steady(paced=True):
        seen.append(system.now)
        raise KeyboardInterrupt
    assert [*seen, system.now] == [during, before]


@priorities
@pytest.mark.parametrize(("before", "during"), [(0, True), (19, False)])
def test_real_time_comes_first(monkeypatch: pytest.MonkeyPatch, before: int, during: bool) -> None:
    system = Priorities(monkeypatch, before, allowed=True, real_time=True)
    with steady(paced=True):
        assert (system.real_time, system.now) == (during, before)
    assert (system.real_time, system.now) == (False, before)


@priorities
def test_the_system_has_everything_back() -> None:
    def now() -> tuple[int, int]:
        known = sys.platform == "linux"
        return os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) & 0xFF if known else 0

    before = now()
    with steady(paced=True):
        pass
    assert now() == before


@priorities
def test_a_loop_without_rests_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time it would be stopped for 50 ms of each second."""
    system = Priorities(monkeypatch, 0, allowed=True, real_time=True)
    with steady(paced=False):
        assert not gc.isenabled()
        assert (system.real_time, system.now) == (False, 0)


def test_the_collector_rests_meanwhile() -> None:
    assert gc.isenabled()
    with steady(paced=True):
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with steady(paced=True):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
