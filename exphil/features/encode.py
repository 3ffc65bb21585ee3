"""From the tables of one game to five typed blocks, column by column."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exphil.features.encodings import Flag, Id, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.rows import Index, PlayerRows, SharedRows, TableColumns, positions_of
from exphil.features.tables import OWNER_SHIFT
from exphil.melee.controller import button_bits
from exphil.melee.items import KIND_OF_ITEM, NUM_ITEM_TYPES, NUM_SLOTS

Blocks = dict[BlockName, NDArray[Any]]
_WHOLE: Final = slice(None)
_LIMITS: Final = {"int16": (-32768.0, 32767.0), "uint8": (0.0, 255.0)}
_FRAME: Final = "frame"


@dataclass(frozen=True, slots=True)
class Encoded:
    """One game, encoded. T frames; each block's columns lie contiguous, one after the other.

    frame: (T,) int32, the ids (gaps may occur). blocks: player_* (T, 2, columns), shared_* (T, columns), views whose
    transposes to (2, columns, T) and (columns, T) are C-contiguous. observed: source columns that hold values.
    """

    frame: NDArray[np.int32]
    blocks: Blocks
    observed: frozenset[str]

    def __len__(self) -> int:
        return len(self.frame)


def store_number(values: NDArray[Any], encoding: Number, out: NDArray[Any]) -> None:
    """Write values as whole steps into `out`, clipped to its limits; what is not finite counts as 0."""
    work = np.multiply(values, np.float32(1.0 / encoding.step), dtype=np.float32)
    np.rint(work, out=work)
    if encoding.offset:
        work += np.float32(encoding.offset)
    low, high = _LIMITS[encoding.dtype]
    if encoding.low is not None:
        low = max(low, encoding.low / encoding.step + encoding.offset)
    if encoding.high is not None:
        high = min(high, encoding.high / encoding.step + encoding.offset)
    # One pass finds both what does not fit and what is no number: comparisons with NaN are false.
    if len(work) and not (work.min() >= low and work.max() <= high):
        work = np.clip(np.where(np.isfinite(work), work, np.float32(encoding.offset)), low, high)
    np.copyto(out, work, casting="unsafe")


def _flag(values: NDArray[Any], encoding: Flag) -> NDArray[np.bool_]:
    if encoding.mask is not None:
        return np.asarray((values & values.dtype.type(encoding.mask)) != 0)
    if encoding.equals is not None:
        return np.asarray(values == encoding.equals)
    return np.asarray(values != 0)


def _read(feature: Feature, rows: PlayerRows | SharedRows) -> NDArray[Any] | None:
    """The feature's source values; None where the replay lacks every one of its columns (then it reads as 0)."""
    if feature.read is not None:
        known = feature.source == (_FRAME,) or feature.source == ("item_type",)
        if not known and all(rows.get(name) is None for name in feature.source):
            return None
        return np.asarray(feature.read(rows))
    return rows.get(feature.source[0])


def _encode_feature(
    feature_set: FeatureSet,
    feature: Feature,
    rows: PlayerRows | SharedRows,
    blocks: dict[BlockName, NDArray[Any]],
) -> None:
    """Write one stored feature into blocks of shape (columns, T), which hold zeros so far."""
    slot = feature_set.slots[feature.name]
    out = blocks[slot.block][slot.column]
    encoding = feature.encoding
    values = _read(feature, rows)
    if isinstance(encoding, Id):
        if values is None:
            out.fill(encoding.none)
        else:
            np.copyto(out, np.where(values < encoding.size, values, encoding.none), casting="unsafe")
            if isinstance(rows, PlayerRows) and feature.who == "follower":
                out[~rows.present] = encoding.none
        return
    if isinstance(encoding, Number):
        if values is not None:
            store_number(values, encoding, out)
            if isinstance(rows, PlayerRows) and feature.who == "follower" and encoding.offset:
                out[~rows.present] = encoding.offset
        elif encoding.offset:
            out.fill(encoding.offset)
    elif values is not None and isinstance(encoding, Flag):
        bits = _flag(values, encoding).view(np.uint8)
        np.bitwise_or(out, np.left_shift(bits, slot.bit or 0, dtype=np.uint8), out=out)
    elif values is not None:
        np.copyto(out, values, casting="unsafe")


def _encode_player(
    feature_set: FeatureSet,
    leader: PlayerRows,
    follower: PlayerRows,
    blocks: dict[BlockName, NDArray[Any]],
) -> None:
    buttons = [f for f in feature_set.of_scope("self") if f.source == ("pre_buttons_physical",)]
    for feature in feature_set.features:
        if feature.scope == "shared" or feature.name not in feature_set.slots or feature in buttons:
            continue
        _encode_feature(feature_set, feature, follower if feature.who == "follower" else leader, blocks)
    # The eight buttons are the eight bits of one byte, in this order: one lookup instead of eight masks.
    held = leader.get("pre_buttons_physical")
    if held is not None:
        blocks["player_codes"][feature_set.slots[buttons[0].name].column] = button_bits(
            held.astype(np.uint16, copy=False)
        )


def _encode_items(
    feature_set: FeatureSet, items: TableColumns, frame: NDArray[np.int32], ports: tuple[int, int],
    blocks: dict[BlockName, NDArray[Any]],
) -> NDArray[np.uint8]:  # fmt: skip
    """Scatter items into their slots; returns how many there are in each frame, (T,) uint8.

    Slot = spawn id modulo 5, and the newest of two wins, so an item keeps its slot for life.
    """
    count = np.zeros(len(frame), np.uint8)
    item_frame, item_id = items["frame"], items["id"]
    if item_frame is None or item_id is None or not len(frame):
        return count
    row = np.searchsorted(frame, item_frame)
    row[row == len(frame)] = 0
    kept = np.flatnonzero(frame[row] == item_frame)
    # Ascending spawn ids: of several writes to one place, the last stays.
    kept = kept[np.argsort(item_id[kept], kind="stable")]
    row, slot = row[kept], (item_id[kept] % NUM_SLOTS).astype(np.intp)
    np.copyto(count, np.minimum(np.bincount(row, minlength=len(frame)), 255), casting="unsafe")
    for feature in feature_set.of_scope("shared"):
        if feature.slot != 0 or feature.name not in feature_set.slots:
            continue
        first = feature_set.slots[feature.name]
        stride = feature_set.slots[feature.name.replace("item0", "item1")].column - first.column
        column = first.column + stride * slot
        if isinstance(feature.encoding, Lookup):
            blocks[first.block][column, row] = _item_codes(items, kept, ports)
            continue
        values = items[feature.source[0].removeprefix("item_")]
        if values is not None and isinstance(feature.encoding, Number):
            stored = np.empty(len(kept), feature.encoding.dtype)
            store_number(values[kept], feature.encoding, stored)
            blocks[first.block][column, row] = stored
    return count


def _item_codes(items: TableColumns, kept: NDArray[np.intp], ports: tuple[int, int]) -> NDArray[np.uint8]:
    """Kind in the low bits, whose it is above them: 1 the first player's, 2 the second's, 0 anyone else's."""
    kind, owner = items["type"], items["owner"]
    code = np.ones(len(kept), np.uint8)
    if kind is not None:
        code = KIND_OF_ITEM[np.minimum(kind[kept], NUM_ITEM_TYPES - 1)]
    if owner is not None:
        for side, port in enumerate(ports):
            code = code | ((owner[kept] == port - 1).astype(np.uint8) * np.uint8((side + 1) << OWNER_SHIFT))
    return code


def _fighter_ranges(frames: TableColumns) -> dict[tuple[int, bool], slice]:
    """Rows of each (port, follower): the table is sorted by port, follower, frame."""
    port, follower = frames["port"], frames["follower"]
    if port is None or follower is None:
        return {}
    key = port.astype(np.uint8) * np.uint8(2) + follower.astype(np.uint8)
    if np.any(key[1:] < key[:-1]):
        raise ValueError("frames are not sorted by port and follower")
    values, first = np.unique(key, return_index=True)
    ends = [*first[1:].tolist(), len(key)]
    return {
        (int(value) // 2, bool(value % 2)): slice(int(start), int(end))
        for value, start, end in zip(values, first, ends, strict=True)
    }


def _aligned(range_: slice, ids: NDArray[np.int32], wanted: NDArray[np.int32]) -> Index:
    """Rows of the table that hold the wanted ids, all of which are among the fighter's own."""
    place = positions_of(wanted, ids)
    return range_ if isinstance(place, slice) else place + range_.start


def _follower_rows(
    frames: TableColumns, range_: slice | None, frame: NDArray[np.int32], stage: int, other_port: int
) -> PlayerRows:
    empty = np.zeros(0, np.intp)
    if range_ is None:
        return PlayerRows(frames, empty, empty, len(frame), stage, other_port)
    ids = frames["frame"][range_]  # type: ignore[index]
    place = positions_of(ids.astype(np.int32, copy=False), frame)
    if isinstance(place, slice):
        return PlayerRows(frames, range_, place, len(frame), stage, other_port)
    there = np.flatnonzero(place >= 0)
    return PlayerRows(frames, there + range_.start, place[there], len(frame), stage, other_port)


def _observed(
    frames: TableColumns, items: TableColumns, stage: TableColumns, *, follows: bool
) -> frozenset[str]:
    """Columns that hold values; an item's are prefixed `item_`, a follower's `follower_` as well."""

    def held(prefix: str, columns: TableColumns) -> set[str]:
        return {prefix + name for name in columns.names if len(columns) and not columns.is_null(name)}

    found = held("", frames) | held("item_", items) | held("", stage)
    return frozenset(found | held("follower_", frames) if follows else found)


def encode(
    feature_set: FeatureSet, frames: pa.Table, items: pa.Table, stage_frames: pa.Table, *,
    stage: int, ports: tuple[int, int],
) -> Encoded:  # fmt: skip
    """Encode one game for two of its ports (`players[0]` is ports[0]); frames in which both leaders have a row.

    Tables are those of `exphil.schema`, frames sorted by (port, follower, frame), the others by frame.
    """
    columns, item_columns, stage_columns = (
        TableColumns(frames),
        TableColumns(items),
        TableColumns(stage_frames),
    )
    ranges = _fighter_ranges(columns)
    ids = columns["frame"]
    own = [
        ids[ranges[port, False]] if ids is not None and (port, False) in ranges else None for port in ports
    ]
    first, second = (
        np.zeros(0, np.int32) if found is None else found.astype(np.int32, copy=False) for found in own
    )
    same = len(first) == len(second) and np.array_equal(first, second)
    frame = first if same else np.intersect1d(first, second, assume_unique=True)
    num = len(frame)
    base: dict[BlockName, NDArray[Any]] = {
        name: np.zeros((*shape, num), dtype) for name, (dtype, shape) in feature_set.blocks.items()
    }
    if num:
        for side, port in enumerate(ports):
            other = ports[1 - side]
            index = _aligned(ranges[port, False], (first, second)[side], frame)
            leader = PlayerRows(columns, index, _WHOLE, num, stage, other)
            follower = _follower_rows(columns, ranges.get((port, True)), frame, stage, other)
            player = {name: block[side] for name, block in base.items() if name.startswith("player")}
            _encode_player(feature_set, leader, follower, player)
        count = _encode_items(feature_set, item_columns, frame, ports, base)
        stage_ids = stage_columns["frame"]
        among = np.zeros(0, np.int32) if stage_ids is None else stage_ids.astype(np.int32, copy=False)
        shared = SharedRows(stage_columns, positions_of(frame, among), frame, stage, count)
        for feature in feature_set.of_scope("shared"):
            if feature.name in feature_set.slots and feature.slot is None:
                _encode_feature(feature_set, feature, shared, base)
    return Encoded(
        frame,
        {name: np.moveaxis(block, -1, 0) for name, block in base.items()},
        _observed(
            columns, item_columns, stage_columns, follows=any((port, True) in ranges for port in ports)
        ),
    )


def to_rows(feature_set: FeatureSet, blocks: Blocks) -> NDArray[np.void]:
    """Blocks to packed rows, (T,) of `feature_set.row_dtype`."""
    rows = np.zeros(len(blocks["shared_codes"]), feature_set.row_dtype)
    for name, block in blocks.items():
        side, column = name.split("_")
        rows["players" if side == "player" else side][column][...] = block
    return rows


def to_blocks(feature_set: FeatureSet, rows: NDArray[np.void]) -> Blocks:
    """Packed rows back to blocks (views)."""
    return {
        name: rows["players" if name.startswith("player") else "shared"][name.split("_")[1]]
        for name in feature_set.blocks
    }
