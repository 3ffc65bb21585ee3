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
