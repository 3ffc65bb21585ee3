"""What belongs to no player in one frame: its start, its bookend, and the stage as its events left it."""

from bisect import bisect_right
from typing import Final

from exphil.features.one_frame import FrameBytes, Place
from exphil.live.fields import FRAME_BYTES, places_at
from exphil.replays import events
from exphil.replays.events import Version
from exphil.replays.stage_events import FOD_LEFT, FOD_RIGHT

_BODY: Final = 1 + FRAME_BYTES
"""Where an event goes on behind its code and frame id."""
_PLATFORM: Final = _BODY
"""Offset of the platform's number in a Fountain of Dreams event, which chooses the column."""
_LEFT: Final = "fod_platform_left"
_PLATFORMS: Final = {FOD_LEFT: _LEFT, FOD_RIGHT: "fod_platform_right"}
_FINALIZED: Final = "end_latest_finalized_frame"
_CARRIED: Final = (events.FOD, events.WHISPY, events.STADIUM)
_KEPT: Final = 256
"""How many changes of a carried column are remembered: far more than a rollback can take back."""


def stage_places(version: Version, sizes: dict[int, int]) -> dict[str, Place]:
    """Columns of the frame start, the bookend and the stage's events, one behind the other."""
    found: dict[str, Place] = {}
    stop = 0
    for code in (events.FRAME_START, events.FRAME_END, *_CARRIED):
        for column, place in places_at(code, version, sizes.get(code, 0)).items():
            for name in _PLATFORMS.values() if column == _LEFT else (column,):
                found[name] = Place(stop, place.format)
                stop += place.width
    return found


class Carried:
    """One column's bytes by the frame that brought them. A frame that is written anew brings its own."""

    def __init__(self) -> None:
        self._frames: list[int] = []
        self._values: list[bytes] = []

    def forget(self, frame: int) -> None:
        """Drop what an earlier writing of this frame brought."""
        if self._frames and frame <= self._frames[-1]:
            place = bisect_right(self._frames, frame)
            if place and self._frames[place - 1] == frame:
                del self._frames[place - 1], self._values[place - 1]

    def put(self, frame: int, value: bytes) -> None:
        """Of several values in a frame the last counts."""
        self.forget(frame)
        place = bisect_right(self._frames, frame)
        self._frames.insert(place, frame)
        self._values.insert(place, value)
        if len(self._frames) > 2 * _KEPT:
            del self._frames[:_KEPT], self._values[:_KEPT]

    def at(self, frame: int) -> bytes | None:
        """The value that holds in a frame; None before the first."""
        if self._frames and self._frames[-1] <= frame:
            return self._values[-1]
        place = bisect_right(self._frames, frame)
        return self._values[place - 1] if place else None


class StageEvents:
    """Writes the stage's part of the frame's bytes. What the frame lacks is 0."""

    def __init__(self, held: FrameBytes, version: Version, sizes: dict[int, int]) -> None:
        self._data = held.data
        self._once: dict[int, tuple[int, int]] = {}
        """Where the bytes of a frame start or a bookend go: begin and stop."""
        self._places: dict[str, Place] = {}
        self._fields: dict[int, tuple[tuple[str, Place], ...]] = {}
        """The carried columns of an event, and where they lie in it."""
        for code in (events.FRAME_START, events.FRAME_END, *_CARRIED):
            inside = places_at(code, version, sizes.get(code, 0))
            mine = [held.shared(column) for column in inside]
            places = [place for place in mine if place is not None]
            if code in _CARRIED:
                self._fields[code] = tuple(inside.items())
            elif places:
                self._once[code] = (places[0].offset, places[-1].stop)
        for column in held.shared_columns:
            place = held.shared(column)
            if place is not None:
                self._places[column] = place
        self._finalized = self._places.get(_FINALIZED)
        self._came: list[int] = []
        self._carried: dict[str, Carried] = {}
        self._frame = 0

    def begin(self, frame: int) -> None:
        """Begin a frame: what an earlier writing of it brought no longer holds."""
        self._frame = frame
        for code in self._came:
            begin, stop = self._once[code]
            self._data[begin:stop] = bytes(stop - begin)
        self._came.clear()
        for carried in self._carried.values():
            carried.forget(frame)

    def add(self, code: int, data: bytes, at: int) -> None:
        """Take a frame start, bookend or stage event whose code byte is at `at`."""
        once = self._once.get(code)
        if once is not None:
            begin, stop = once
            self._data[begin:stop] = data[at + _BODY : at + _BODY + stop - begin]
            self._came.append(code)
            return
        for name, place in self._fields.get(code, ()):
            column = _PLATFORMS.get(data[at + _PLATFORM]) if code == events.FOD else name
            if column is not None:
                value = data[at + place.offset : at + place.stop]
                self._carried.setdefault(column, Carried()).put(self._frame, value)

    def close(self) -> None:
        """Fill in what earlier events left holding."""
        for column, carried in self._carried.items():
            place = self._places[column]
            value = carried.at(self._frame)
            self._data[place.offset : place.stop] = bytes(place.width) if value is None else value

    @property
    def finalized(self) -> int | None:
        """The newest frame that no rollback can change any more; None where the frame does not tell."""
        place = self._finalized
        if place is None or events.FRAME_END not in self._came:
            return None
        return int.from_bytes(self._data[place.offset : place.stop], "big", signed=True)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of which the frame has a value."""
        once = ("start_" * (events.FRAME_START in self._came), "end_" * (events.FRAME_END in self._came))
        return tuple(
            column for column in self._places
            if any(prefix and column.startswith(prefix) for prefix in once)
            or (column in self._carried and self._carried[column].at(self._frame) is not None)
        )  # fmt: skip
