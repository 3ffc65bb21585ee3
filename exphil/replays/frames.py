"""A parsed game as flat, typed tables: a row a character and frame, a row an item and frame, a row a frame.

The parser yields a struct array with a row for every time a frame was written. Here each frame id keeps its
last row (the finalised one), absent characters leave no row, and a field that the file's version lacks is
null. Columns pass through without a copy where the game has no rollbacks; `frames` has one chunk a character.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exphil import schema
from exphil.replays.game import Game
from exphil.replays.identity import game_id
from exphil.replays.stage_events import stage_event_columns

FRAME_POLICY: Final = "last"
"""How rows of one frame id are resolved: the last one written is the one that no rollback replaced."""

Columns = dict[str, Any]
"""Arrow arrays of one length, by column name."""


@dataclass(frozen=True, slots=True)
class FrameTables:
    """One game's tables, by the schemas of `exphil.schema`; `replay_id` is dictionary-encoded.

    `frames` is sorted by (port, follower, frame), `items` by (frame, index), `stage_frames` by frame.
    """

    frames: pa.Table
    items: pa.Table
    stage_frames: pa.Table
    num_rollback_rows: int
    """Rows that a later one of the same frame id replaced."""
    game_id: str
    """128 bits of a hash of the resolved frames, as 32 hex digits."""


def frame_tables(game: Game) -> FrameTables:
    """Flatten a game: rollbacks resolved, absent characters left out, fields of later versions null."""
    written = np.asarray(game.frames.field("id"))
    order = last_rows(written)
    ids = written if order is None else written[order]
    sides = list(_sides(game.frames.field("ports"), ids, order))
    return FrameTables(
        frames=_table(schema.FRAMES, game.content_id, sides),
        items=_table(schema.ITEMS, game.content_id, _items(game.frames, ids, order)),
        stage_frames=_table(schema.STAGE_FRAMES, game.content_id, [_stage_frames(game.frames, ids, order)]),
        num_rollback_rows=len(written) - len(ids),
        game_id=game_id(game.start, sides),
    )


def last_rows(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int64] | None:
    """Row of the last occurrence of each id, by ascending id; None where that is every row in its place."""
    if len(ids) < 2 or bool((ids[1:] > ids[:-1]).all()):
        return None
    _, from_the_end = np.unique(ids[::-1], return_index=True)
    return len(ids) - 1 - np.asarray(from_the_end, dtype=np.int64)


def _sides(
    ports: pa.StructArray, ids: npt.NDArray[np.int32], order: npt.NDArray[np.int64] | None
) -> Iterator[Columns]:
    """Columns of each character that was ever there, by port, the leader before the follower."""
    for port_name in sorted(field.name for field in ports.type):
        port = ports.field(port_name)
        for follower, role in enumerate(("leader", "follower")):
            if port.type.get_field_index(role) < 0:
                continue
            side = port.field(role)
            rows, frames = order, ids
            if side.null_count:
                present = np.asarray(side.is_valid())
                if order is None:
                    rows = np.flatnonzero(present)
                    frames = ids[rows]
                else:
                    rows = order[present[order]]
                    frames = ids[present[order]]
            if len(frames) == 0:
                continue
            columns = _taken(side, rows)
            columns["port"] = pa.repeat(pa.scalar(int(port_name[1:]), pa.uint8()), len(frames))
            columns["follower"] = pa.repeat(pa.scalar(bool(follower)), len(frames))
            columns["frame"] = pa.array(frames)
            yield columns


def _items(
    frames: pa.StructArray, ids: npt.NDArray[np.int32], order: npt.NDArray[np.int64] | None
) -> list[Columns]:
    """A row an item of the resolved frames, or nothing before format 3.0."""
    if frames.type.get_field_index("item") < 0:
        return []
    lists = frames.field("item")
    if order is not None:
        lists = lists.take(pa.array(order))
    counts = np.diff(np.asarray(lists.offsets))
    columns = _taken(lists.flatten(), None)
    firsts = np.cumsum(counts) - counts
    columns["frame"] = pa.array(np.repeat(ids, counts))
    columns["index"] = pa.array((np.arange(counts.sum()) - np.repeat(firsts, counts)).astype(np.uint8))
    return [columns]


def _stage_frames(
    frames: pa.StructArray, ids: npt.NDArray[np.int32], order: npt.NDArray[np.int64] | None
) -> Columns:
    """A row a resolved frame: frame start, frame end, and the stage's state as its events tell."""
    columns: Columns = {"frame": pa.array(ids)}
    for event in ("start", "end"):
        if frames.type.get_field_index(event) >= 0:
            taken = _taken(frames.field(event), order)
            columns |= {f"{event}_{name}": column for name, column in taken.items()}
    return columns | stage_event_columns(frames, order)


def _taken(array: pa.StructArray, rows: npt.NDArray[np.int64] | None) -> Columns:
    """The leaves of a struct array, nested names joined by underscores, at these rows (None: all)."""
    leaves = _leaves(array, "")
    if rows is None:
        return leaves
    batch = pa.RecordBatch.from_arrays(list(leaves.values()), names=list(leaves))
    return dict(zip(leaves, batch.take(pa.array(rows)).columns, strict=True))


def _leaves(array: pa.StructArray, prefix: str) -> Columns:
    # flatten() hands a parent's nulls down, field() does not but copies nothing.
    children = array.flatten() if array.null_count else [array.field(i) for i in range(array.type.num_fields)]
    leaves: Columns = {}
    for field, child in zip(array.type, children, strict=True):
        if pa.types.is_struct(child.type):
            leaves |= _leaves(child, f"{prefix}{field.name}_")
        else:
            leaves[f"{prefix}{field.name}"] = child
    return leaves


def _table(table: schema.Table, replay_id: str, chunks: list[Columns]) -> pa.Table:
    """Columns in the schema's order and types; those that are missing are null."""
    layout = _layout(table)
    batches = []
    for columns in chunks:
        num_rows = len(columns["frame"])
        indices = pa.repeat(pa.scalar(0, pa.int32()), num_rows)
        columns["replay_id"] = pa.DictionaryArray.from_arrays(indices, pa.array([replay_id]))
        arrays = [
            columns[field.name] if field.name in columns else pa.nulls(num_rows, field.type)
            for field in layout
        ]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=layout))
    return pa.Table.from_batches(batches, schema=layout)


@lru_cache(maxsize=8)
def _layout(table: schema.Table) -> pa.Schema:
    return schema.arrow_schema(table, encoded=True)
