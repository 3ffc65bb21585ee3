"""What lies where in an event: the columns of `exphil.schema`, in their order, big-endian and packed.

The recorder writes the fields of an event in the order of the schema's columns, and a later version only appends.
So names, types and versions of the schema are the whole layout, and `events.SIZES` checks it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from exphil import schema
from exphil.features.one_frame import Place
from exphil.replays import events
from exphil.replays.events import Version

FRAME_BYTES: Final = 4
"""Every event of a frame begins with its frame id, an int32."""
OWNER_BYTES: Final = 2
"""A player's event goes on with the player's index and whether it is the follower's."""

_FORMATS: Final = {
    "float": "f4", "int8": "i1", "uint8": "u1", "uint16": "u2", "int32": "i4", "uint32": "u4",
}  # fmt: skip
_KEYS: Final = frozenset({"replay_id", "frame", "index"})


@dataclass(frozen=True, slots=True)
class Field:
    """A column's place: `offset` counts from the event's code byte; `format` is numpy's, without a byte order."""

    column: str
    offset: int
    format: str
    since: Version

    @property
    def width(self) -> int:
        return int(self.format[1:])


def _laid_out(code: int, begin: int, columns: tuple[schema.Column, ...]) -> tuple[Field, ...]:
    fields = []
    offset = 1 + begin
    oldest = events.SIZES[code][0][0]
    for column in columns:
        field = Field(column.name, offset, _FORMATS[column.type], column.since or oldest)
        fields.append(field)
        offset += field.width
    return tuple(fields)


def _stage(prefix: str) -> tuple[schema.Column, ...]:
    return tuple(column for column in schema.STAGE_FRAMES.columns if column.name.startswith(prefix))


FIELDS: Final[dict[int, tuple[Field, ...]]] = {
    events.PRE: _laid_out(events.PRE, FRAME_BYTES + OWNER_BYTES, schema.PRE_COLUMNS),
    events.POST: _laid_out(events.POST, FRAME_BYTES + OWNER_BYTES, schema.POST_COLUMNS),
    events.ITEM: _laid_out(
        events.ITEM, FRAME_BYTES, tuple(column for column in schema.ITEMS.columns if column.name not in _KEYS)
    ),
    events.FRAME_START: _laid_out(events.FRAME_START, FRAME_BYTES, _stage("start_")),
    events.FRAME_END: _laid_out(events.FRAME_END, FRAME_BYTES, _stage("end_")),
    # Which of the two platforms it is comes before the height, and chooses the column.
    events.FOD: _laid_out(events.FOD, FRAME_BYTES + 1, _stage("fod_platform_left")),
    events.WHISPY: _laid_out(events.WHISPY, FRAME_BYTES, _stage("whispy_")),
    events.STADIUM: _laid_out(events.STADIUM, FRAME_BYTES, _stage("stadium_")),
}
"""Fields of each event of a frame by its code."""


@lru_cache(maxsize=256)
def fields_at(code: int, version: Version, size: int) -> tuple[Field, ...] | None:
    """Fields of an event in a stream of this version that announces `size` payload bytes for it.

    None where the event is too short for even the first version that had it, or the version has no such event.
    """
    held = events.version_within(code, version, size)
    return None if held is None else tuple(field for field in FIELDS[code] if field.since <= held)


def places_at(code: int, version: Version, size: int, begin: int = 0) -> dict[str, Place]:
    """The same as places by column; `begin` is where the event's code byte lies. Empty where it has no field."""
    return {
        field.column: Place(begin + field.offset, field.format)
        for field in fields_at(code, version, size) or ()
    }
