"""Stocks against their slow twin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exphil.stats.stocks import stocks
from exphil.stats.walk import FIRST_FRAME
from tests.stats.fighters import fighter
from tests.stats.slow import slow_stocks


@given(
    st.lists(st.tuples(st.sampled_from([0x00, 0x0A, 0x0E, 0x4B]), st.integers(1, 20)), max_size=12),
    st.lists(st.integers(0, 200), max_size=5),
)
def test_stocks_are_what_a_walk_finds(stretches: list[tuple[int, int]], losses: list[int]) -> None:
    states = [state for state, frames in stretches for _ in range(frames)]
    count = np.full(len(states), 4)
    for loss in losses:
        count[loss:] -= 1
    player = fighter(states, stocks=count, percent=np.arange(len(states)) / 4)
    found = stocks(player)
    fast = [
        (
            int(found.start[i]) + FIRST_FRAME,
            int(found.end[i]) + FIRST_FRAME if found.ended[i] else None,
            float(found.current_percent[i]),
            int(found.count[i]),
        )
        for i in range(len(found))
    ]
    assert fast == slow_stocks(player)


def test_a_stock_ends_with_the_percent_and_the_death_of_its_last_frames() -> None:
    """The percent is the one before the loss, and the state the one on it."""
    percent = [0.0, 10.0, 20.0, 0.0, 0.0, 5.0]
    player = fighter([0x0E, 0x4B, 0x4B, 0x00, 0x0C, 0x0E], stocks=[4, 4, 4, 3, 3, 3], percent=percent)
    found = stocks(player)
    assert found.start.tolist() == [0, 4]
    assert (found.end[0], found.end_percent[0], found.current_percent[0], found.death[0]) == (
        3,
        20.0,
        20.0,
        0x00,
    )
    assert found.ended.tolist() == [True, False]
    assert found.count.tolist() == [4, 3]
    assert found.current_percent[1] == 5.0
