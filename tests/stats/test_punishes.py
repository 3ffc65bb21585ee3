"""Conversions and combos against their slow twins, and the traps on their way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.stats.punishes import Punishes, combos, conversions
from exphil.stats.walk import FIRST_FRAME, Fighter
from tests.stats.fighters import fighter
from tests.stats.slow import SlowPunish, slow_combos, slow_conversions

WAIT, HURT, HELD, FALL, TECH, DEAD, DOWN = 0x0E, 0x4B, 0xDF, 0x1D, 0xC7, 0x00, 0xB8
JAB, NAIR = 0x2C, 0x41

stretches = st.lists(
    st.tuples(st.sampled_from([WAIT, HURT, HELD, FALL, TECH, DEAD, DOWN, 0xB9]), st.integers(1, 60)),
    min_size=1,
    max_size=12,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Fighter, Fighter]:
    """An attacker and a victim of the same number of frames."""
    states = [state for state, frames in draw(stretches) for _ in range(frames)]
    length = len(states)
    hits = draw(st.lists(st.integers(0, length - 1), max_size=20))
    percent = np.zeros(length)
    for hit in hits:
        percent[hit:] += draw(st.sampled_from([0.5, 3.0, 12.25, -4.0]))
    stocks = np.full(length, 4)
    for loss in draw(st.lists(st.integers(0, length - 1), max_size=3)):
        stocks[loss:] -= 1
    actions = [action for action, frames in draw(
        st.lists(st.tuples(st.sampled_from([WAIT, JAB, NAIR]), st.integers(1, 9)), min_size=length, max_size=length)
    ) for _ in range(frames)][:length]  # fmt: skip
    age = np.array(draw(st.lists(st.integers(0, 5), min_size=length, max_size=length)), float)
    if draw(st.booleans()):
        age[:] = np.nan  # formats before 0.2
    attack = np.arange(length) % 50
    return (
        fighter(actions, port=1, age=age, attack=attack),
        fighter(states, port=2, percent=percent, stocks=stocks),
    )


def as_slow(found: Punishes) -> list[SlowPunish]:
    """The fast form in the words of the slow one."""
    from tests.stats.slow import SlowMove

    made = [
        SlowPunish(
            start=int(found.start[i]) + FIRST_FRAME,
            start_percent=float(found.start_percent[i]),
            current_percent=float(found.current_percent[i]),
            end=int(found.end[i]) + FIRST_FRAME if found.ended[i] else None,
            end_percent=float(found.end_percent[i]) if found.ended[i] else None,
            killed=bool(found.killed[i]),
        )
        for i in range(len(found))
    ]
    moves = found.moves
    for punish, frame, attack, hits, damage in zip(
        moves.punish, moves.frame, moves.attack, moves.hits, moves.damage, strict=True
    ):
        made[punish].moves.append(SlowMove(int(frame) + FIRST_FRAME, int(attack), int(hits), float(damage)))
    return made


@given(pairs())
def test_conversions_are_what_the_counter_says(pair: tuple[Fighter, Fighter]) -> None:
    assert as_slow(conversions(*pair)) == slow_conversions(*pair)


@given(pairs())
def test_combos_are_what_the_counter_says(pair: tuple[Fighter, Fighter]) -> None:
    assert as_slow(combos(*pair)) == slow_combos(*pair)


def _victim(*stretches: tuple[int, int], stocks: int | np.ndarray = 4) -> Fighter:
    states = [state for state, frames in stretches for _ in range(frames)]
    return fighter(states, port=2, stocks=stocks)


def _idle(victim: Fighter) -> Fighter:
    return fighter([WAIT] * len(victim.state))


@pytest.mark.parametrize(("control", "number"), [(45, 1), (46, 2)])
def test_a_conversion_outlives_45_frames_of_control(control: int, number: int) -> None:
    victim = _victim((WAIT, 5), (HURT, 5), (WAIT, control), (HURT, 5))
    assert len(conversions(_idle(victim), victim)) == number


def test_the_counter_runs_on_when_control_is_lost_again() -> None:
    victim = _victim((HURT, 5), (WAIT, 1), (FALL, 100), (HURT, 5))
    assert len(conversions(_idle(victim), victim)) == 2


def test_without_control_a_conversion_lasts() -> None:
    victim = _victim((HURT, 5), (FALL, 500), (HURT, 5))
    assert len(conversions(_idle(victim), victim)) == 1


def test_a_combo_counts_frames_out_of_harm_instead() -> None:
    victim = _victim((HURT, 5), (FALL, 46), (HURT, 5))
    assert len(combos(_idle(victim), victim)) == 2


@pytest.mark.parametrize("state", [TECH, DOWN, DEAD])
def test_a_combo_lasts_through_techs_and_the_ground(state: int) -> None:
    victim = _victim((HURT, 5), (FALL, 40), (state, 3), (FALL, 40), (HURT, 5))
    assert len(combos(_idle(victim), victim)) == 1


def test_a_lost_stock_closes_the_conversion() -> None:
    stocks = np.array([4] * 10 + [3] * 90)
    victim = _victim((HURT, 10), (DEAD, 60), (HURT, 30), stocks=stocks)
    found = conversions(_idle(victim), victim)
    assert found.killed.tolist() == [True, False]
    assert found.end.tolist()[0] == 10


def test_hit_on_the_frame_of_death_opens_and_closes_at_once() -> None:
    stocks = np.array([4] * 10 + [3] * 10)
    victim = _victim((WAIT, 10), (HURT, 1), (DEAD, 9), stocks=stocks)
    found = conversions(_idle(victim), victim)
    assert (found.start.tolist(), found.end.tolist(), found.killed.tolist()) == ([10], [10], [True])


def test_hits_of_one_animation_are_one_move() -> None:
    percent = np.repeat([0.0, 3.0, 6.0, 9.0], 5)
    victim = fighter([HURT] * 20, port=2, percent=percent)
    found = conversions(fighter([NAIR] * 20), victim)
    assert found.moves.hits.tolist() == [3]
    assert found.moves.damage.tolist() == [9.0]


def test_the_same_move_again_is_another_when_its_age_fell() -> None:
    percent = np.repeat([0.0, 3.0, 6.0], 5)
    victim = fighter([HURT] * 15, port=2, percent=percent)
    age = np.array([*range(8), *range(7)], float)
    assert conversions(fighter([JAB] * 15, age=age), victim).moves.hits.tolist() == [1, 1]


def test_a_remembered_move_gives_the_next_conversion_none() -> None:
    """The memory of the last hit outlives its conversion: the next one's damage is nobody's."""
    states = [HURT] * 5 + [WAIT] * 60 + [HURT] * 5
    percent = np.array([0.0] * 2 + [3.0] * 64 + [6.0] * 4)
    victim = fighter(states, port=2, percent=percent)
    found = conversions(fighter([NAIR] * 70), victim)
    assert len(found) == 2
    assert found.moves.punish.tolist() == [0]
    assert found.moves.damage.tolist() == [3.0]


def test_barrels_are_no_command_grab() -> None:
    victim = _victim((0x125, 50))
    assert len(conversions(_idle(victim), victim)) == 0


def test_nothing_of_nothing() -> None:
    empty = fighter([])
    assert len(conversions(empty, empty)) == len(combos(empty, empty)) == 0
