"""Characters: two numberings (select screen outside, fighter inside), one set of names."""

from difflib import get_close_matches
from typing import Final

from exphil.errors import UsageError

UNKNOWN: Final = "UNKNOWN"

# Select-screen ids, as the game start carries them.
EXTERNAL_NAMES: Final[dict[int, str]] = {
    0: "CAPTAIN_FALCON",
    1: "DONKEY_KONG",
    2: "FOX",
    3: "GAME_AND_WATCH",
    4: "KIRBY",
    5: "BOWSER",
    6: "LINK",
    7: "LUIGI",
    8: "MARIO",
    9: "MARTH",
    10: "MEWTWO",
    11: "NESS",
    12: "PEACH",
    13: "PIKACHU",
    14: "ICE_CLIMBERS",
    15: "JIGGLYPUFF",
    16: "SAMUS",
    17: "YOSHI",
    18: "ZELDA",
    19: "SHEIK",
    20: "FALCO",
    21: "YOUNG_LINK",
    22: "DR_MARIO",
    23: "ROY",
    24: "PICHU",
    25: "GANONDORF",
    26: "MASTER_HAND",
    27: "WIREFRAME_MALE",
    28: "WIREFRAME_FEMALE",
    29: "GIGA_BOWSER",
    30: "CRAZY_HAND",
    31: "SANDBAG",
    32: "POPO",
}

# Fighter ids, as every post-frame row carries them.
INTERNAL_NAMES: Final[dict[int, str]] = {
    0: "MARIO",
    1: "FOX",
    2: "CAPTAIN_FALCON",
    3: "DONKEY_KONG",
    4: "KIRBY",
    5: "BOWSER",
    6: "LINK",
    7: "SHEIK",
    8: "NESS",
    9: "PEACH",
    10: "POPO",
    11: "NANA",
    12: "PIKACHU",
    13: "SAMUS",
    14: "YOSHI",
    15: "JIGGLYPUFF",
    16: "MEWTWO",
    17: "LUIGI",
    18: "MARTH",
    19: "ZELDA",
    20: "YOUNG_LINK",
    21: "DR_MARIO",
    22: "FALCO",
    23: "PICHU",
    24: "GAME_AND_WATCH",
    25: "GANONDORF",
    26: "ROY",
    27: "MASTER_HAND",
    28: "CRAZY_HAND",
    29: "WIREFRAME_MALE",
    30: "WIREFRAME_FEMALE",
    31: "GIGA_BOWSER",
    32: "SANDBAG",
}

NUM_CHARACTERS: Final = 33

ALIASES: Final[dict[str, str]] = {
    "FALCON": "CAPTAIN_FALCON",
    "CPTFALCON": "CAPTAIN_FALCON",
    "DK": "DONKEY_KONG",
    "GNW": "GAME_AND_WATCH",
    "GAW": "GAME_AND_WATCH",
    "GAMEANDWATCH": "GAME_AND_WATCH",
    "MR_GAME_AND_WATCH": "GAME_AND_WATCH",
    "PUFF": "JIGGLYPUFF",
    "ICS": "ICE_CLIMBERS",
    "ICIES": "ICE_CLIMBERS",
    "YLINK": "YOUNG_LINK",
    "DOC": "DR_MARIO",
    "DOCTOR_MARIO": "DR_MARIO",
    "GANON": "GANONDORF",
    "PIKA": "PIKACHU",
    "M2": "MEWTWO",
}

_TO_INTERNAL: Final = {
    external: {"ICE_CLIMBERS": 10}.get(name, next((i for i, n in INTERNAL_NAMES.items() if n == name), None))
    for external, name in EXTERNAL_NAMES.items()
}
_TO_EXTERNAL: Final = {name: external for external, name in EXTERNAL_NAMES.items()}


def external_name(character: int) -> str:
    """Name of a select-screen id; `UNKNOWN` where there is none."""
    return EXTERNAL_NAMES.get(character, UNKNOWN)


def internal_name(character: int) -> str:
    """Name of a fighter id; `UNKNOWN` where there is none."""
    return INTERNAL_NAMES.get(character, UNKNOWN)


_TITLES: Final = {"DR_MARIO": "Dr. Mario", "GAME_AND_WATCH": "Mr. Game & Watch"}


def character_title(name: str) -> str:
    """What a page calls a character: `CAPTAIN_FALCON` is Captain Falcon."""
    return _TITLES.get(name, name.replace("_", " ").title())


def external_id(name: str) -> int:
    """Select-screen id of a name."""
    return _TO_EXTERNAL[name]


def internal_id(external: int) -> int | None:
    """Fighter id of a select-screen id; Popo for the Ice Climbers, None where there is none."""
    return _TO_INTERNAL.get(external)


def find_character(text: str) -> str:
    """The name that a person meant: any case, spaces or hyphens, and the usual short forms."""
    wanted = text.strip().upper().replace(" ", "_").replace("-", "_").replace(".", "").replace("&", "AND")
    wanted = ALIASES.get(wanted, wanted)
    names = sorted(set(EXTERNAL_NAMES.values()))
    if wanted in names:
        return wanted
    near = get_close_matches(wanted, [*names, *ALIASES], n=1)
    hint = f"did you mean {ALIASES.get(near[0], near[0])}?" if near else f"known are {', '.join(names)}"
    raise UsageError(f"no character is called {text!r}: {hint}")
