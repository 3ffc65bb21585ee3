"""Action states on either side of a mirror."""

import numpy as np
import pytest

from exphil.melee.actions import CLASS_OF_ACTION, LAST_LIFELESS_ACTION, NO_ACTION, NUM_ACTIONS
from exphil.melee.characters import INTERNAL_NAMES, NUM_CHARACTERS
from exphil.melee.sides import MIRRORED_ACTION, OF_CHARACTER


def fighter(name: str) -> int:
    return next(number for number, known in INTERNAL_NAMES.items() if known == name)


def test_a_mirror_in_a_mirror_shows_what_is_there() -> None:
    assert MIRRORED_ACTION.shape == (NUM_CHARACTERS + 1, NUM_ACTIONS)
    for table in MIRRORED_ACTION:
        assert np.array_equal(table[table], np.arange(NUM_ACTIONS))


def test_a_mirrored_action_is_of_the_same_class_and_as_alive() -> None:
    assert np.array_equal(CLASS_OF_ACTION[MIRRORED_ACTION], np.tile(CLASS_OF_ACTION, (NUM_CHARACTERS + 1, 1)))
    lifeless = np.arange(NUM_ACTIONS) <= LAST_LIFELESS_ACTION
    assert np.array_equal(MIRRORED_ACTION <= LAST_LIFELESS_ACTION, np.tile(lifeless, (NUM_CHARACTERS + 1, 1)))


def test_only_known_fighters_have_sides_of_their_own() -> None:
    assert set(OF_CHARACTER) <= set(INTERNAL_NAMES.values())


@pytest.mark.parametrize("character", range(NUM_CHARACTERS + 1))
def test_everybody_dies_on_the_other_side(character: int) -> None:
    assert MIRRORED_ACTION[character, [0, 1, 2, 3]].tolist() == [0, 2, 1, 3]
    assert MIRRORED_ACTION[character, NO_ACTION] == NO_ACTION


def test_rest_to_the_left_is_jigglypuffs_alone() -> None:
    assert MIRRORED_ACTION[fighter("JIGGLYPUFF"), 369] == 371
    assert MIRRORED_ACTION[fighter("MARTH"), 369] == 369


def test_who_has_no_left_taunt_keeps_the_right_one() -> None:
    assert MIRRORED_ACTION[fighter("MARTH"), 264] == 264
    assert MIRRORED_ACTION[fighter("PEACH"), 264] == 265
