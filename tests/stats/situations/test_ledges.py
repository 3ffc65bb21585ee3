"""Ledge options: against their slow twin, and as players name them."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given

from exphil.stats.situations.course import Course
from exphil.stats.situations.ledges import LedgeOption, ledge_options
from exphil.stats.walk import Fighter
from tests.stats.fighters import fighter
from tests.stats.slow_situations import slow_ledge_options
from tests.stats.wanderers import pairs

WAIT, FALL, JUMP, DODGE, LANDING, NAIR, CATCH, HANG = 14, 29, 27, 236, 43, 65, 252, 253
HELD = ((FALL, 5), (CATCH, 7), (HANG, 8))
"""Falls to the ledge on frame 5 and holds it until frame 20."""


@given(pairs())
def test_ledge_options_are_what_a_walk_finds(pair: tuple[Fighter, Fighter]) -> None:
    for player in pair:
        assert [asdict(option) for option in ledge_options(Course(player))] == slow_ledge_options(player)


def _states(*stretches: tuple[int, int]) -> list[int]:
    return [state for state, frames in stretches for _ in range(frames)]


def _options(*stretches: tuple[int, int], **columns: object) -> list[LedgeOption]:
    return ledge_options(Course(fighter(_states(*stretches), **columns)))


@pytest.mark.parametrize(
    ("state", "option", "slow"),
    [(254, "getup", True), (255, "getup", False), (256, "attack", True), (257, "attack", False), (258, "roll", True),
     (259, "roll", False), (260, "jump", True), (262, "jump", False), (FALL, "drop", None), (88, "hit", None),
     (223, "hit", None), (0, "died", None)],
)  # fmt: skip
def test_what_follows_the_hanging_is_the_option(state: int, option: str, slow: bool | None) -> None:
    (grab,) = _options(*HELD, (state, 30), (WAIT, 5))
    assert (grab.frame, grab.release, grab.option, grab.slow) == (5, 20, option, slow)


def test_who_hangs_until_the_game_is_over_chose_nothing() -> None:
    (grab,) = _options(*HELD)
    assert (grab.option, grab.release, grab.after_drop, grab.hit) == ("none", None, None, None)


@pytest.mark.parametrize(
    ("then", "after"),
    [
        (((JUMP, 5), (DODGE, 4), (LANDING, 10), (WAIT, 9)), "ledgedash"),
        (((JUMP, 5), (DODGE, 20), (35, 20), (LANDING, 9)), "air-dodge"),
        (((JUMP, 5), (NAIR, 20), (70, 9)), "aerial"),
        (((JUMP, 5), (FALL, 20), (42, 9)), "jump"),
        (((JUMP, 5), (CATCH, 7), (HANG, 9), (255, 30)), "regrab"),
        (((JUMP, 5), (NAIR, 10), (CATCH, 7), (255, 30)), "regrab"),
        (((FALL, 5), (42, 9)), "fall"),
        (((FALL, 5), (88, 9)), "hit"),
        (((FALL, 5), (0, 9)), "died"),
        (((FALL, 70), (NAIR, 9)), "fall"),
    ],
)  # fmt: skip
def test_what_a_drop_led_to(then: tuple[tuple[int, int], ...], after: str) -> None:
    assert _options(*HELD, (FALL, 1), *then)[0].after_drop == after


def test_a_special_out_of_a_drop() -> None:
    states = _states(*HELD, (FALL, 1), (JUMP, 5), (344, 20), (42, 5))
    pressed = np.zeros(len(states))
    pressed[26] = 0x200
    (grab,) = ledge_options(Course(fighter(states, character=1, processed=pressed)))
    assert grab.after_drop == "special"


def test_frames_out_of_reach_are_counted_from_the_release_and_from_the_end_of_a_ledgedash() -> None:
    stretches = (*HELD, (FALL, 1), (JUMP, 5), (DODGE, 2), (LANDING, 10), (WAIT, 20))
    hurtbox = np.zeros(len(_states(*stretches)))
    hurtbox[5:45] = 2
    (grab,) = _options(*stretches, hurtbox=hurtbox)
    assert (grab.after_drop, grab.intangible, grab.galint) == ("ledgedash", 25, 7)


def test_a_format_without_hurtboxes_tells_nothing_of_them() -> None:
    stretches = (*HELD, (FALL, 1), (JUMP, 5), (DODGE, 2), (LANDING, 10), (WAIT, 20))
    (grab,) = _options(*stretches, hurtbox=np.nan)
    assert (grab.after_drop, grab.intangible, grab.galint) == ("ledgedash", None, None)


def test_a_ledgedash_that_slides_off_again_leaves_nothing_to_act_on() -> None:
    (grab,) = _options(*HELD, (JUMP, 5), (DODGE, 2), (LANDING, 5), (FALL, 20), hurtbox=2)
    assert (grab.after_drop, grab.galint) == ("ledgedash", None)


@pytest.mark.parametrize(("frames", "again"), [(60, True), (61, False)])
def test_a_regrab_comes_within_60_frames(frames: int, again: bool) -> None:
    grabs = _options(*HELD, (FALL, frames), (CATCH, 7))
    assert [grab.regrabbed for grab in grabs] == [again, False]


def test_a_hit_after_the_release_is_told() -> None:
    percent = np.repeat([0.0, 8.0], [50, 30])
    (grab,) = _options(*HELD, (255, 30), (88, 30), percent=percent)
    assert grab.hit == 50
