"""How long a player did nothing, against its slow twin."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exphil.stats.inputs import BUTTON_MASK, STICK_THRESHOLD, TRIGGER_THRESHOLD
from exphil.stats.quality.activity import BEFORE_PLAY, idle_frames, longest_run
from exphil.stats.walk import Fighter
from tests.stats.fighters import fighter

sticks = st.sampled_from([-1.0, -STICK_THRESHOLD, -0.28, 0.0, 0.1, 0.28, STICK_THRESHOLD, 1.0])
pulls = st.sampled_from([0.0, 0.29, TRIGGER_THRESHOLD, 1.0])
frames = st.fixed_dictionaries(
    {
        "buttons": st.sampled_from([0, 0x100, 0x300, 0x1000]),
        "stick_x": sticks,
        "stick_y": sticks,
        "c_x": sticks,
        "c_y": sticks,
        "trigger_l": pulls,
        "trigger_r": pulls,
    }
)
stretches = st.lists(st.tuples(frames, st.integers(1, 60)), max_size=8)


def _region(value: float) -> int:
    return int(value >= STICK_THRESHOLD) - int(value <= -STICK_THRESHOLD)


def _held(player: Fighter, frame: int) -> tuple[Any, ...]:
    sticks = (player.stick_x, player.stick_y, player.c_x, player.c_y)
    return (
        int(player.buttons[frame]) & BUTTON_MASK,
        player.trigger_l[frame] >= TRIGGER_THRESHOLD,
        player.trigger_r[frame] >= TRIGGER_THRESHOLD,
        *(_region(stick[frame]) for stick in sticks),
    )


def _slow(player: Fighter) -> int:
    longest = run = 0
    for frame in range(BEFORE_PLAY, len(player.state)):
        run = run + 1 if _held(player, frame) == _held(player, frame - 1) else 0
        longest = max(longest, run)
    return longest


@given(stretches)
def test_idle_frames_are_what_a_walk_finds(made: list[tuple[dict[str, float], int]]) -> None:
    rows = [columns for columns, count in made for _ in range(count)]
    names = ("buttons", "stick_x", "stick_y", "c_x", "c_y", "trigger_l", "trigger_r")
    before = [0.0] * (BEFORE_PLAY - 5)  # the last frames of the countdown count as what came before
    player = fighter(
        [0x0E] * (len(before) + len(rows)), **{name: before + [row[name] for row in rows] for name in names}
    )
    assert idle_frames(player) == _slow(player)


def test_the_start_button_plays_nothing() -> None:
    buttons = np.zeros(BEFORE_PLAY + 100, np.uint16)
    buttons[BEFORE_PLAY + 50] = 0x1000
    assert idle_frames(fighter([0x0E] * len(buttons), buttons=buttons)) == 100


def test_the_countdown_is_no_play() -> None:
    assert idle_frames(fighter([0x0E] * BEFORE_PLAY)) == 0
    assert idle_frames(fighter([0x0E] * (BEFORE_PLAY + 30))) == 30


def test_a_held_stick_is_idle_and_a_press_in_the_middle_halves_the_wait() -> None:
    still = [0x0E] * (BEFORE_PLAY + 101)
    assert idle_frames(fighter(still, stick_x=1.0)) == 101
    buttons = np.zeros(len(still), np.uint16)
    buttons[BEFORE_PLAY + 50] = 0x100
    assert idle_frames(fighter(still, buttons=buttons)) == 50


@given(st.lists(st.booleans()))
def test_longest_run(flags: list[bool]) -> None:
    text = "".join("x" if flag else " " for flag in flags)
    assert longest_run(np.array(flags, bool)) == max((len(run) for run in text.split()), default=0)
