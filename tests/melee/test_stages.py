"""Stages by name."""

import pytest

from exphil.errors import UsageError
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES, find_stage, stage_name


def test_ids_are_those_of_the_replay_format():
    assert [stage_name(stage) for stage in LEGAL_STAGES] == [
        "FOUNTAIN_OF_DREAMS", "POKEMON_STADIUM", "YOSHIS_STORY", "DREAM_LAND", "BATTLEFIELD", "FINAL_DESTINATION",
    ]  # fmt: skip
    assert stage_name(13) == "GREAT_BAY"
    assert stage_name(999) == "UNKNOWN"


def test_names_are_unique():
    assert len(set(STAGE_NAMES.values())) == len(STAGE_NAMES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fd", "FINAL_DESTINATION"),
        ("Yoshi's Story", "YOSHIS_STORY"),
        ("dreamland", "DREAM_LAND"),
        ("Battlefield", "BATTLEFIELD"),
    ],
)
def test_people_find_their_stage(text, name):
    assert find_stage(text) == name


def test_misspelt_stages_get_a_hint():
    with pytest.raises(UsageError, match="BATTLEFIELD"):
        find_stage("batlefield")
    with pytest.raises(UsageError, match="no stage"):
        find_stage("qqqq")
