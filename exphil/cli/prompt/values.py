"""What Tab offers between quotes: names of characters, stages, moves and players, words of a sequence."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from exphil.melee.action_names import DEATH_DIRECTIONS
from exphil.melee.attacks import MOVE_NAMES
from exphil.melee.characters import EXTERNAL_NAMES
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES
from exphil.sql.macros import SITUATION_WORDS

if TYPE_CHECKING:
    from exphil.sql.database import Database

MOST_PLAYERS: Final = 2_000

_COMPARED: Final = re.compile(
    r"(?P<column>[A-Za-z_]\w*)\s*(?:=|<>|!=|\b(?:not\s+)?i?like\b|\b(?:not\s+)?in\s*\((?:[^()]*,)?)\s*"
    r"'(?P<begun>[^']*)\Z",
    re.IGNORECASE,
)
_SEARCHED: Final = re.compile(
    r"\bin_order\s*\([^()']*,\s*'(?:[^']*[\s>|^])?(?P<begun>[a-z-]*)\Z", re.IGNORECASE
)

_CHARACTERS: Final = ("character", "character_name")
_STAGES: Final = ("stage", "stage_name")
_MOVES: Final = ("move", "killed_by")
_DIRECTIONS: Final = ("direction",)
_PLAYERS: Final = ("player", "opponent", "attacker", "victim", "person", "code")


def known_values(database: "Database") -> Mapping[str, tuple[str, ...]]:
    """Values by the end of the column's name. Of players those who play most come first."""
    stages = [STAGE_NAMES[stage] for stage in LEGAL_STAGES]
    return {
        **dict.fromkeys(_CHARACTERS, _once(EXTERNAL_NAMES.values())),
        **dict.fromkeys(_STAGES, _once([*stages, *STAGE_NAMES.values()])),
        **dict.fromkeys(_MOVES, _once(MOVE_NAMES.values())),
        **dict.fromkeys(_DIRECTIONS, _once(DEATH_DIRECTIONS.values())),
        **dict.fromkeys(_PLAYERS, _players(database)),
        "opening": ("neutral-win", "counter-attack", "trade"),
    }


def value_begun(before: str, values: Mapping[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]] | None:
    """What is typed of a value at the end of a text, and what it may become; None where no value is begun."""
    if found := _SEARCHED.search(before):
        return found["begun"], _once([*SITUATION_WORDS, *MOVE_NAMES.values()])
    if found := _COMPARED.search(before):
        column = found["column"].lower()
        for ending in sorted(values, key=len, reverse=True):
            if column == ending or column.endswith(f"_{ending}"):
                return found["begun"], values[ending]
    return None


def _players(database: "Database") -> tuple[str, ...]:
    rows = database.query(
        "SELECT player FROM sides WHERE player IS NOT NULL GROUP BY ALL"
        f" ORDER BY count(*) DESC, player LIMIT {MOST_PLAYERS}"
    ).read_all()
    return tuple(rows["player"].to_pylist())


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
