"""From the tables of one game to five typed blocks, column by column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exphil.features.fighters import NOBODY, common_frames, find_fighters
from exphil.features.items import encode_items
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.numbers import ignoring_overflow
from exphil.features.rows import Rows, SharedRows, TableColumns, positions_of
from exphil.melee.controller import button_bits

Blocks = dict[BlockName, NDArray[Any]]


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


def encode_player(
    feature_set: FeatureSet, leader: Rows, follower: Rows, blocks: Mapping[BlockName, NDArray[Any]], num: int
) -> None:
    """Write a player's features into blocks of shape (columns, num), which hold zeros so far."""
    plan = feature_set.plan
    for batch in plan.player:
        batch.store(leader, follower, blocks, num)
    # The eight buttons are the eight bits of one byte, in this order: one lookup instead of eight masks.
    held = leader.get("pre_buttons_physical")
    if held is not None:
        block, column = plan.buttons
        blocks[block][column] = button_bits(held.astype(np.uint16, copy=False))


def encode_shared(
    feature_set: FeatureSet, rows: Rows, blocks: Mapping[BlockName, NDArray[Any]], num: int
) -> None:
    """Write what belongs to the game, items aside, into blocks of shape (columns, num)."""
    for batch in feature_set.plan.shared:
        batch.store(rows, rows, blocks, num)


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
                encode_player(feature_set, leader, follower, player, num)
            count = encode_items(feature_set, item_columns, frame, ports, base)
            stage_ids = stage_columns["frame"]
            among = np.zeros(0, np.int32) if stage_ids is None else stage_ids.astype(np.int32, copy=False)
            shared = SharedRows(stage_columns, positions_of(frame, among), frame, stage, count)
            encode_shared(feature_set, shared, base, num)
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
