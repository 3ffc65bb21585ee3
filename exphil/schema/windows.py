"""Table of `windows`."""

from typing import Final

from exphil.schema.keys import PORT, REPLAY_ID
from exphil.schema.table import Column, Table

SEGMENTS: Final = Table(
    "segments",
    "windows",
    ("replay_id", "port", "first_frame"),
    (
        REPLAY_ID,
        PORT,
        Column("opponent_port", "uint8", "Port of the other player."),
        Column("first_frame", "int32", "First frame that may be scored.", "frames"),
        Column(
            "last_frame",
            "int32",
            "Last frame that may be scored at delay 0 (its target is the next frame's input).",
            "frames",
        ),
        Column("num_frames", "uint32", "last_frame - first_frame + 1.", "frames"),
        Column("context_frame", "int32", "First frame of the recording: context may start here.", "frames"),
        Column("character", "string", "Own character's name."),
        Column("opponent_character", "string", "The other character's name."),
        Column("stage", "string", "Name of the stage."),
        Column("won", "bool", "Whether this player won."),
        Column("split", "string", "`train`, `validation` or `test` at the default 80/10/10."),
        Column("split_key", "double", "Hash of the set in [0, 1): other proportions cut it elsewhere."),
        Column("quality", "double", "Score of the game, from `quality`: 1, nothing speaks against it, to 0."),
        Column("excluded", "bool", "Whether the default filter of training leaves the game out."),
    ),
    "Stretches of one player's viewpoint that training windows may be cut from.",
)
