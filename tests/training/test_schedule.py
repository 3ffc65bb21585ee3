"""The learning rate follows the run that there really is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.training.schedule import learning_rate, warmup_of


@given(st.integers(1, 5000), st.integers(0, 2000))
def test_it_rises_to_the_highest_then_falls_to_almost_nothing(total: int, asked: int) -> None:
    warmup = warmup_of(asked, total)
    assert warmup <= asked
    assert warmup * 5 <= total
    rates = [
        learning_rate(step, highest=2.0, total_steps=total, warmup_steps=warmup) for step in range(total)
    ]
    assert all(0 < rate <= 2.0 for rate in rates)
    assert rates[warmup] == 2.0
    assert rates[: warmup + 1] == sorted(rates[: warmup + 1])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    if total - warmup > 20:
        assert rates[-1] < 0.02


@pytest.mark.parametrize("total", [10, 1000])
def test_the_horizon_is_the_runs_length(total: int) -> None:
    half = learning_rate(total // 2, highest=1.0, total_steps=total, warmup_steps=0)
    assert half == pytest.approx(0.5)
