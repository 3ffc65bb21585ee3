"""Names of moves, action states, blast zones, and the titles that pages use."""

import re

from exphil.melee.action_names import ACTION_NAMES, DEATH_DIRECTIONS, action_class
from exphil.melee.actions import LAST_ACTION
from exphil.melee.attacks import MOVE_NAMES, MOVE_TITLES, move_name
from exphil.melee.characters import EXTERNAL_NAMES, character_title
from exphil.melee.stages import STAGE_NAMES, stage_title


def test_moves_are_those_of_the_game():
    assert [move_name(attack) for attack in (2, 6, 7, 10, 13, 14, 15, 16, 17)] == [
        "jab", "dash-attack", "forward-tilt", "forward-smash", "nair", "fair", "bair", "uair", "dair",
    ]  # fmt: skip
    assert [move_name(attack) for attack in (52, 53, 54, 55, 56)] == [
        "pummel", "forward-throw", "back-throw", "up-throw", "down-throw",
    ]  # fmt: skip
    assert [move_name(attack) for attack in (50, 51, 61, 62)] == ["getup-attack"] * 2 + ["ledge-attack"] * 2
    assert MOVE_TITLES[47] == "Kirby's copy of Giga Bowser"
    assert MOVE_TITLES[66] == "Beam Sword, dash"
    assert MOVE_TITLES[94] == "Warp Star"
    assert move_name(48) == "move-48"
    assert move_name(0) == "move-0"


def test_every_id_has_a_title_of_its_own():
    assert list(MOVE_TITLES) == list(MOVE_NAMES) == sorted(MOVE_NAMES)
    assert len(set(MOVE_TITLES.values())) == len(MOVE_TITLES)


def test_names_are_words_that_a_sequence_can_hold():
    for name in (*MOVE_NAMES.values(), *ACTION_NAMES.values()):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)


def test_every_action_state_has_a_name_of_its_own():
    assert sorted(ACTION_NAMES) == list(range(LAST_ACTION + 1))
    assert len(set(ACTION_NAMES.values())) == len(ACTION_NAMES)
    known = {
        0x0E: "wait", 0x14: "dash", 0x18: "jump-squat", 0x2B: "special-landing", 0x32: "dash-attack", 0x41: "nair",
        0x4A: "dair-landing", 0x5B: "damage-fly-roll", 0xB3: "shield", 0xC7: "tech-in-place", 0xCC: "ceiling-tech",
        0xD4: "grab", 0xDB: "forward-throw", 0xDE: "down-throw", 0xE9: "roll-forward", 0xEB: "spot-dodge",
        0xEC: "air-dodge", 0xFC: "ledge-catch", 0x107: "ledge-jump-2", 0x125: "barrel-wait", 0x144: "entry-end",
        0x154: "barrel-cannon-wait", 0x155: "special-341",
    }  # fmt: skip
    assert {state: ACTION_NAMES[state] for state in known} == known


def test_classes_fit_the_names():
    assert action_class(0x41) == "aerial"
    assert action_class(0xB3) == "shielding"
    assert action_class(400) == "special"


def test_blast_zones():
    assert [DEATH_DIRECTIONS.get(state) for state in range(12)] == [
        "down",
        "left",
        "right",
        *["up"] * 8,
        None,
    ]


def test_titles_read_as_people_write_them():
    assert character_title("DR_MARIO") == "Dr. Mario"
    assert character_title("CAPTAIN_FALCON") == "Captain Falcon"
    assert stage_title("YOSHIS_STORY") == "Yoshi's Story"
    assert stage_title("TARGET_TEST_GAME_AND_WATCH") == "Target Test: Mr. Game & Watch"
    for title in (*map(character_title, EXTERNAL_NAMES.values()), *map(stage_title, STAGE_NAMES.values())):
        assert "_" not in title
        assert not title.isupper()
