"""Groups of states, state by state, and against what real games say of the air."""

from pathlib import Path

import numpy as np
import pytest

from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.stats.situations import course
from exphil.stats.situations.course import Course, next_from, next_within
from tests.stats.fighters import fighter
from tests.stats.slow_situations import ON_THE_GROUND, harmed

LAST_STATE = 340
"""Beyond it states are each character's own."""

GROUPS = {
    "DEAD": range(11),
    "OUT": range(14),
    "ON_LEDGE": range(252, 264),
    "HANGING": range(252, 254),
    "CATCHING_LEDGE": range(252, 253),
    "LYING": (183, 184, 191, 192),
    "DOWNED": range(183, 202),
    "AERIAL": range(65, 70),
    "AIR_DODGE": (236,),
    "AIR_JUMP": (27, 28),
    "GRAB_HELD": range(223, 233),
    "STANDING": ON_THE_GROUND,
    "HARMED": [state for state in range(LAST_STATE + 1) if harmed(state)],
    "NO_CONTROL": [state for state in range(LAST_STATE + 1) if harmed(state) and state != 38],
    "HELD": [*range(223, 233), *range(266, 293), *range(294, 305), *range(327, 339)],
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_holds_its_states_and_no_other(name: str) -> None:
    every = Course(fighter(range(LAST_STATE + 1)))
    assert set(np.flatnonzero(every.during(getattr(course, name))).tolist()) == set(GROUPS[name])


def test_every_group_is_listed() -> None:
    bits = {name: value for name, value in vars(course).items() if name in GROUPS}
    assert sorted(bits.values()) == [1 << number for number in range(len(course.GROUPS))]


def test_who_stands_is_on_the_ground_in_real_games(full_replays: list[Path]) -> None:
    frames_standing = 0
    for file in full_replays[-4:]:
        rows = frame_tables(read_game(file.read_bytes())).frames
        known = rows.filter(rows["post_airborne"].is_valid())
        states = known["post_state"].to_numpy()
        standing = Course(fighter(states)).during(course.STANDING)
        frames_standing += int(standing.sum())
        assert not known["post_airborne"].to_numpy()[standing].any()
    assert frames_standing > 1000


def test_a_hit_is_damage_taken_in_harm_or_the_beginning_of_a_grab() -> None:
    states = [14, 88, 88, 14, 223, 224, 239, 29, 88]
    percent = [0.0, 5, 5, 9, 9, 9, 12, 12, 11]
    assert Course(fighter(states, percent=percent)).hits.tolist() == [1, 4, 6]


@pytest.mark.parametrize(("after", "until", "found"), [(2, 9, 5), (5, 9, 9), (5, 8, None), (9, 99, None)])
def test_the_next_place_within(after: int, until: int, found: int | None) -> None:
    assert next_within(np.array([2, 5, 9]), after, until) == found


@pytest.mark.parametrize(("first", "found"), [(2, 2), (3, 5), (9, 9), (10, 99)])
def test_the_next_place_from(first: int, found: int) -> None:
    assert next_from(np.array([2, 5, 9]), first, 99) == found
