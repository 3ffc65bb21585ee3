"""Columns that identify rows of many tables."""

from typing import Final

from exphil.schema.table import Column

FRAME_KEY: Final = (
    Column("replay_id", "string", "Which recording: 128 bits of BLAKE2b of the decompressed bytes, in hex."),
    Column("port", "uint8", "Controller port, 1 to 4."),
    Column("follower", "bool", "True for the second Ice Climber."),
    Column("frame", "int32", "Frame id; the first is -123, play starts at -39.", "frames"),
)

REPLAY_ID: Final = FRAME_KEY[0]
PORT: Final = FRAME_KEY[1]
FRAME: Final = FRAME_KEY[3]
