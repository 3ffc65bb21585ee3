"""Frames fall due at a fixed pace whatever was late before, and lateness has an owner."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.benchmark.latency.bandwidth import LEAST_READS, read_rate, weights_bound
from exphil.benchmark.latency.pacing import Pace, control, joined, paced
from tests.benchmark.clock import Clock

FRAME = 1000


@given(st.lists(st.integers(0, 5 * FRAME), min_size=1, max_size=30))
def test_a_late_answer_moves_no_due_time(works: list[int]) -> None:
    clock = Clock()
    pace = Pace(clock.clocks, FRAME)
    for number, work in enumerate(works, 1):
        assert pace.wait() == number * FRAME
        assert clock.wall >= number * FRAME
        clock.busy(work)


def test_a_frame_that_is_due_is_not_slept_for() -> None:
    clock = Clock()
    pace = Pace(clock.clocks, FRAME)
    pace.wait()
    clock.busy(3 * FRAME)
    pace.wait()
    assert len(clock.slept) == 1
    pace.begin()
    assert pace.wait() == 5 * FRAME
    assert len(clock.slept) == 2


def test_a_control_on_a_quiet_machine_is_late_for_nothing() -> None:
    clock = Clock(tick=1)
    run = control(20, Pace(clock.clocks, FRAME), clock.clocks)
    assert len(run) == 20
    assert run.over(FRAME) == 0
    assert run.ready.max() < 10
    assert run.own.max() == 0


def test_what_the_machine_delays_the_control_tells() -> None:
    clock = Clock()
    clocks = clock.clocks
    stalls = iter([0.0, 2 * FRAME, 0.0])

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        clock.stall(int(next(stalls, 0.0)))

    run = control(6, Pace(type(clocks)(clocks.now, clocks.own, sleep), FRAME), clocks)
    assert run.over(FRAME) == 1
    assert run.over_by_own_work(FRAME) == 0


def test_own_work_is_told_from_waiting_for_the_machine() -> None:
    run = paced([0, 0, 0], [FRAME + 1, FRAME + 1, FRAME], [FRAME + 1, 5, FRAME])
    assert (run.over(FRAME), run.over_by_own_work(FRAME)) == (2, 1)
    both = joined([run, run])
    assert (len(both), both.over(FRAME)) == (6, 4)


def test_the_fastest_read_counts() -> None:
    clock = Clock(tick=100)
    assert read_rate(4000, seconds=0, clock=clock.now) == 4000 / 100 * 1e9
    assert clock.wall < 100 * (3 * LEAST_READS + 3)


def test_the_bound_is_the_weights_at_the_rate_of_memory() -> None:
    clock = Clock(tick=100)  # every buffer takes as long, whatever its size
    bound = weights_bound(40_000, memory_bytes=400_000, seconds=0, clock=clock.now)
    assert bound.memory_gb_s == 4000.0
    assert bound.weights_ms == pytest.approx(1e-5)
    assert bound.cached_ms == pytest.approx(1e-4)
