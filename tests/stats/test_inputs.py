"""Inputs against their slow twin, and the traps on their way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.stats.inputs import Inputs, inputs
from exphil.stats.walk import FIRST_FRAME, PLAY_STARTS, Fighter
from tests.stats.fighters import fighter

FIRST = PLAY_STARTS - FIRST_FRAME
"""Place of the first frame of play."""

sticks = st.sampled_from([-1.0, -0.2875, -0.2874, 0.0, 0.2, 0.2874, 0.2875, 0.7])
pulls = st.sampled_from([0.0, 0.2999, 0.3, 0.31, 1.0])


def _region(x: float, y: float) -> tuple[int, int]:
    def part(axis: float) -> int:
        return 1 if axis >= 0.2875 else -1 if axis <= -0.2875 else 0

    return part(x), part(y)


def slow_inputs(player: Fighter) -> Inputs:
    """A frame at a time."""
    buttons = triggers = cstick = joystick = 0
    for t in range(FIRST, len(player.state)):
        pressed = int(player.buttons[t]) & ~int(player.buttons[t - 1]) & 0xFFF
        buttons += pressed.bit_count()
        for pull in (player.trigger_l, player.trigger_r):
            triggers += pull[t - 1] < 0.3 <= pull[t]
        for x, y, name in ((player.c_x, player.c_y, "c"), (player.stick_x, player.stick_y, "main")):
            now, before = _region(x[t], y[t]), _region(x[t - 1], y[t - 1])
            entered = now not in ((0, 0), before)
            cstick += entered and name == "c"
            joystick += entered and name == "main"
    return Inputs(buttons, triggers, cstick, joystick)


@st.composite
def players(draw: st.DrawFn) -> Fighter:
    length = FIRST + draw(st.integers(-3, 40))

    def column(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=length, max_size=length))

    return fighter(
        [0x0E] * length,
        buttons=column(st.integers(0, 0xFFFF)),
        stick_x=column(sticks), stick_y=column(sticks), c_x=column(sticks), c_y=column(sticks),
        trigger_l=column(pulls), trigger_r=column(pulls),
    )  # fmt: skip


@given(players())
def test_inputs_are_what_a_walk_counts(player: Fighter) -> None:
    assert inputs(player) == slow_inputs(player)


def played(**columns: list[float]) -> Inputs:
    """Inputs of values that begin with the first frame of play, after rest."""
    length = max(len(values) for values in columns.values())
    rest = {name: np.concatenate([np.zeros(FIRST), values]) for name, values in columns.items()}
    return inputs(fighter([0x0E] * (FIRST + length), **rest))


def test_a_button_counts_when_it_goes_down() -> None:
    assert played(buttons=[0, 0x100, 0x100, 0x300, 0x200, 0x300]).buttons == 3


@pytest.mark.parametrize("bit", [0x1000, 0x2000, 0x4000, 0x8000])
def test_bits_beyond_the_twelve_buttons_are_no_inputs(bit: int) -> None:
    """Start is 0x1000; the others are no buttons."""
    assert played(buttons=[0, bit, 0, bit]).total == 0


def test_nothing_counts_before_play_begins() -> None:
    buttons = np.tile([0, 0x100], FIRST)[:FIRST]
    assert inputs(fighter([0x0E] * FIRST, buttons=buttons)).total == 0


def test_a_button_held_into_play_is_no_input() -> None:
    assert inputs(fighter([0x0E] * (FIRST + 5), buttons=0x100)).total == 0


def test_the_first_frame_of_play_is_compared_with_the_one_before() -> None:
    assert played(buttons=[0x100]).buttons == 1


def test_a_stick_counts_when_it_enters_another_outer_region() -> None:
    """Right, up right, right, middle, right; the way back to the middle is none."""
    assert played(stick_x=[1, 0.7, 1, 0, 1], stick_y=[0, 0.7, 0, 0, 0]).joystick == 4


def test_a_stick_within_the_dead_zone_does_nothing() -> None:
    assert played(stick_x=[0.28, -0.28, 0, 0.2874]).joystick == 0
    assert played(c_x=[0.2875]).cstick == 1


def test_a_trigger_counts_when_it_rises_through_its_threshold() -> None:
    assert played(trigger_l=[0.29, 0.3, 1, 0.29, 0.31]).triggers == 2
