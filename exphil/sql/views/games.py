"""Views of games, and of the players in them."""

from collections.abc import Iterator
from typing import Final

from exphil import schema
from exphil.sql.view import Derived, View, made, taken
from exphil.sql.views.people import FACED, view

GAMES: Final = View(
    "games",
    ("replay_id",),
    "A row a game of two that counts: one that was read, and is no duplicate of another.",
    (
        *taken(schema.REPLAYS, "replays", only=("replay_id", "path", "version", "mode", "complete")),
        made("stage", "string", "replays.stage_name", "Stage, as `FINAL_DESTINATION`."),
        made(
            "frozen_stadium",
            "bool",
            "replays.is_frozen_stadium",
            "Pokemon Stadium without transformations; null before format 2.0.",
        ),
        made(
            "started_at",
            "timestamp[us]",
            "try_cast(replays.started_at AS TIMESTAMP)",
            "When it started; in UTC where the recorder knew.",
        ),
        made(
            "day", "date32", "try_cast(replays.started_at AS TIMESTAMP)::DATE", "The day on which it started."
        ),
        made("seconds", "double", "(replays.last_frame + 39) / 60", "Length of play.", "seconds"),
        made("minutes", "double", "(replays.last_frame + 39) / 3600", "Length of play.", "minutes"),
        *taken(
            schema.REPLAYS,
            "replays",
            only=("end_method", "lras_port", "winner_port", "winner_by", "match_id"),
        ),
        made(
            "match_kind",
            "string",
            "regexp_extract(replays.match_id, '^mode\\.([a-z]+)', 1)",
            "`ranked`, `unranked`, `direct`, ... from the match id; null where there is none.",
        ),
        *taken(
            schema.REPLAYS,
            "replays",
            only=("match_game", "platform", "console_name", "num_frames", "last_frame"),
        ),
        *taken(schema.QUALITY, "quality", only=("score", "excluded", "flags")),
    ),
    """
    FROM replays LEFT JOIN quality ON quality.replay_id = replays.replay_id
    WHERE replays.status = 'ok' AND replays.num_players = 2""",
)


def _ratios() -> Iterator[Derived]:
    """Every ratio of `overall` as a value, under its plain name."""
    names = schema.OVERALL.names
    for count in names:
        ratio = count.removesuffix("_count")
        if ratio != count and f"{ratio}_total" in names:
            yield made(
                ratio,
                "double",
                f"overall.{count} / nullif(overall.{ratio}_total, 0)",
                f"{count} by {ratio}_total; null where that is zero.",
            )


SIDES: Final = view(
    "sides",
    ("replay_id", "port"),
    "A row a player of each of `games`, with the opponent beside, the statistics of `overall` (counts, totals and "
    "their ratios) and the counts of `action_counts`. Over several games: `per(sum(..._count), sum(..._total))`.",
    (
        *FACED,
        made("version", "string", "faced.version", "Replay format, as `3.14.0`."),
        made("seconds", "double", "faced.seconds", "Length of play.", "seconds"),
        made("minutes", "double", "faced.minutes", "Length of play.", "minutes"),
        made("won", "bool", "faced.won", "Whether this player won; null where nobody is known to have."),
        made("start_stocks", "uint8", "faced.start_stocks", "Stocks at the start.", "stocks"),
        made("stocks_left", "uint8", "faced.stocks_left", "Stocks at the last frame.", "stocks"),
        made("opponent_stocks_left", "uint8", "faced.opponent_stocks_left", "The opponent's.", "stocks"),
        made("percent_left", "float", "faced.percent_left", "Damage at the last frame.", "percent"),
        *taken(schema.OVERALL, "overall", but=("replay_id", "port")),
        *_ratios(),
        *taken(schema.ACTION_COUNTS, "counts", but=("replay_id", "port")),
        made(
            "l_cancel",
            "double",
            "counts.l_cancel_success / nullif(counts.l_cancel_success + counts.l_cancel_fail, 0)",
            "Share of aerial landings that were L-cancelled; null where there was none.",
        ),
    ),
    """
    FROM {faced} AS faced
    LEFT JOIN overall ON overall.replay_id = faced.replay_id AND overall.port = faced.port
    LEFT JOIN action_counts AS counts ON counts.replay_id = faced.replay_id AND counts.port = faced.port""",
)
