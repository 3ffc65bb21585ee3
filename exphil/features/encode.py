"""From the tables of one game to five typed blocks, column by column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exphil.features.encodings import Flag, Id, Number
from exphil.features.feature import Feature
from exphil.features.fighters import NOBODY, common_frames, find_fighters
from exphil.features.items import encode_items
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.numbers import ignoring_overflow, store_number
from exphil.features.rows import Rows, SharedRows, TableColumns, positions_of
from exphil.melee.controller import button_bits

Blocks = dict[BlockName, NDArray[Any]]
_BUTTONS: Final = ("pre_buttons_physical",)
_ALWAYS_THERE: Final = (("frame",), ("item_type",))


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


def store(
    feature_set: FeatureSet, feature: Feature, rows: Rows, blocks: Mapping[BlockName, NDArray[Any]]
) -> None:
    """Write one stored feature into blocks of shape (columns, num), which hold zeros so far."""
    slot = feature_set.slots[feature.name]
    out = blocks[slot.block][slot.column]
    encoding = feature.encoding
    values = _values(feature, rows)
    if isinstance(encoding, Id):
        if values is None:
            out.fill(encoding.none)
        else:
            np.copyto(out, np.where(values < encoding.size, values, encoding.none), casting="unsafe")
            if feature.who == "follower":
                out[~rows.present] = encoding.none
    elif isinstance(encoding, Number):
        if values is not None:
            store_number(values, encoding, out)
        elif encoding.offset:
            out.fill(encoding.offset)
    elif values is not None and isinstance(encoding, Flag):
        bits = _flag(values, encoding).view(np.uint8)
        np.bitwise_or(out, np.left_shift(bits, slot.bit or 0, dtype=np.uint8), out=out)
    elif values is not None:
        np.copyto(out, values, casting="unsafe")


def encode_player(
    feature_set: FeatureSet, leader: Rows, follower: Rows, blocks: Mapping[BlockName, NDArray[Any]]
) -> None:
    """Write a player's features into blocks of shape (columns, num), which hold zeros so far."""
    buttons = []
    for feature in feature_set.stored:
        if feature.scope == "self" and feature.source == _BUTTONS:
            buttons.append(feature)
        elif feature.scope != "shared":
            store(feature_set, feature, follower if feature.who == "follower" else leader, blocks)
    # The eight buttons are the eight bits of one byte, in this order: one lookup instead of eight masks.
    held = leader.get(*_BUTTONS)
    if held is not None:
        slot = feature_set.slots[buttons[0].name]
        blocks[slot.block][slot.column] = button_bits(held.astype(np.uint16, copy=False))


def encode_shared(feature_set: FeatureSet, rows: Rows, blocks: Mapping[BlockName, NDArray[Any]]) -> None:
    """Write what belongs to the game, items aside, into blocks of shape (columns, num)."""
    for feature in feature_set.stored:
        if feature.scope == "shared" and feature.slot is None:
            store(feature_set, feature, rows, blocks)


def lacks(feature: Feature, get: Callable[[str], object]) -> bool:
    """Whether the replay has none of the feature's columns, by `get`, which gives None for one that it lacks."""
    return feature.source not in _ALWAYS_THERE and all(get(name) is None for name in feature.source)


def _values(feature: Feature, rows: Rows) -> NDArray[Any] | None:
    """The feature's source values; None where the replay lacks every one of its columns."""
    if feature.read is None:
        return rows.get(feature.source[0])
    return None if lacks(feature, rows.get) else np.asarray(feature.read(rows))


def _flag(values: NDArray[Any], encoding: Flag) -> NDArray[np.bool_]:
    if encoding.mask is not None:
        return np.asarray((values & values.dtype.type(encoding.mask)) != 0)
    if encoding.equals is not None:
        return np.asarray(values == encoding.equals)
    return np.asarray(values != 0)


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
    fighters = find_fighters(columns)
    leaders = [fighters.get((port, False), NOBODY) for port in ports]
    frame = common_frames(leaders[0].frame, leaders[1].frame)
    num = len(frame)
    base: dict[BlockName, NDArray[Any]] = {
        name: np.zeros((*shape, num), dtype) for name, (dtype, shape) in feature_set.blocks.items()
    }
    if num:
        with ignoring_overflow():
            for side, port in enumerate(ports):
                other = ports[1 - side]
                leader = leaders[side].rows(columns, frame, stage, other)
                follower = fighters.get((port, True), NOBODY).rows(columns, frame, stage, other)
                player = {name: block[side] for name, block in base.items() if name.startswith("player")}
                encode_player(feature_set, leader, follower, player)
            count = encode_items(feature_set, item_columns, frame, ports, base)
            stage_ids = stage_columns["frame"]
            among = np.zeros(0, np.int32) if stage_ids is None else stage_ids.astype(np.int32, copy=False)
            shared = SharedRows(stage_columns, positions_of(frame, among), frame, stage, count)
            encode_shared(feature_set, shared, base)
    return Encoded(
        frame,
        {name: np.moveaxis(block, -1, 0) for name, block in base.items()},
        _observed(
            columns, item_columns, stage_columns, follows=any((port, True) in fighters for port in ports)
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
