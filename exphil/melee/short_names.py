"""What players call characters and stages where room is scarce."""

from typing import Final

from exphil.melee.stages import stage_title

SHORT_NAMES: Final[dict[str, str]] = {
    "CAPTAIN_FALCON": "Falcon",
    "DONKEY_KONG": "DK",
    "DR_MARIO": "Doc",
    "GAME_AND_WATCH": "G&W",
    "GANONDORF": "Ganon",
    "ICE_CLIMBERS": "ICs",
    "JIGGLYPUFF": "Puff",
    "YOUNG_LINK": "Y. Link",
    "BATTLEFIELD": "BF",
    "DREAM_LAND": "DL",
    "FINAL_DESTINATION": "FD",
    "FOUNTAIN_OF_DREAMS": "FoD",
    "POKEMON_STADIUM": "PS",
    "YOSHIS_STORY": "YS",
}
"""Name of a character or legal stage to its short form; the others are called by their own."""


def short_name(name: str) -> str:
    """`Falcon` of `CAPTAIN_FALCON`, `FD` of `FINAL_DESTINATION`, `Marth` of `MARTH`."""
    return SHORT_NAMES.get(name) or stage_title(name)
