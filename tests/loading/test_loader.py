"""Gathering ahead: every batch once and in order, in a thread only while the reader is away."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from exphil.loading.batch import Batch
from exphil.loading.loader import HANDOVER, PREFETCH, ahead_of_need, prefetched


def loader_threads() -> int:
    return sum(thread.name == "exphil-loader" for thread in threading.enumerate())


def numbered(count: int) -> Callable[[], Batch | None]:
    """Makes `count` batches whose viewpoint is their number, then None."""
    numbers = iter(range(count))

    def load() -> Batch | None:
        number = next(numbers, None)
        none = torch.zeros(0)
        return None if number is None else Batch(none, torch.tensor(number), none, none)

    return load


@pytest.mark.parametrize("count", [0, 1, 5, 60, 200])
def test_every_batch_comes_once_and_in_order_however_the_reader_dawdles(count: int) -> None:
    """When the thread comes and goes hangs on the machine's load; what it hands over does not."""
    found, threads = [], []
    for batch in ahead_of_need(numbered(count)):
        found.append(int(batch.viewpoint))
        threads.append(loader_threads())
        if len(found) < 5:
            time.sleep(0.02)
    assert found == list(range(count))
    assert loader_threads() == 0
    assert threads[:1] in ([], [0])
    assert max(threads, default=0) <= 1


def test_leaving_an_epoch_early_ends_its_thread() -> None:
    batches = prefetched(numbered(100))
    next(batches)
    assert loader_threads() == 1
    batches.close()
    assert loader_threads() == 0


def test_a_failure_of_the_gathering_thread_reaches_the_reader() -> None:
    def load() -> None:
        raise OSError("the disk left")

    with pytest.raises(OSError, match="the disk left"):
        next(prefetched(load))


class Clock:
    """Seconds that pass only when the test says so, or when a batch is gathered in the reader's own thread."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Gathering:
    """`load` for `count` batches; notes in which thread each was gathered. It takes the reader a second."""

    def __init__(self, clock: Clock, count: int) -> None:
        self.threads: list[str] = []
        self._clock = clock
        self._load = numbered(count)

    def __call__(self) -> Batch | None:
        here = threading.current_thread()
        if here is threading.main_thread():
            self._clock.now += 1.0
        batch = self._load()
        if batch is not None:
            self.threads.append(here.name)
        return batch


def read(batches: Iterator[Batch], clock: Clock, away: Callable[[int], float]) -> list[int]:
    """Numbers of the batches; the reader is away for `away(number)` seconds after each."""
    found = []
    for batch in batches:
        found.append(int(batch.viewpoint))
        clock.now += away(found[-1])
    return found


MAIN = threading.main_thread().name


def test_a_reader_that_comes_straight_back_is_served_without_a_thread() -> None:
    clock = Clock()
    gathering = Gathering(clock, 50)
    assert read(ahead_of_need(gathering, clock), clock, lambda _: 0.2) == list(range(50))
    assert gathering.threads == [MAIN] * 50


def test_a_reader_that_stays_away_is_served_by_a_thread() -> None:
    clock = Clock()
    gathering = Gathering(clock, 50)
    assert read(ahead_of_need(gathering, clock), clock, lambda _: 3.0) == list(range(50))
    assert gathering.threads == [MAIN] + ["exphil-loader"] * 49
    assert loader_threads() == 0


def test_the_thread_leaves_when_the_reader_becomes_quick_and_returns_when_it_dawdles() -> None:
    clock = Clock()
    gathering = Gathering(clock, 300)
    away = {**dict.fromkeys(range(20), 3.0), 150: 3.0}
    assert read(ahead_of_need(gathering, clock), clock, lambda number: away.get(number, 0.0)) == list(
        range(300)
    )
    # The reader's quickness shows at the end of a handover; by then as many lie ready, and one is in the making.
    left = 20 + HANDOVER * (PREFETCH + 3)
    assert gathering.threads[1:20] == ["exphil-loader"] * 19
    assert gathering.threads[left:151] == [MAIN] * (151 - left)
    assert gathering.threads[151] == "exphil-loader"
    assert gathering.threads[151 + left :] == [MAIN] * (300 - 151 - left)
    assert loader_threads() == 0


def test_a_forgotten_iterator_takes_its_thread_along() -> None:
    batches = prefetched(numbered(1000))
    next(batches)
    assert loader_threads() == 1
    del batches
    assert loader_threads() == 0
