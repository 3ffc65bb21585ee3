"""Characters: two numberings, one set of names."""

import pytest

from exphil.errors import UsageError
from exphil.melee.characters import (
    EXTERNAL_NAMES,
    INTERNAL_NAMES,
    NUM_CHARACTERS,
    external_id,
    external_name,
    find_character,
    internal_id,
    internal_name,
)


def test_external_and_internal_ids_differ():
    """Comparing an id of one numbering with the other once filtered out every file."""
    assert external_name(2) == internal_name(1) == "FOX"
    assert external_name(20) == internal_name(22) == "FALCO"
    assert external_name(9) == internal_name(18) == "MARTH"
    assert internal_name(0x1A) == "ROY"
    assert external_name(99) == internal_name(99) == "UNKNOWN"


def test_every_playable_character_has_both_ids():
    for external in range(26):
        internal = internal_id(external)
        assert internal is not None
        name = internal_name(internal)
        assert name == ("POPO" if external_name(external) == "ICE_CLIMBERS" else external_name(external))
    assert internal_id(99) is None


def test_internal_ids_fit_the_feature():
    assert sorted(INTERNAL_NAMES) == list(range(NUM_CHARACTERS))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fox", "FOX"), ("Captain Falcon", "CAPTAIN_FALCON"), ("puff", "JIGGLYPUFF"), ("dr. mario", "DR_MARIO"),
        ("ICs", "ICE_CLIMBERS"), ("young-link", "YOUNG_LINK"), ("Game & Watch", "GAME_AND_WATCH"),
    ],
)  # fmt: skip
def test_people_find_their_character(text, name):
    assert find_character(text) == name
    assert EXTERNAL_NAMES[external_id(name)] == name


def test_misspelt_characters_get_a_hint():
    with pytest.raises(UsageError, match="FALCO"):
        find_character("falcoo")
    with pytest.raises(UsageError, match="known are"):
        find_character("zzzzzz")
