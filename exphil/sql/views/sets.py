"""Views of games in a row: sets against one opponent, and sessions of one player."""

from typing import Final

from exphil.sql.view import made
from exphil.sql.views.people import FACED, view

SET_PAUSE: Final = "15 MINUTES"
"""Longest time from the end of a game to the next one of a set."""

SESSION_PAUSE: Final = "60 MINUTES"
"""Longest time from the end of a game to the next one of a session."""


def _pause(window: str, longest: str) -> str:
    """SQL: more time than that has passed since the game before; true for the first."""
    ended = "started_at + to_milliseconds((seconds * 1000)::BIGINT)"
    return f"coalesce(started_at - lag({ended}) OVER {window} > INTERVAL '{longest}', true)"


SET_GAMES: Final = view(
    "set_games",
    ("replay_id", "port"),
    "A row a player of each game whose players and start are known, with its place in a set. A set is a row of games "
    "of the same two: a ranked match by its match id, else games with at most 15 minutes between them.",
    (
        *FACED,
        made(
            "match_kind",
            "string",
            "faced.match_kind",
            "`ranked`, `unranked`, `direct`, ...; null where unknown.",
        ),
        made(
            "won",
            "bool",
            "faced.won",
            "Whether this player won the game; null where nobody is known to have.",
        ),
        made("seconds", "double", "faced.seconds", "Length of play.", "seconds"),
        made(
            "set_id",
            "string",
            "first(faced.replay_id) OVER games_of",
            "First game of the set: the same for both players.",
        ),
        made("game", "uint32", "row_number() OVER games_of", "Number of the game in the set, from 1."),
        made(
            "wins_before",
            "uint32",
            "coalesce(count(*) FILTER (faced.won) OVER before, 0)",
            "Games of the set that the player had won before.",
        ),
        made(
            "losses_before",
            "uint32",
            "coalesce(count(*) FILTER (NOT faced.won) OVER before, 0)",
            "Games of the set that the player had lost before.",
        ),
        made(
            "won_previous",
            "bool",
            "lag(faced.won) OVER games_of",
            "Whether the player won the game before this one; null for the first.",
        ),
        made(
            "previous_stage", "string", "lag(faced.stage) OVER games_of", "Stage of the game before this one."
        ),
    ),
    """
    FROM (
        SELECT *, count(*) FILTER (opens) OVER (PARTITION BY player, opponent ORDER BY started_at, replay_id) AS number
        FROM (
            SELECT *,
                {pause}
                OR ('ranked' IN (match_kind, lag(match_kind) OVER pair)
                    AND match_id IS DISTINCT FROM lag(match_id) OVER pair) AS opens
            FROM {faced} AS candidate
            WHERE player <> opponent AND started_at IS NOT NULL
            WINDOW pair AS (PARTITION BY player, opponent ORDER BY started_at, replay_id)
        )
    ) AS faced
    WINDOW games_of AS (PARTITION BY player, opponent, number ORDER BY started_at, replay_id),
        before AS (PARTITION BY player, opponent, number ORDER BY started_at, replay_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)""".replace(
        "{pause}", _pause("pair", SET_PAUSE)
    ),
)

_ENDED: Final = "max(one.started_at + to_milliseconds((one.seconds * 1000)::BIGINT))"
_WINS: Final = "count(*) FILTER (one.won)"
_LOSSES: Final = "count(*) FILTER (NOT one.won)"

SETS: Final = view(
    "sets",
    ("set_id", "player"),
    "A row a player of each set: a row of games of the same two (see `set_games`).",
    (
        made("set_id", "string", "one.set_id", "First game of the set."),
        made("player", "string", "one.player", "The player: person, connect code or name."),
        made("opponent", "string", "one.opponent", "The opponent, as `player` is."),
        made(
            "match_kind",
            "string",
            "any_value(one.match_kind)",
            "`ranked`, `unranked`, `direct`, ...; null where unknown.",
        ),
        made("started_at", "timestamp[us]", "min(one.started_at)", "When the first game started."),
        made("ended_at", "timestamp[us]", _ENDED, "When the last game ended."),
        made("day", "date32", "min(one.day)", "The day of the first game."),
        made("games", "uint32", "count(*)", "Games played."),
        made("wins", "uint32", _WINS, "Games that the player won."),
        made("losses", "uint32", _LOSSES, "Games that the opponent won."),
        made(
            "won",
            "bool",
            f"CASE WHEN {_WINS} <> {_LOSSES} THEN {_WINS} > {_LOSSES} END",
            "Whether the player won more games; null for as many.",
        ),
        made(
            "won_first",
            "bool",
            "arg_min_null(one.won, one.started_at)",
            "Whether the player won the first game.",
        ),
        made(
            "characters",
            "string",
            "string_agg(DISTINCT one.character, ' ' ORDER BY one.character)",
            "The player's characters.",
        ),
        made(
            "opponent_characters",
            "string",
            "string_agg(DISTINCT one.opponent_character, ' ' ORDER BY one.opponent_character)",
            "The opponent's characters.",
        ),
        made(
            "stages", "string", "string_agg(one.stage, ' ' ORDER BY one.started_at)", "The stages, in order."
        ),
    ),
    "FROM set_games AS one GROUP BY one.set_id, one.player, one.opponent",
)

SESSION_GAMES: Final = view(
    "session_games",
    ("replay_id", "port"),
    "A row a player of each game whose players and start are known, with its place in a session: games of a player "
    "with at most an hour between them.",
    (
        *FACED,
        made(
            "won",
            "bool",
            "faced.won",
            "Whether this player won the game; null where nobody is known to have.",
        ),
        made("seconds", "double", "faced.seconds", "Length of play.", "seconds"),
        made("session", "uint32", "faced.number", "Number of the player's session, from 1."),
        made(
            "game",
            "uint32",
            "row_number() OVER (PARTITION BY faced.player, faced.number ORDER BY faced.started_at, faced.replay_id)",
            "Number of the game in the session, from 1.",
        ),
    ),
    """
    FROM (
        SELECT *, count(*) FILTER (opens) OVER (PARTITION BY player ORDER BY started_at, replay_id) AS number
        FROM (
            SELECT *, {pause} AS opens
            FROM {faced} AS candidate
            WHERE player <> opponent AND started_at IS NOT NULL
            WINDOW theirs AS (PARTITION BY player ORDER BY started_at, replay_id)
        )
    ) AS faced""".replace("{pause}", _pause("theirs", SESSION_PAUSE)),
)

SESSIONS: Final = view(
    "sessions",
    ("player", "session"),
    "A row a session of a player: games with at most an hour between them (see `session_games`).",
    (
        made("player", "string", "one.player", "The player: person, connect code or name."),
        made("session", "uint32", "one.session", "Number of the player's session, from 1."),
        made("started_at", "timestamp[us]", "min(one.started_at)", "When the first game started."),
        made("ended_at", "timestamp[us]", _ENDED, "When the last game ended."),
        made("day", "date32", "min(one.day)", "The day of the first game."),
        made("games", "uint32", "count(*)", "Games played."),
        made("wins", "uint32", _WINS, "Games that the player won."),
        made("losses", "uint32", _LOSSES, "Games that the opponents won."),
        made("opponents", "uint32", "count(DISTINCT one.opponent)", "Different opponents."),
        made(
            "characters",
            "string",
            "string_agg(DISTINCT one.character, ' ' ORDER BY one.character)",
            "The player's characters.",
        ),
        made("minutes_played", "double", "sum(one.seconds) / 60", "Time in games.", "minutes"),
    ),
    "FROM session_games AS one GROUP BY one.player, one.session",
)
