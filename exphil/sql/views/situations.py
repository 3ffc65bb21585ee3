"""Views of techs, ledge grabs and recoveries, with the players' names."""

from typing import Final

from exphil import schema
from exphil.schema import Table
from exphil.sql.view import View, made, taken
from exphil.sql.views.people import FACED, GAME, view


def _named(name: str, table: Table, doc: str) -> View:
    """A table of situations with who was in them, and against whom."""
    first_frame = table.key[-1]
    return view(
        name,
        table.key,
        doc,
        (
            *FACED,
            *taken(table, "situation", but=("replay_id", "port")),
            made(
                "clock",
                "string",
                f"clock(situation.{first_frame})",
                "What an eight-minute timer showed, as `7:31`.",
            ),
        ),
        f"""
    FROM {table.name} AS situation
    JOIN {{faced}} AS faced ON faced.replay_id = situation.replay_id AND faced.port = situation.port""",
    )


TECH_SITUATIONS: Final = _named(
    "tech_situations", schema.TECHS, "A row a tech, made or missed, with names: `techs` and who was in it."
)
LEDGE_SITUATIONS: Final = _named(
    "ledge_situations",
    schema.LEDGE_OPTIONS,
    "A row a ledge grab with names: `ledge_options` and who was in it.",
)
RECOVERY_SITUATIONS: Final = _named(
    "recovery_situations",
    schema.RECOVERIES,
    "A row a way back to the stage with names: `recoveries` and who was in it.",
)

EDGE_GUARDS: Final = view(
    "edge_guards",
    ("replay_id", "victim_port", "start_frame"),
    "A row an edge-guard: a recovery in which the opponent hit the player, went off the stage after them, or held "
    "the ledge.",
    (
        made("replay_id", "string", "recovery.replay_id", "Which recording."),
        made("attacker_port", "uint8", "faced.opponent_port", "Port of who guarded."),
        made("attacker", "string", "faced.opponent", "Who guarded: person, connect code or name."),
        made("attacker_code", "string", "faced.opponent_code", "Their connect code."),
        made("attacker_character", "string", "faced.opponent_character", "Their character."),
        made("victim_port", "uint8", "faced.port", "Port of who recovered."),
        made("victim", "string", "faced.player", "Who recovered: person, connect code or name."),
        made("victim_code", "string", "faced.connect_code", "Their connect code."),
        made("victim_character", "string", "faced.character", "Their character."),
        *GAME,
        *taken(schema.RECOVERIES, "recovery", but=("replay_id", "port", "edge_guarded")),
        made(
            "last_move",
            "string",
            "move_name(punish.last_move)",
            "Last move of the conversion that it began in.",
        ),
        made(
            "clock", "string", "clock(recovery.start_frame)", "What an eight-minute timer showed, as `7:31`."
        ),
    ),
    """
    FROM (FROM recoveries WHERE edge_guarded) AS recovery
    JOIN {faced} AS faced ON faced.replay_id = recovery.replay_id AND faced.port = recovery.port
    LEFT JOIN conversions AS punish
        ON punish.replay_id = recovery.replay_id AND punish.conversion = recovery.conversion""",
)
