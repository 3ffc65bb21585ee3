"""Tables of names for the ids of the game, and their rows."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from exphil.melee.action_names import ACTION_NAMES, DEATH_DIRECTIONS, action_class
from exphil.melee.attacks import MOVE_NAMES, MOVE_TITLES
from exphil.melee.characters import EXTERNAL_NAMES, character_title, internal_id
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES, stage_title
from exphil.schema import Column, Table

Row: TypeAlias = tuple[str | float | None, ...]
"""Values in order of a table's columns; integers and truth values among the floats."""

CHARACTER_NAMES: Final = Table(
    "character_names",
    "replays",
    ("external_id",),
    (
        Column("external_id", "uint8", "Id of the select screen, as in `players.character`."),
        Column(
            "internal_id", "uint8", "Id of the fighter, as in `frames.post_character`; Ice Climbers: Popo's."
        ),
        Column("name", "string", "Name, as `CAPTAIN_FALCON`."),
        Column("title", "string", "What a page calls it, as `Captain Falcon`."),
    ),
    "A row a character.",
)

STAGE_TABLE: Final = Table(
    "stage_names",
    "replays",
    ("stage",),
    (
        Column("stage", "uint16", "External stage id, as in `replays.stage`."),
        Column("name", "string", "Name, as `YOSHIS_STORY`."),
        Column("title", "string", "What a page calls it, as `Yoshi's Story`."),
        Column("legal", "bool", "One of the six that tournaments play."),
    ),
    "A row a stage.",
)

MOVE_TABLE: Final = Table(
    "move_names",
    "stats",
    ("attack",),
    (
        Column("attack", "uint8", "Attack id, as in `moves.attack` and `conversions.last_move`."),
        Column(
            "name", "string", "Name, as `up-throw`: the words of `sequence`. Moves of one kind share a name."
        ),
        Column("title", "string", "What a page calls it, one of its own for each id."),
    ),
    "A row an attack id.",
)

ACTION_TABLE: Final = Table(
    "action_state_names",
    "frames",
    ("state",),
    (
        Column("state", "uint16", "Action state, as in `frames.post_state`."),
        Column("name", "string", "Name, as `dash`; from 341 on, where fighters differ, `special-<id>`."),
        Column("class", "string", "Coarse class, as `aerial`: that of the features."),
    ),
    "A row an action state.",
)

DEATH_TABLE: Final = Table(
    "death_directions",
    "stats",
    ("state",),
    (
        Column("state", "uint16", "Action state of dying, as in `stocks.death_state`."),
        Column("direction", "string", "Blast zone: `down`, `left`, `right` or `up`."),
    ),
    "A row a way to die.",
)


def _characters() -> Iterator[Row]:
    for external, name in EXTERNAL_NAMES.items():
        yield external, internal_id(external), name, character_title(name)


def _stages() -> Iterator[Row]:
    for stage, name in STAGE_NAMES.items():
        yield stage, name, stage_title(name), stage in LEGAL_STAGES


def _moves() -> Iterator[Row]:
    for attack, name in MOVE_NAMES.items():
        yield attack, name, MOVE_TITLES[attack]


def _actions() -> Iterator[Row]:
    for state, name in ACTION_NAMES.items():
        yield state, name, action_class(state)


def _deaths() -> Iterator[Row]:
    yield from DEATH_DIRECTIONS.items()


NAMES: Final[tuple[tuple[Table, Callable[[], Iterator[Row]]], ...]] = (
    (CHARACTER_NAMES, _characters),
    (STAGE_TABLE, _stages),
    (MOVE_TABLE, _moves),
    (ACTION_TABLE, _actions),
    (DEATH_TABLE, _deaths),
)
"""The tables of names, each with what gives its rows."""
