"""Action counts against their slow twin, and the traps on their way."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.schema.stats import ACTIONS
from exphil.stats.actions import action_counts
from exphil.stats.walk import Fighter
from tests.stats.fighters import fighter
from tests.stats.slow_actions import slow_actions

WAIT, DASH, TURN, SQUAT, JUMP, FALL, LANDING = 0x0E, 0x14, 0x12, 0x18, 0x19, 0x1D, 0x2B
DODGE, NAIR, NAIR_LANDING, DAIR_LANDING, TEETER = 0xEC, 0x41, 0x46, 0x4A, 0xF5
CATCH, CATCH_PULL, CATCH_DASH, CATCH_WAIT, THROW_DOWN = 0xD4, 0xD5, 0xD6, 0xD8, 0xDE
TECH_FORWARD, TECH_BACKWARD, ATTACK_DASH = 0xC8, 0xC9, 0x32
MARIO, FOX, PEACH, GAME_AND_WATCH = 0x00, 0x01, 0x09, 0x18

STATES = sorted({
    WAIT, DASH, TURN, SQUAT, JUMP, 0x22, 0x23, FALL, LANDING, DODGE, NAIR, 0x45, *range(0x46, 0x4B), TEETER,
    *range(CATCH, 0xDF), TECH_FORWARD, TECH_BACKWARD, 0xC7, 0xCA, 0xB7, 0xBF, 0xF7, *range(0x2C, 0x41), 0xE9, 0xEA,
    0xEB, 0xFC, 0x108, 0x109, *range(0x155, 0x160), 0, 0x17F,
})  # fmt: skip
LANDINGS = [SQUAT, JUMP, FALL, LANDING, DODGE, NAIR_LANDING, DAIR_LANDING, TEETER]
stretches = st.lists(
    st.tuples(st.one_of(st.sampled_from(STATES), st.sampled_from(LANDINGS)), st.integers(1, 12)), max_size=25
)


@st.composite
def players(draw: st.DrawFn) -> tuple[Fighter, Fighter]:
    """A player who does anything, and where the opponent stands."""
    states = [state for state, frames in draw(stretches) for _ in range(frames)]
    length = len(states)

    def column(values: list[Any]) -> Any:
        return draw(st.lists(st.sampled_from(values), min_size=length, max_size=length))

    age = np.array(column([0.0, 1.0, 2.0]), float) if draw(st.booleans()) else np.full(length, np.nan)
    player = fighter(
        states,
        age=age,
        l_cancel=column([0, 0, 1, 2]),
        character=draw(st.sampled_from([MARIO, FOX, PEACH, GAME_AND_WATCH, 0x1B])),
        x=column([-1.0, 0.0, 1.0]),
        y=column([0.0, 0.05, 5.0]),
        facing=column([-1.0, 1.0]),
    )
    return player, fighter(states, port=2, x=column([-2.0, 0.0, 0.5]))


@given(players())
def test_counts_are_what_the_definitions_say(pair: tuple[Fighter, Fighter]) -> None:
    found, expected = action_counts(*pair), slow_actions(*pair)
    assert set(found) == {column.name for column in ACTIONS}
    assert found == {name: expected[name] for name in found}


def counts(*stretches: tuple[int, int], **columns: Any) -> dict[str, int]:
    """What is not zero."""
    player = fighter([state for state, frames in stretches for _ in range(frames)], **columns)
    found = action_counts(player, fighter([WAIT] * len(player.state), port=2))
    return {name: count for name, count in found.items() if count}


def test_an_l_cancel_counts_once_however_long_the_landing() -> None:
    assert counts((NAIR, 5), (NAIR_LANDING, 7), (WAIT, 3), l_cancel=1) == {
        "attack_nair": 1, "l_cancel_success": 1,
    }  # fmt: skip


@pytest.mark.parametrize("state", [0x41, 0x45, 0x4B, LANDING])
def test_an_l_cancel_is_read_where_the_landing_of_an_aerial_begins_and_nowhere_else(state: int) -> None:
    assert not {"l_cancel_success", "l_cancel_fail"} & set(counts((FALL, 3), (state, 5), l_cancel=2))


def test_an_l_cancel_told_after_the_landing_began_is_not_read() -> None:
    assert counts((FALL, 3), (NAIR_LANDING, 5), l_cancel=[0, 0, 0, 0, 1, 1, 1, 1]) == {}


def test_an_action_begins_again_when_its_age_falls() -> None:
    assert counts((0x2C, 6), age=[0, 1, 2, 0, 1, 2]) == {"attack_jab1": 2}
    assert counts((0x2C, 6), age=[0, 1, 1, 2, 2, 3]) == {"attack_jab1": 1}
    assert counts((0x2C, 6), age=np.nan) == {"attack_jab1": 1}


def test_a_dash_dance_is_dash_turn_dash_on_three_frames() -> None:
    assert counts((DASH, 4), (TURN, 1), (DASH, 4), (TURN, 1), (DASH, 1)) == {"dash_dance": 2}
    assert counts((DASH, 4), (TURN, 2), (DASH, 4)) == {}


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (CATCH_PULL, "success"),
        (CATCH_WAIT, "success"),
        (THROW_DOWN, "success"),
        (WAIT, "fail"),
        (0xDF, "fail"),
    ],
)
def test_a_grab_is_judged_by_what_follows_it(after: int, name: str) -> None:
    assert counts((CATCH, 7), (after, 3))[f"grab_{name}"] == 1
    assert counts((CATCH_DASH, 7), (after, 3))[f"grab_{name}"] == 1


def test_a_boost_grab_takes_back_the_dash_attack() -> None:
    assert counts((ATTACK_DASH, 2), (CATCH_DASH, 8), (WAIT, 1)) == {"grab_fail": 1}
    assert counts((ATTACK_DASH, 2), (CATCH, 8), (WAIT, 1)) == {"attack_dash": 1, "grab_fail": 1}


@pytest.mark.parametrize(
    ("state", "facing", "x", "name"),
    [
        (TECH_FORWARD, 1, -5, "in"), (TECH_FORWARD, -1, -5, "away"), (TECH_FORWARD, -1, 5, "in"),
        (TECH_BACKWARD, 1, -5, "away"), (TECH_BACKWARD, -1, -5, "in"), (TECH_BACKWARD, 1, 5, "in"),
        (TECH_FORWARD, 1, 0, "in"),
    ],
)  # fmt: skip
def test_a_tech_roll_goes_in_or_away_from_the_opponent(state: int, facing: int, x: float, name: str) -> None:
    assert counts((0x50, 3), (state, 3), facing=facing, x=x) == {f"ground_tech_{name}": 1}


def test_game_and_watch_and_peach_have_attacks_of_their_own() -> None:
    assert counts((0x15D, 3), character=GAME_AND_WATCH) == {"attack_uair": 1}
    assert counts((0x15D, 3), (0x15E, 3), (0x15F, 3), character=PEACH) == {"attack_fsmash": 3}
    assert counts((0x155, 3), (0x15D, 3), character=FOX) == {}


def test_a_wavedash_takes_its_air_dodge_back() -> None:
    assert counts((WAIT, 20), (SQUAT, 3), (DODGE, 1), (LANDING, 10)) == {"wavedash": 1}
    assert counts((WAIT, 20), (SQUAT, 3), (JUMP, 1), (DODGE, 1), (LANDING, 10)) == {"wavedash": 1}


def test_without_a_jump_squat_in_fifteen_frames_it_is_a_waveland() -> None:
    assert counts((SQUAT, 3), (JUMP, 4), (FALL, 3), (DODGE, 6), (LANDING, 5)) == {"wavedash": 1}
    assert counts((SQUAT, 3), (JUMP, 4), (FALL, 4), (DODGE, 6), (LANDING, 5)) == {"waveland": 1}


def test_a_jump_that_led_elsewhere_makes_it_a_waveland() -> None:
    y = np.array([0.0] * 3 + [8.0] * 12)
    assert counts((SQUAT, 3), (JUMP, 5), (DODGE, 3), (LANDING, 4), y=y) == {"waveland": 1}
    assert counts((SQUAT, 3), (JUMP, 4), (DODGE, 4), (LANDING, 4), y=y) == {"wavedash": 1}
    assert counts((SQUAT, 3), (JUMP, 5), (DODGE, 3), (LANDING, 4), y=0.05) == {"wavedash": 1}


def test_a_long_air_dodge_into_the_ground_is_neither() -> None:
    assert counts((DODGE, 40), (LANDING, 10)) == {"air_dodge": 1}


@pytest.mark.parametrize(
    ("landed", "expected"),
    [
        (7, {"edge_cancel_success": 1}),  # an L-cancel would have taken 8
        (8, {"edge_cancel_slow": 1}),
        (15, {"edge_cancel_slow": 1, "l_cancel_fail": 1}),
        (16, {"l_cancel_fail": 1}),
    ],
)
def test_an_edge_cancel_at_least_as_fast_as_an_l_cancel_takes_the_failure_back(
    landed: int, expected: dict[str, int]
) -> None:
    """Mario's neutral aerial lands for 16 frames, for 8 with an L-cancel."""
    assert counts((FALL, 3), (NAIR_LANDING, landed), (FALL, 3), l_cancel=2, character=MARIO) == expected
