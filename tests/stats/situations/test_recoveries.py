"""Recoveries: against their slow twin, and as players see them."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from exphil.melee.geometry import GEOMETRY
from exphil.stats.situations.course import Course
from exphil.stats.situations.recoveries import Recovery, recoveries
from exphil.stats.situations.specials import DOWN, NEUTRAL, SIDE, UP, specials
from exphil.stats.walk import Fighter
from tests.stats.fighters import fighter
from tests.stats.slow_situations import slow_recoveries
from tests.stats.wanderers import pairs

FINAL_DESTINATION = GEOMETRY[32]
WAIT, RUN, FALL, JUMP, DODGE, CATCH, HANG, DEAD = 14, 21, 29, 27, 236, 252, 253, 0
FLYING, TUMBLE, DOWNED, TECH, LANDING = 88, 38, 183, 199, 42
NAMES = {NEUTRAL: "neutral", SIDE: "side", UP: "up", DOWN: "down"}

Stretch = tuple[int, int, float, float]
"""State, frames, x, y."""


@given(pairs())
def test_recoveries_are_what_a_walk_finds(pair: tuple[Fighter, Fighter]) -> None:
    for player, opponent in (pair, pair[::-1]):
        found = [asdict(one) for one in recoveries(Course(player), Course(opponent), FINAL_DESTINATION)]
        for one in found:
            one["specials"] = {NAMES[kind] for kind in one["specials"]}
        assert found == slow_recoveries(player, opponent, FINAL_DESTINATION)


def _columns(stretches: tuple[Stretch, ...]) -> dict[str, Any]:
    frames = [(state, x, y) for state, length, x, y in stretches for _ in range(length)]
    state, x, y = (np.array(column) for column in zip(*frames, strict=True))
    return {"states": state, "x": x, "y": y}


def _recoveries(
    *stretches: Stretch,
    hits: tuple[int, ...] = (),
    opponent: tuple[Stretch, ...] | None = None,
    **columns: Any,
) -> list[Recovery]:
    """Recoveries on Final Destination of a player hit on the frames `hits`; the opponent stands in the middle."""
    mine = _columns(stretches)
    length = len(mine["states"])
    percent = np.zeros(length)
    for hit in hits:
        percent[hit:] += 10
    other = _columns(opponent) if opponent else {"states": [WAIT] * length}
    assert len(other["states"]) == length
    player = fighter(**mine, percent=percent, **columns)
    return recoveries(Course(player), Course(fighter(**other, port=2)), FINAL_DESTINATION)


STANDS: Stretch = (WAIT, 10, 60, 0)
HIT_OFF: tuple[Stretch, ...] = (STANDS, (FLYING, 5, 80, 10), (FLYING, 20, 100, 20))
"""Hit on frame 10, off the stage from frame 15 to frame 34."""


def test_who_is_hit_off_and_lands_recovered_to_the_stage() -> None:
    (one,) = _recoveries(*HIT_OFF, (JUMP, 20, 110, -20), (LANDING, 5, 80, 0), hits=(10,))
    assert (one.start, one.end, one.outcome, one.cause) == (15, 55, "stage", "hit")
    assert (one.could_act, one.double_jumped, one.num_hits) == (True, True, 0)
    assert (one.lowest_y, one.farthest_x) == (-20, 110)


def test_who_catches_the_ledge_recovered_to_it() -> None:
    (one,) = _recoveries(*HIT_OFF, (CATCH, 7, 87, -10), (HANG, 9, 87, -10), hits=(10,))
    assert (one.end, one.outcome, one.could_act) == (35, "ledge", True)


def test_who_is_knocked_straight_out_could_not_act() -> None:
    (one,) = _recoveries(*HIT_OFF, (DEAD, 20, 250, 20), hits=(10,))
    assert (one.end, one.outcome, one.could_act) == (35, "died", False)


def test_who_tumbles_can_act() -> None:
    (one,) = _recoveries(*HIT_OFF, (TUMBLE, 20, 120, -60), (DEAD, 20, 120, -150), hits=(10,))
    assert (one.outcome, one.could_act) == ("died", True)


def test_a_game_that_ends_first_leaves_no_outcome() -> None:
    (one,) = _recoveries(*HIT_OFF, hits=(10,))
    assert (one.end, one.outcome) == (None, "none")


@pytest.mark.parametrize(("frames", "number"), [(29, 0), (30, 1)])
def test_a_trip_of_ones_own_counts_from_30_frames_on(frames: int, number: int) -> None:
    found = _recoveries((RUN, 10, 80, 0), (FALL, frames, 95, -9), (CATCH, 9, 87, -10))
    assert [one.cause for one in found] == ["own"] * number


def test_a_short_trip_that_goes_wrong_counts() -> None:
    (one,) = _recoveries((RUN, 10, 80, 0), (FALL, 9, 95, -50), (DEAD, 9, 95, -150))
    assert (one.cause, one.outcome) == ("own", "died")


def test_letting_go_of_the_ledge_is_no_recovery_until_it_goes_wrong() -> None:
    hanging: tuple[Stretch, ...] = ((HANG, 9, 87, -10), (FALL, 40, 90, -20))
    assert _recoveries(*hanging, (CATCH, 9, 87, -10)) == []
    (died,) = _recoveries(*hanging, (DEAD, 9, 95, -150))
    assert (died.cause, died.outcome) == ("ledge", "died")
    (hit,) = _recoveries(*hanging, (FLYING, 9, 95, -30), (CATCH, 9, 87, -10), hits=(49,))
    assert (hit.cause, hit.num_hits, hit.last_hit) == ("ledge", 1, 49)


@pytest.mark.parametrize("state", [TECH, DOWNED])
def test_a_slide_off_the_edge_after_a_tech_is_the_hits_doing(state: int) -> None:
    (one,) = _recoveries(
        STANDS, (FLYING, 9, 70, 9), (state, 9, 80, 0), (FALL, 9, 90, -5), (CATCH, 9, 87, -10), hits=(10,)
    )
    assert one.cause == "hit"


@pytest.mark.parametrize(("over", "number"), [(19, 1), (20, 2)])
def test_20_frames_over_the_stage_are_a_return(over: int, number: int) -> None:
    found = _recoveries(
        *HIT_OFF, (FLYING, over, 60, 30), (FLYING, 9, 100, 30), (CATCH, 9, 87, -10), hits=(10,)
    )
    assert [one.outcome for one in found] == ["stage", "ledge"][-number:]


def test_a_hit_into_the_floor_is_not_under_the_stage() -> None:
    assert _recoveries(STANDS, (FLYING, 1, 60, -12), (DOWNED, 26, 60, 0), hits=(10,)) == []


def test_whom_the_opponent_hits_in_the_air_takes_hits() -> None:
    (one,) = _recoveries(
        *HIT_OFF, (JUMP, 9, 110, 0), (FLYING, 20, 120, 0), (CATCH, 9, 87, -10), hits=(10, 44, 50)
    )
    assert (one.num_hits, one.last_hit) == (2, 50)


def test_an_air_dodge_and_each_special_is_told() -> None:
    (one,) = _recoveries(*HIT_OFF, (DODGE, 9, 110, 0), (CATCH, 9, 87, -10), hits=(10,))
    assert (one.air_dodged, one.specials) == (True, frozenset())
    pressed = np.zeros(60)
    pressed[35] = 0x200
    stick_y = np.where(pressed > 0, 1.0, 0)
    (one,) = _recoveries(
        *HIT_OFF,
        (354, 16, 110, 0),
        (CATCH, 9, 87, -10),
        hits=(10,),
        processed=pressed,
        stick_y=stick_y,
        character=1,
    )
    assert (one.air_dodged, one.specials) == (False, {UP})


@pytest.mark.parametrize(
    ("state", "x", "off_stage", "on_ledge"),
    [(FALL, 100, True, False), (FALL, -100, False, False), (HANG, 87, False, True), (HANG, -87, False, False),
     (WAIT, 80, False, False), (DEAD, 200, False, False)],
)  # fmt: skip
def test_the_opponent_counts_on_the_same_side(state: int, x: float, off_stage: bool, on_ledge: bool) -> None:
    (one,) = _recoveries(*HIT_OFF, (CATCH, 9, 87, -10), hits=(10,), opponent=((state, 44, x, 0),))
    assert (one.opponent_off_stage, one.opponent_on_ledge) == (off_stage, on_ledge)


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [(0, 0, NEUTRAL), (0.59, 0, NEUTRAL), (-0.6, 0.54, SIDE), (0.7, 0.55, UP), (0, -0.55, DOWN)],
)
def test_the_stick_says_which_special(x: float, y: float, kind: int) -> None:
    player = fighter([FALL, 341, 342], processed=[0, 0x200, 0x200], stick_x=x, stick_y=y, character=1)
    assert specials(player).tolist() == [0, kind, 0]


@pytest.mark.parametrize(
    ("character", "states", "held"),
    [(1, [FALL, 341], [0, 0]), (1, [FALL, 341], [0x200, 0x200]), (15, [FALL, 345], [0, 0x200]),
     (9, [FALL, 341], [0, 0x200]), (24, [FALL, 348], [0, 0x200]), (1, [341, 342], [0, 0x200])],
)  # fmt: skip
def test_what_is_no_special(character: int, states: list[int], held: list[int]) -> None:
    assert not specials(fighter(states, processed=held, character=character)).any()


@pytest.mark.parametrize(("character", "jumped"), [(4, True), (15, True), (1, False)])
def test_the_many_jumps_of_kirby_and_jigglypuff_are_states_of_their_own(character: int, jumped: bool) -> None:
    (one,) = _recoveries(*HIT_OFF, (343, 9, 110, 0), (CATCH, 9, 87, -10), hits=(10,), character=character)
    assert one.double_jumped is jumped
