"""Short names are short, differ, and belong to somebody."""

from exphil.melee.characters import EXTERNAL_NAMES
from exphil.melee.short_names import SHORT_NAMES, short_name
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES

PLAYABLE = range(26)


def test_every_short_name_is_somebodys() -> None:
    assert set(SHORT_NAMES) <= set(EXTERNAL_NAMES.values()) | set(STAGE_NAMES.values())


def test_characters_and_stages_keep_apart_in_few_letters() -> None:
    characters = [short_name(EXTERNAL_NAMES[character]) for character in PLAYABLE]
    stages = [short_name(STAGE_NAMES[stage]) for stage in LEGAL_STAGES]
    assert len({*characters, *stages}) == len(characters) + len(stages)
    assert max(map(len, characters)) <= 7
    assert max(map(len, stages)) <= 3
