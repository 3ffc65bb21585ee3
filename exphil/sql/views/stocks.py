"""Views of stocks."""

from typing import Final

from exphil.sql.view import made
from exphil.sql.views.people import FACED, view

STOCK_LOSSES: Final = view(
    "stock_losses",
    ("replay_id", "port", "frame"),
    "A row a stock that was lost: whose, at what percent, where to, and what took it.",
    (
        *FACED,
        made("frame", "int32", "stock.end_frame", "Frame on which it was lost.", "frames"),
        made("seconds", "double", "seconds_at(stock.end_frame)", "Seconds of play until then.", "seconds"),
        made("clock", "string", "clock(stock.end_frame)", "What an eight-minute timer showed, as `7:31`."),
        made(
            "lived_seconds",
            "double",
            "(stock.end_frame - stock.start_frame) / 60",
            "How long it was played.",
            "seconds",
        ),
        made(
            "stocks_before",
            "uint8",
            "stock.count",
            "Stocks that the player had before, this one among them.",
            "stocks",
        ),
        made("percent", "double", "stock.end_percent", "Damage on the frame before it was lost.", "percent"),
        made(
            "kill_direction",
            "string",
            "death_direction(stock.death_state)",
            "Blast zone: `down`, `left`, `right` or `up`.",
        ),
        made(
            "conversion",
            "uint16",
            "punish.conversion",
            "The opponent's punish that ended with it; null for none.",
        ),
        made(
            "killed_by",
            "string",
            "move_name(punish.last_move)",
            "Last move of that punish; null for a self-destruct.",
        ),
        made(
            "opening",
            "string",
            "punish.opening",
            "How that punish began: `neutral-win`, `counter-attack` or `trade`.",
        ),
        made("self_destruct", "bool", "punish.conversion IS NULL", "No punish ended with it."),
    ),
    """
    FROM stocks AS stock
    JOIN {faced} AS faced ON faced.replay_id = stock.replay_id AND faced.port = stock.port
    LEFT JOIN (FROM conversions WHERE killed) AS punish
        ON punish.replay_id = stock.replay_id AND punish.victim_port = stock.port
        AND punish.end_frame = stock.end_frame
    WHERE stock.end_frame IS NOT NULL""",
)
