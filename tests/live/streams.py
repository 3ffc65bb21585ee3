"""Recordings as a console sends them, and what the live path makes of them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from exphil import schema
from exphil.features import V1, FeatureSet
from exphil.features.one_frame import FrameBytes, Place
from exphil.live import EventStream, LiveFrame, Message, Trouble
from exphil.live.game import LiveGame
from exphil.replays import events
from exphil.replays.frames import FrameTables, frame_tables
from exphil.replays.reader import read_game

SENT_AT = (events.GAME_START, events.FRAME_END, events.GAME_END, events.SPLITTER)
"""Dolphin gathers events until one of these, then sends them together."""


def events_of(data: bytes) -> list[bytes]:
    """The events of a recording one by one, the table of sizes and the game start first."""
    header = events.read_header(data)
    walk = events.walk(data, header)
    begins = [header.begin, header.start, *walk.offsets.tolist(), walk.stop]
    return [data[begin:stop] for begin, stop in itertools.pairwise(begins)]


def sent(data: bytes) -> list[bytes]:
    """The payloads of a recording as Dolphin sends them."""
    payloads, waiting = [], b""
    for event in events_of(data):
        waiting += event
        if event[0] in SENT_AT:
            payloads.append(waiting)
            waiting = b""
    return [*payloads, waiting] if waiting else payloads


def feed_all(payloads: list[bytes]) -> list[Message]:
    stream = EventStream()
    return [message for payload in payloads for message in stream.feed(payload)]


def troubles(messages: list[Message]) -> list[str]:
    return [message.message for message in messages if isinstance(message, Trouble)]


def last_rows(messages: list[Message]) -> dict[int, bytes]:
    """The row of each frame that came last, in the order of their ids."""
    rows = {message.frame: message.row.tobytes() for message in messages if isinstance(message, LiveFrame)}
    return dict(sorted(rows.items()))


def stored_rows(tables: FrameTables, stage: int, ports: tuple[int, int]) -> dict[int, bytes]:
    """The rows of a game as the store keeps them."""
    encoded = V1.encode(tables.frames, tables.items, tables.stage_frames, stage=stage, ports=ports)
    rows = V1.to_rows(encoded.blocks)
    return {int(frame): rows[place].tobytes() for place, frame in enumerate(encoded.frame)}


def tables_of(data: bytes, path: Path | None = None) -> FrameTables:
    return frame_tables(read_game(data, path))


@dataclass
class Columns:
    """Stands in for the encoder: keeps every column of every frame."""

    ports: tuple[int, int]
    fighters: dict[tuple[int, int, bool], dict[str, np.generic]] = field(default_factory=dict)
    """By frame, port and whether it is the follower."""
    items: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)
    shared: dict[int, dict[str, np.generic]] = field(default_factory=dict)

    @classmethod
    def replace(cls, monkeypatch: Any) -> "list[Columns]":
        """Put recorders in the encoder's place; returns them as games begin."""
        made: list[Columns] = []

        class Recorder:
            def __init__(
                self, _: FeatureSet, held: FrameBytes, *, stage: int, ports: tuple[int, int]
            ) -> None:
                self.held = held
                made.append(cls(ports))

            def encode(self, frame: int, followers: tuple[bool, bool], items: Sequence[bytes]) -> np.ndarray:
                columns, held = made[-1], self.held
                for side, port in enumerate(columns.ports):
                    columns.fighters.pop((frame, port, True), None)
                    for follows in (False, True)[: 2 if followers[side] else 1]:
                        columns.fighters[frame, port, follows] = {
                            name: _value(held.data, held.fighter(side + 2 * follows, name))
                            for name in held.fighter_columns
                        }
                columns.items[frame] = {
                    name: np.array([_value(item, place) for item in items], place.format)
                    for name, place in held.item_places.items()
                } if items else {}  # fmt: skip
                columns.shared[frame] = {
                    name: _value(held.data, held.shared(name)) for name in game[-1].stage.columns
                }
                return np.zeros(V1.row_dtype.itemsize, np.uint8)

        game: list[LiveGame] = []

        class Noted(LiveGame):
            def __init__(self, *given: Any) -> None:
                game.append(self)
                super().__init__(*given)

        monkeypatch.setattr("exphil.live.stream.LiveGame", Noted)
        monkeypatch.setattr("exphil.live.game.FrameEncoder", Recorder)
        return made


def _value(data: bytes | bytearray, place: Place | None) -> np.generic:
    """The value that lies there."""
    assert place is not None
    big = np.frombuffer(bytes(data[place.offset : place.stop]), f">{place.format}")
    return big.astype(place.format)[0]


def assert_same_columns(live: Columns, tables: FrameTables) -> None:
    """Every column of every frame in which both players are there, bit for bit."""
    kept = sorted(live.shared)
    frames = tables.frames
    keys = list(zip(*(frames[name].to_pylist() for name in ("frame", "port", "follower")), strict=True))
    wanted = [row for row, key in enumerate(keys) if key[0] in live.shared and key[1] in live.ports]
    places = pa.array(wanted, pa.int64())
    assert {keys[row] for row in wanted} == live.fighters.keys()
    for column in (*schema.PRE_COLUMNS, *schema.POST_COLUMNS):
        given = [live.fighters[keys[row]].get(column.name) for row in wanted]
        _same(column.name, given, frames[column.name].take(places))
    stage = tables.stage_frames.filter(
        pa.compute.is_in(tables.stage_frames["frame"], pa.array(kept, pa.int32()))
    )
    assert stage["frame"].to_pylist() == kept
    for column in schema.STAGE_FRAMES.columns:
        if column.name not in ("replay_id", "frame"):
            _same(column.name, [live.shared[frame].get(column.name) for frame in kept], stage[column.name])
    items = tables.items.filter(pa.compute.is_in(tables.items["frame"], pa.array(kept, pa.int32())))
    counts = [len(next(iter(live.items[frame].values()), [])) for frame in kept]
    assert items["frame"].to_pylist() == np.repeat(kept, counts).tolist()
    for column in schema.ITEMS.columns:
        if column.name not in ("replay_id", "frame", "index"):
            values = [live.items[frame].get(column.name) for frame in kept if live.items[frame]]
            flat = [None if of_frame is None else value for of_frame in values
                    for value in (of_frame if of_frame is not None else [None])]  # fmt: skip
            if items[column.name].null_count == len(items):
                assert all(value is None for value in flat), column.name
            else:
                _same(column.name, flat, items[column.name])


def _same(name: str, given: list[Any], stored: pa.ChunkedArray) -> None:
    absent = np.array([value is None for value in given], bool)
    assert absent.tolist() == stored.is_null().to_pylist(), f"{name}: null elsewhere"
    values = stored.drop_null().to_numpy()
    mine = np.array([value for value in given if value is not None], values.dtype)
    assert mine.tobytes() == values.tobytes(), f"{name} differs"
    assert {value.dtype for value in given if value is not None} <= {values.dtype}, f"{name}: another type"
