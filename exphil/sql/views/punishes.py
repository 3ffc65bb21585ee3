"""Views of punishes, of the moves in them, and of combos."""

from typing import Final

from exphil import schema
from exphil.schema import Table
from exphil.sql.view import Derived, made, taken
from exphil.sql.views.people import GAME, view

_WHO: Final = (
    made("attacker_port", "uint8", "punish.attacker_port", "Port of who dealt it."),
    made("attacker", "string", "faced.player", "Who dealt it: person, connect code or name."),
    made("attacker_code", "string", "faced.connect_code", "Their connect code."),
    made("attacker_character", "string", "faced.character", "Their character, as `FOX`."),
    made("victim_port", "uint8", "punish.victim_port", "Port of who took it."),
    made("victim", "string", "faced.opponent", "Who took it: person, connect code or name."),
    made("victim_code", "string", "faced.opponent_code", "Their connect code."),
    made("victim_character", "string", "faced.opponent_character", "Their character."),
    *GAME,
)

_MOVES: Final = (
    made(
        "first_move",
        "string",
        "move_name(punish.first_move)",
        "Its first move, as `up-throw`; null where none dealt damage.",
    ),
    made("last_move", "string", "move_name(punish.last_move)", "Its last move: of a kill, what killed."),
)

_DIRECTION: Final = made(
    "kill_direction",
    "string",
    "CASE WHEN punish.killed THEN death_direction(stock.death_state) END",
    "Blast zone of the kill: `down`, `left`, `right` or `up`; null for others.",
)


def _duration(what_ends_it: str) -> tuple[Derived, ...]:
    return (
        made(
            "frames",
            "int32",
            "punish.end_frame - punish.start_frame",
            f"Duration, {what_ends_it} among it; null where the game ended first.",
            "frames",
        ),
        made("seconds", "double", "(punish.end_frame - punish.start_frame) / 60", "The same.", "seconds"),
        made(
            "clock",
            "string",
            "clock(punish.start_frame)",
            "What an eight-minute timer showed at its start, as `7:31`.",
        ),
    )


def _source(table: Table) -> str:
    return f"""
    FROM {table.name} AS punish
    JOIN {{faced}} AS faced ON faced.replay_id = punish.replay_id AND faced.port = punish.attacker_port
    LEFT JOIN stocks AS stock ON stock.replay_id = punish.replay_id AND stock.port = punish.victim_port
        AND stock.end_frame = punish.end_frame AND punish.killed"""


_PERCENTS: Final = ("start_percent", "current_percent", "end_percent", "damage")

PUNISHES: Final = view(
    "punishes",
    schema.CONVERSIONS.key,
    "A row a punish (a conversion, as slippi-js has it) with names: who punished whom, with what, and how it ended.",
    (
        *taken(schema.CONVERSIONS, "punish", only=schema.CONVERSIONS.key),
        *_WHO,
        *taken(schema.CONVERSIONS, "punish", only=("start_frame", "end_frame")),
        *_duration("the 45 frames of control that end one without a kill"),
        *taken(schema.CONVERSIONS, "punish", only=(*_PERCENTS, "opening")),
        *_MOVES,
        *taken(schema.CONVERSIONS, "punish", only=("num_moves", "num_hits", "sequence", "killed")),
        _DIRECTION,
    ),
    _source(schema.CONVERSIONS),
)

PLAYER_COMBOS: Final = view(
    "player_combos",
    schema.COMBOS.key,
    "A row a combo with names. A combo ends sooner than a punish, as a rule: once the victim could act.",
    (
        *taken(schema.COMBOS, "punish", only=schema.COMBOS.key),
        *_WHO,
        *taken(schema.COMBOS, "punish", only=("start_frame", "end_frame")),
        *_duration("the frames that end one without a kill"),
        *taken(schema.COMBOS, "punish", only=_PERCENTS),
        *_MOVES,
        *taken(schema.COMBOS, "punish", only=("num_moves", "num_hits", "killed")),
        _DIRECTION,
    ),
    _source(schema.COMBOS),
)

PUNISH_MOVES: Final = view(
    "punish_moves",
    ("replay_id", "conversion", "move"),
    "A row a move of a punish, with names. A punish's moves join by `replay_id` and `conversion`.",
    (
        *taken(schema.MOVES, "moves", only=("replay_id", "conversion", "move")),
        made("attacker_port", "uint8", "moves.port", "Port of who dealt it."),
        made("attacker", "string", "faced.player", "Who dealt it: person, connect code or name."),
        made("attacker_character", "string", "faced.character", "Their character, as `FOX`."),
        made("victim", "string", "faced.opponent", "Who took it."),
        made("victim_character", "string", "faced.opponent_character", "Their character."),
        *GAME,
        *taken(schema.MOVES, "moves", only=("frame", "attack")),
        made("name", "string", "move_name(moves.attack)", "The move, as `uair`."),
        *taken(schema.MOVES, "moves", only=("num_hits", "damage")),
    ),
    """
    FROM moves JOIN {faced} AS faced ON faced.replay_id = moves.replay_id AND faced.port = moves.port""",
)
