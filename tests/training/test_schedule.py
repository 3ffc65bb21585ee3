"""The learning rate follows the run that there really is."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.training.schedule import Schedule, ScheduleName, warmup_of


def shares(schedule: Schedule) -> list[float]:
    return [schedule.share(step) for step in range(schedule.total_steps)]


@given(st.sampled_from(["cosine", "linear"]), st.integers(1, 3000), st.integers(0, 500))
def test_it_rises_to_the_highest_then_falls_to_almost_nothing(
    name: ScheduleName, total: int, asked: int
) -> None:
    warmup = warmup_of(asked, total)
    assert warmup <= asked
    assert warmup * 10 <= total
    found = shares(Schedule(name, total, warmup))
    assert all(0 < share <= 1.0 for share in found)
    assert found[warmup] == 1.0
    assert found[: warmup + 1] == sorted(set(found[: warmup + 1]))
    assert found[warmup:] == sorted(set(found[warmup:]), reverse=True)
    if total - warmup > 100:
        assert found[-1] < 0.02


@given(st.integers(1, 3000), st.integers(0, 500))
def test_constant_stays_at_the_highest(total: int, asked: int) -> None:
    warmup = warmup_of(asked, total)
    found = shares(Schedule("constant", total, warmup))
    assert found[: warmup + 1] == sorted(set(found[: warmup + 1]))
    assert set(found[warmup:]) == {1.0}


@pytest.mark.parametrize("total", [10, 1000])
def test_the_horizon_is_the_runs_length(total: int) -> None:
    for name in ("cosine", "linear"):
        assert Schedule(name, total, 0).share(total // 2) == pytest.approx(0.5)


@given(st.integers(1, 3000), st.integers(0, 300), st.integers(1, 800), st.integers(1, 4))
def test_restarts_fill_the_run_with_whole_periods(
    total: int, asked: int, restart_steps: int, factor: int
) -> None:
    warmup = warmup_of(asked, total)
    schedule = Schedule("cosine_restarts", total, warmup, restart_steps, factor)
    found = shares(schedule)[warmup:]
    assert all(0 < share <= 1.0 for share in found)
    assert found[0] == 1.0
    rises = [step for step in range(1, len(found)) if found[step] > found[step - 1]]
    if restart_steps >= 2 * factor:
        # Every period is seen where none is as short as a step, and the last ends with the run.
        assert len(rises) == schedule.num_periods - 1
        lengths = [b - a for a, b in itertools.pairwise([0, *rises, len(found)])]
        for first, second in itertools.pairwise(lengths):
            assert abs(second - factor * first) <= factor + 1
        assert found[-1] <= 6 / lengths[-1] ** 2 or lengths[-1] < 4


@pytest.mark.parametrize(
    ("total", "periods"),
    [(300, 1), (1000, 1), (1700, 1), (1800, 2), (3000, 2), (4500, 2), (4700, 3), (7000, 3)],
)
def test_as_many_periods_as_come_nearest(total: int, periods: int) -> None:
    assert Schedule("cosine_restarts", total, 0, 1000, 2).num_periods == periods


def test_a_single_period_is_the_cosine() -> None:
    assert shares(Schedule("cosine_restarts", 90, 9, 1000, 2)) == shares(Schedule("cosine", 90, 9))
