"""Every table of the store, column by column.

The parser's Arrow schemas, the SQL tables, their comments and docs/store.md derive from these lists.
Names follow peppi's structs, joined with underscores (`post.position.x` is `post_position_x`).
`since` is the replay-format version that brought the field: older replays hold null there.
"""

from typing import Final

from exphil.schema.frames import FRAMES, ITEMS, POST_COLUMNS, PRE_COLUMNS, STAGE_FRAMES
from exphil.schema.keys import FRAME_KEY
from exphil.schema.quality import QUALITY, QUALITY_FLAGS
from exphil.schema.replays import PLAYERS, REPLAYS
from exphil.schema.situations import LEDGE_OPTIONS, RECOVERIES, TECHS
from exphil.schema.stats import (
    ACTION_COUNTS,
    COMBO_MOVES,
    COMBOS,
    CONVERSIONS,
    MOVES,
    OVERALL,
    STOCKS,
)
from exphil.schema.table import Column, Table, Version, arrow_schema
from exphil.schema.windows import SEGMENTS

__all__ = [
    "ACTION_COUNTS", "COMBOS", "COMBO_MOVES", "CONVERSIONS", "FRAMES", "FRAME_KEY", "ITEMS",
    "LEDGE_OPTIONS", "MOVES", "OVERALL", "PLAYERS", "POST_COLUMNS", "PRE_COLUMNS", "QUALITY", "QUALITY_FLAGS",
    "RECOVERIES", "REPLAYS", "SEGMENTS", "STAGE_FRAMES", "STOCKS", "TABLES", "TECHS", "Column", "Table",
    "Version", "arrow_schema",
]  # fmt: skip

STATS_TABLES: Final = (
    STOCKS,
    CONVERSIONS,
    MOVES,
    COMBOS,
    COMBO_MOVES,
    ACTION_COUNTS,
    OVERALL,
    TECHS,
    LEDGE_OPTIONS,
    RECOVERIES,
    QUALITY,
)

TABLES: Final = (REPLAYS, PLAYERS, FRAMES, ITEMS, STAGE_FRAMES, *STATS_TABLES, SEGMENTS)
