"""A Ctrl-C whose exception is swallowed on the way still ends the wait for workers."""

import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from exphil.assets.interrupts import Interrupts
from exphil.assets.workers import Workers
from tests.assets.deadly import double_or_die

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal of that kind")


@pytest.fixture
def swallowed() -> Iterator[list[int]]:
    """A handler whose first exception gets lost, as one raised inside a callback does."""
    arrivals: list[int] = []

    def handler(number: int, frame: object) -> None:
        arrivals.append(number)
        if len(arrivals) > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    yield arrivals
    signal.signal(signal.SIGINT, before)


def test_a_lost_interrupt_is_sent_again(swallowed: list[int]) -> None:
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    with Interrupts() as interrupts, Workers(1, interrupts) as workers:
        workers.wait_until_ready()
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            list(workers.run(double_or_die, [4]))
        workers.close(wait_for_tasks=False)
    timer.join()
    assert swallowed == [signal.SIGINT, signal.SIGINT]


def test_nothing_is_sent_where_nothing_arrived(swallowed: list[int]) -> None:
    with Interrupts() as interrupts:
        interrupts.repeat_lost()
    interrupts.repeat_lost()
    assert swallowed == []


def test_in_a_thread_it_notes_nothing() -> None:
    found: list[BaseException] = []

    def use() -> None:
        try:
            with Interrupts() as interrupts:
                interrupts.repeat_lost()
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == []


def test_what_was_set_before_is_set_again() -> None:
    with Interrupts():
        pass
    assert signal.set_wakeup_fd(-1) == -1


def test_a_lost_interrupt_is_not_reported_and_other_faults_are() -> None:
    reported: list[str] = []
    before, sys.unraisablehook = sys.unraisablehook, lambda found: reported.append(found.exc_type.__name__)
    try:
        with Interrupts():
            for kind in (KeyboardInterrupt, ValueError):
                Falling(kind)
    finally:
        sys.unraisablehook = before
    assert reported == ["ValueError"]


class Falling:
    """Raises when it is collected."""

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    def __del__(self) -> None:
        raise self.kind
