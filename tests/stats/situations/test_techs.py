"""Techs: against their slow twin, and as players name them."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given

from exphil.stats.situations.course import Course
from exphil.stats.situations.techs import Tech, techs
from exphil.stats.walk import Fighter
from tests.stats.fighters import fighter
from tests.stats.slow_situations import slow_techs
from tests.stats.wanderers import pairs

WAIT, FLYING, TECH, FORWARD, BACKWARD, DOWN, LYING = 14, 88, 199, 200, 201, 183, 184


@given(pairs())
def test_techs_are_what_a_walk_finds(pair: tuple[Fighter, Fighter]) -> None:
    first, second = pair
    assert [asdict(tech) for tech in techs(Course(first), Course(second))] == slow_techs(first, second)


def _techs(
    *stretches: tuple[int, int], opponent_x: float = 30.0, facing: int = 1, hit: int | None = None
) -> list[Tech]:
    """Techs of a player at 0 whose opponent stands on the right; `hit` is a frame of damage."""
    states = [state for state, frames in stretches for _ in range(frames)]
    percent = np.zeros(len(states))
    if hit is not None:
        percent[hit:] = 9.0
    player = fighter(states, facing=facing, percent=percent)
    opponent = fighter([WAIT] * len(states), port=2, x=opponent_x)
    return techs(Course(player), Course(opponent))


@pytest.mark.parametrize(
    ("state", "facing", "choice"),
    [
        (TECH, 1, "in-place"),
        (FORWARD, 1, "in"),
        (FORWARD, -1, "away"),
        (BACKWARD, 1, "away"),
        (BACKWARD, -1, "in"),
    ],
)
def test_a_roll_is_in_or_away_as_the_opponent_stands(state: int, facing: int, choice: str) -> None:
    (tech,) = _techs((FLYING, 5), (state, 30), (WAIT, 5), facing=facing)
    assert (tech.frame, tech.kind, tech.choice, tech.follow_up) == (5, "ground", choice, None)


@pytest.mark.parametrize(
    ("state", "follow_up"),
    [(186, "getup"), (195, "attack"), (188, "roll-in"), (197, "roll-away"), (29, "fell"), (185, "hit"), (223, "hit"),
     (0, "died")],
)  # fmt: skip
def test_what_follows_a_missed_tech(state: int, follow_up: str) -> None:
    (tech,) = _techs((FLYING, 5), (DOWN, 26), (LYING, 10), (state, 5))
    assert (tech.choice, tech.follow_up, tech.follow_up_frame) == ("missed", follow_up, 41)


def test_who_lies_until_the_game_is_over_does_nothing() -> None:
    (tech,) = _techs((FLYING, 5), (DOWN, 26), (LYING, 10))
    assert (tech.follow_up, tech.follow_up_frame) == ("none", None)


@pytest.mark.parametrize(
    ("state", "kind", "choice"),
    [(202, "wall", "in-place"), (203, "wall", "jump"), (247, "wall", "missed"), (204, "ceiling", "in-place"),
     (248, "ceiling", "missed")],
)  # fmt: skip
def test_walls_and_ceilings_are_teched_too(state: int, kind: str, choice: str) -> None:
    (tech,) = _techs((FLYING, 5), (state, 20), (29, 5))
    assert (tech.kind, tech.choice, tech.follow_up) == (kind, choice, None)


@pytest.mark.parametrize(("after", "punished"), [(60, True), (61, False)])
def test_a_hit_within_60_frames_punishes_a_tech(after: int, punished: bool) -> None:
    (tech,) = _techs((FLYING, 5), (TECH, 26), (WAIT, after - 26), (FLYING, 10), hit=5 + after)
    assert tech.punished_frame == (5 + after if punished else None)


@pytest.mark.parametrize(("after", "punished"), [(60, True), (61, False)])
def test_after_a_missed_tech_the_60_frames_run_from_what_followed(after: int, punished: bool) -> None:
    (tech,) = _techs(
        (FLYING, 5), (DOWN, 26), (LYING, 100), (186, 30), (WAIT, after - 30), (FLYING, 10), hit=131 + after
    )
    assert tech.punished_frame == (131 + after if punished else None)


def test_damage_out_of_nowhere_is_no_punish() -> None:
    (tech,) = _techs((FLYING, 5), (TECH, 26), (WAIT, 60), hit=50)
    assert tech.punished_frame is None


def test_the_same_tech_again_counts_when_its_age_fell() -> None:
    states = np.full(20, TECH)
    age = np.append(np.arange(12), np.arange(8))
    player, opponent = fighter(states, age=age), fighter([WAIT] * 20, port=2)
    assert [tech.frame for tech in techs(Course(player), Course(opponent))] == [0, 12]
