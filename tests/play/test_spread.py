"""Percentiles are times that some frame took."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.play.spread import PERCENTILES, over, spread

TIMES = st.lists(st.integers(0, 10**9), min_size=1, max_size=300)


@given(TIMES)
def test_every_figure_is_a_time_that_was_taken(times: list[int]) -> None:
    found = spread(times)
    assert list(found) == list(PERCENTILES)
    assert all(value in {time / 1e6 for time in times} for value in found.values())
    assert list(found.values()) == sorted(found.values())
    assert found["max_ms"] == max(times) / 1e6


@given(TIMES)
def test_so_many_lie_at_or_below(times: list[int]) -> None:
    for name, percent in PERCENTILES.items():
        limit = spread(times)[name]
        assert sum(time / 1e6 <= limit for time in times) >= percent / 100 * len(times) - 1e-9
        assert sum(time / 1e6 < limit for time in times) <= percent / 100 * len(times) + 1


def test_one_bad_frame_of_ten_thousand_is_the_worst_and_no_percentile() -> None:
    times = [1_000_000] * 9_999 + [50_000_000]
    assert spread(times) == {"p50_ms": 1, "p95_ms": 1, "p99_ms": 1, "p999_ms": 1, "max_ms": 50}
    assert over(times, 1000 / 60) == 1
    assert over(times, 1.0) == 1
    assert over(times, 0.5) == 10_000


def test_no_times_is_an_error() -> None:
    with pytest.raises(ValueError, match="no times"):
        spread([])
