"""Stages: names of the external ids that a replay's start carries."""

from difflib import get_close_matches
from typing import Final

from exphil.errors import UsageError
from exphil.melee.characters import character_title

UNKNOWN: Final = "UNKNOWN"

STAGE_NAMES: Final[dict[int, str]] = {
    2: "FOUNTAIN_OF_DREAMS",
    3: "POKEMON_STADIUM",
    4: "PRINCESS_PEACHS_CASTLE",
    5: "KONGO_JUNGLE",
    6: "BRINSTAR",
    7: "CORNERIA",
    8: "YOSHIS_STORY",
    9: "ONETT",
    10: "MUTE_CITY",
    11: "RAINBOW_CRUISE",
    12: "JUNGLE_JAPES",
    13: "GREAT_BAY",
    14: "HYRULE_TEMPLE",
    15: "BRINSTAR_DEPTHS",
    16: "YOSHIS_ISLAND",
    17: "GREEN_GREENS",
    18: "FOURSIDE",
    19: "MUSHROOM_KINGDOM",
    20: "MUSHROOM_KINGDOM_II",
    22: "VENOM",
    23: "POKE_FLOATS",
    24: "BIG_BLUE",
    25: "ICICLE_MOUNTAIN",
    26: "ICETOP",
    27: "FLAT_ZONE",
    28: "DREAM_LAND",
    29: "YOSHIS_ISLAND_N64",
    30: "KONGO_JUNGLE_N64",
    31: "BATTLEFIELD",
    32: "FINAL_DESTINATION",
    33: "TARGET_TEST_MARIO",
    34: "TARGET_TEST_CAPTAIN_FALCON",
    35: "TARGET_TEST_YOUNG_LINK",
    36: "TARGET_TEST_DONKEY_KONG",
    37: "TARGET_TEST_DR_MARIO",
    38: "TARGET_TEST_FALCO",
    39: "TARGET_TEST_FOX",
    40: "TARGET_TEST_ICE_CLIMBERS",
    41: "TARGET_TEST_KIRBY",
    42: "TARGET_TEST_BOWSER",
    43: "TARGET_TEST_LINK",
    44: "TARGET_TEST_LUIGI",
    45: "TARGET_TEST_MARTH",
    46: "TARGET_TEST_MEWTWO",
    47: "TARGET_TEST_NESS",
    48: "TARGET_TEST_PEACH",
    49: "TARGET_TEST_PICHU",
    50: "TARGET_TEST_PIKACHU",
    51: "TARGET_TEST_JIGGLYPUFF",
    52: "TARGET_TEST_SAMUS",
    53: "TARGET_TEST_SHEIK",
    54: "TARGET_TEST_YOSHI",
    55: "TARGET_TEST_ZELDA",
    56: "TARGET_TEST_GAME_AND_WATCH",
    57: "TARGET_TEST_ROY",
    58: "TARGET_TEST_GANONDORF",
    84: "HOME_RUN_CONTEST",
}

# The six that tournaments play, in the order of their ids: one class each in the features.
LEGAL_STAGES: Final = (2, 3, 8, 28, 31, 32)

ALIASES: Final[dict[str, str]] = {
    "FD": "FINAL_DESTINATION",
    "BF": "BATTLEFIELD",
    "FOD": "FOUNTAIN_OF_DREAMS",
    "FOUNTAIN": "FOUNTAIN_OF_DREAMS",
    "PS": "POKEMON_STADIUM",
    "STADIUM": "POKEMON_STADIUM",
    "YS": "YOSHIS_STORY",
    "YOSHIS": "YOSHIS_STORY",
    "DL": "DREAM_LAND",
    "DL64": "DREAM_LAND",
    "DREAMLAND": "DREAM_LAND",
    "DREAM_LAND_N64": "DREAM_LAND",
}


def stage_name(stage: int) -> str:
    """Name of an external stage id; `UNKNOWN` where there is none."""
    return STAGE_NAMES.get(stage, UNKNOWN)


_TITLES: Final = {
    "POKEMON_STADIUM": "Pokémon Stadium",
    "PRINCESS_PEACHS_CASTLE": "Princess Peach's Castle",
    "YOSHIS_STORY": "Yoshi's Story",
    "YOSHIS_ISLAND": "Yoshi's Island",
    "YOSHIS_ISLAND_N64": "Yoshi's Island N64",
    "FOUNTAIN_OF_DREAMS": "Fountain of Dreams",
    "MUSHROOM_KINGDOM_II": "Mushroom Kingdom II",
    "KONGO_JUNGLE_N64": "Kongo Jungle N64",
    "POKE_FLOATS": "Poké Floats",
    "HOME_RUN_CONTEST": "Home-Run Contest",
}
_TARGET_TEST: Final = "TARGET_TEST_"


def stage_title(name: str) -> str:
    """What a page calls a stage: `YOSHIS_STORY` is Yoshi's Story."""
    if name.startswith(_TARGET_TEST):
        return f"Target Test: {character_title(name.removeprefix(_TARGET_TEST))}"
    return _TITLES.get(name, name.replace("_", " ").title())


def find_stage(text: str) -> str:
    """The name that a person meant: any case, spaces or hyphens, and the usual short forms."""
    wanted = text.strip().upper().replace(" ", "_").replace("-", "_").replace("'", "")
    wanted = ALIASES.get(wanted, wanted)
    names = sorted(set(STAGE_NAMES.values()))
    if wanted in names:
        return wanted
    near = get_close_matches(wanted, [*names, *ALIASES], n=1)
    hint = f"did you mean {ALIASES.get(near[0], near[0])}?" if near else "see docs/features.md for the names"
    raise UsageError(f"no stage is called {text!r}: {hint}")
