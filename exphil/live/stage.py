"""What belongs to no player in one frame: its start, its bookend, and the stage as its events left it."""

import struct
from bisect import bisect_right
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.live.fields import FIELDS, Field, fields_at
from exphil.replays import events
from exphil.replays.events import Version
from exphil.replays.stage_events import FOD_LEFT, FOD_RIGHT

_PLATFORM: Final = 5
"""Offset of the platform's number in a Fountain of Dreams event."""
_PLATFORMS: Final = {FOD_LEFT: "fod_platform_left", FOD_RIGHT: "fod_platform_right"}
_CARRIED: Final = (events.FOD, events.WHISPY, events.STADIUM)
_KEPT: Final = 256
"""How many changes of a carried column are remembered: far more than a rollback can take back."""


class Carried:
    """One column's values by the frame that brought them. A frame that is written anew brings its own."""

    def __init__(self) -> None:
        self._frames: list[int] = []
        self._values: list[float] = []

    def forget(self, frame: int) -> None:
        """Drop what an earlier writing of this frame brought."""
        place = bisect_right(self._frames, frame)
        if place and self._frames[place - 1] == frame:
            del self._frames[place - 1], self._values[place - 1]

    def put(self, frame: int, value: float) -> None:
        """Of several values in a frame the last counts."""
        self.forget(frame)
        place = bisect_right(self._frames, frame)
        self._frames.insert(place, frame)
        self._values.insert(place, value)
        if len(self._frames) > 2 * _KEPT:
            del self._frames[:_KEPT], self._values[:_KEPT]

    def at(self, frame: int) -> float | None:
        """The value that holds in a frame; None before the first."""
        place = bisect_right(self._frames, frame)
        return self._values[place - 1] if place else None


class StageColumns:
    """columns: arrays (1,) by name, filled by `gather`; a column that the frame lacks is not in it."""

    def __init__(self, version: Version, sizes: dict[int, int]) -> None:
        self.columns: dict[str, NDArray[Any]] = {}
        self._fields: dict[int, tuple[tuple[Field, struct.Struct], ...]] = {}
        self._buffers: dict[str, NDArray[Any]] = {}
        for code in (events.FRAME_START, events.FRAME_END, *_CARRIED):
            if code not in sizes:
                continue
            fields = fields_at(code, version, sizes[code])
            if fields:
                self._fields[code] = tuple((field, _reader(field)) for field in fields)
        for field in (field for fields in FIELDS.values() for field in fields):
            self._buffers[field.column] = np.zeros(1, field.format)
        self._buffers["fod_platform_right"] = np.zeros(1, self._buffers["fod_platform_left"].dtype)
        self._carried: dict[str, Carried] = {}
        self._frame = 0

    def begin(self, frame: int) -> None:
        """Begin a frame: what an earlier writing of it brought no longer holds."""
        self._frame = frame
        self.columns.clear()
        for carried in self._carried.values():
            carried.forget(frame)

    def add(self, code: int, data: bytes, at: int) -> None:
        """Take a frame start, bookend or stage event whose code byte is at `at`."""
        for field, reader in self._fields.get(code, ()):
            (value,) = reader.unpack_from(data, at + field.offset)
            column: str | None = field.column
            if code == events.FOD:
                column = _PLATFORMS.get(data[at + _PLATFORM])
            if column is None:
                continue
            if code in _CARRIED:
                self._carried.setdefault(column, Carried()).put(self._frame, value)
            else:
                self._hold(column, value)

    def gather(self) -> None:
        """Fill in what earlier events left holding."""
        for column, carried in self._carried.items():
            value = carried.at(self._frame)
            if value is not None:
                self._hold(column, value)

    def value(self, column: str) -> int | None:
        """A whole number of the frame, such as its newest finalised frame; None where it lacks that."""
        held = self.columns.get(column)
        return None if held is None else int(held[0])

    def _hold(self, column: str, value: float) -> None:
        buffer = self._buffers[column]
        buffer[0] = value
        self.columns[column] = buffer


def _reader(field: Field) -> struct.Struct:
    codes = {"f4": "f", "i1": "b", "u1": "B", "u2": "H", "i4": "i", "u4": "I"}
    return struct.Struct(">" + codes[field.format])
