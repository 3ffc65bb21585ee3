"""How much a game is worth to learn from, and what speaks against it: table `quality` of `stats`, and its rules."""

from typing import Final

from exphil.schema.keys import REPLAY_ID
from exphil.schema.table import Column, Table

MEASURES: Final = (
    Column("seconds", "double", "Length of play.", "seconds"),
    Column(
        "inputs_per_minute",
        "double",
        "Inputs of the player who made fewer; null unless two play.",
        "per minute",
    ),
    Column(
        "idle_seconds",
        "double",
        "Longest time in which one of the two made no input; null unless two play.",
        "seconds",
    ),
    Column("damage", "double", "Damage that both dealt together; null unless two play.", "percent"),
    Column("damage_per_minute", "double", "The same, a minute of play.", "percent per minute"),
    Column("stocks_lost", "uint32", "Stocks that both lost together; null unless two play.", "stocks"),
    Column("self_destructs", "uint32", "Those that no conversion took; null unless two play.", "stocks"),
    Column("self_destruct_share", "double", "Their share; null where no stock was lost.", "of lost stocks"),
    Column("cpu_players", "uint8", "Players that no human played.", "players"),
    Column(
        "quit_stocks",
        "uint8",
        "Stocks that the one who quit had left (where the version does not tell who, the fewest of all);"
        " null where nobody quit.",
        "stocks",
    ),
    Column("decided", "bool", "Whether somebody is known to have won; null unless two play."),
    Column("whole", "bool", "Whether the recording is: `replays.complete`."),
    Column("one_on_one", "bool", "Whether the mode is `1v1`."),
    Column("frozen_stadium", "bool", "Whether it is a game on Pokemon Stadium without transformations."),
)
"""What the flags look at."""

QUALITY: Final = Table(
    "quality",
    "stats",
    ("replay_id",),
    (
        REPLAY_ID,
        Column("score", "double", "From 1, nothing speaks against the game, down to 0."),
        Column("excluded", "bool", "Whether the default filter of training leaves the game out."),
        Column("flags", "string", "Names of the flags it has, separated by spaces; empty for none."),
        *MEASURES,
    ),
    "A row a game of `frames`: its score, its flags, and what they look at.",
)

QUALITY_FLAGS: Final = Table(
    "quality_flags",
    "stats",
    ("flag", "rule", "measure"),
    (
        Column("flag", "string", "Name of the flag, as in `quality.flags`."),
        Column("rule", "uint8", "Number of the rule: a flag may have several, of which one is enough."),
        Column(
            "measure", "string", "Column of `quality` that it looks at; a rule of several needs them all."
        ),
        Column(
            "bad",
            "double",
            "From this value on the measure counts fully: below `good` means at most, above at least.",
        ),
        Column("good", "double", "Up to this value the measure does not count at all."),
        Column("unit", "string", "Unit of both; of `yes or no` 1 is yes."),
        Column("penalty", "double", "Share of the score that the rule takes away where it counts fully."),
        Column("excludes", "bool", "Whether the default filter of training leaves such games out."),
        Column("meaning", "string", "What it says of a game."),
    ),
    "A row a limit of the rules that scores and flags come from; the code's, not the store's.",
)
