"""Who plays whom: the columns that views share, and where they come from."""

from typing import Final

from exphil.sql.view import Derived, View, made


def _name(player: str, person: str) -> str:
    return (
        f"coalesce({person}.person, nullif({player}.connect_code, ''), nullif({player}.netplay_name, ''),"
        f" nullif({player}.name_tag, ''))"
    )


FACED_SQL: Final = f"""(
        SELECT one.replay_id, one.port, other.port AS opponent_port,
            {_name("one", "person")} AS player, one.connect_code, one.type, one.character_name AS character,
            {_name("other", "opposing")} AS opponent, other.connect_code AS opponent_code,
            other.type AS opponent_type, other.character_name AS opponent_character,
            games.stage, games.mode, games.version, games.started_at, games.day, games.seconds, games.minutes,
            games.last_frame, games.match_id, games.match_kind, games.excluded, one.won, one.start_stocks,
            one.end_stocks AS stocks_left, one.end_percent AS percent_left,
            other.end_stocks AS opponent_stocks_left
        FROM games
        JOIN players AS one ON one.replay_id = games.replay_id
        JOIN players AS other ON other.replay_id = games.replay_id AND other.port <> one.port
        LEFT JOIN people AS person ON person.connect_code = one.connect_code
        LEFT JOIN people AS opposing ON opposing.connect_code = other.connect_code
    )"""
"""A row a player of each game, the opponent beside: what the views below join to."""

_WHO: Final = (
    "the person that `people` knows by the connect code, else that code, else the name, else the tag"
)

GAME: Final[tuple[Derived, ...]] = (
    made("stage", "string", "faced.stage", "Stage, as `FINAL_DESTINATION`."),
    made("mode", "string", "faced.mode", "`1v1`, `training`, ...; null where the version does not tell."),
    made("started_at", "timestamp[us]", "faced.started_at", "When the game started."),
    made("day", "date32", "faced.day", "The day on which it started."),
    made("excluded", "bool", "faced.excluded", "Whether the default filter of training leaves the game out."),
)
"""The game, in views of what happened in one."""

FACED: Final[tuple[Derived, ...]] = (
    made("replay_id", "string", "faced.replay_id", "Which recording."),
    made("port", "uint8", "faced.port", "The player's port."),
    made("player", "string", "faced.player", f"The player: {_WHO}."),
    made("connect_code", "string", "faced.connect_code", "The player's connect code."),
    made("type", "string", "faced.type", "`human`, `cpu` or `demo`."),
    made(
        "character",
        "string",
        "faced.character",
        "The player's character, as `FOX`: whom the game began with.",
    ),
    made("opponent_port", "uint8", "faced.opponent_port", "The opponent's port."),
    made("opponent", "string", "faced.opponent", "The opponent, as `player` is."),
    made("opponent_code", "string", "faced.opponent_code", "The opponent's connect code."),
    made("opponent_type", "string", "faced.opponent_type", "`human`, `cpu` or `demo`."),
    made("opponent_character", "string", "faced.opponent_character", "The opponent's character."),
    *GAME,
)
"""A player, the opponent and the game."""


def with_faced(source: str) -> str:
    """A view's source, with the players of each game in place of `{faced}`."""
    return source.replace("{faced}", FACED_SQL)


def view(name: str, key: tuple[str, ...], doc: str, columns: tuple[Derived, ...], source: str) -> View:
    """A view whose source may name `{faced}`."""
    return View(name, key, doc, columns, with_faced(source))
