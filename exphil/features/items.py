"""Items into their slots: a spawn id keeps its slot, and so its dims, for life."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.layout import BlockName, FeatureSet
from exphil.features.rows import Columns
from exphil.features.tables import OWNER_SHIFT
from exphil.melee.items import KIND_OF_ITEM, NUM_ITEM_TYPES, NUM_SLOTS

_NUM_OWNERS: Final = 256
"""An owner is an int8; negative ones index the table of owners from its end."""


def encode_items(
    feature_set: FeatureSet, items: Columns, frame: NDArray[np.int32], ports: tuple[int, int],
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
    np.copyto(count, np.minimum(np.bincount(row[kept], minlength=len(frame)), 255), casting="unsafe")
    _store(feature_set, items, item_id, kept, row[kept], ports, blocks)
    return count


def encode_frame_items(
    feature_set: FeatureSet, items: Columns, ports: tuple[int, int], blocks: dict[BlockName, NDArray[Any]]
) -> int:
    """The same for the items of one frame; returns how many there are."""
    item_id = items["id"]
    if item_id is None:
        return 0
    kept = np.argsort(item_id, kind="stable")
    _store(feature_set, items, item_id, kept, 0, ports, blocks)
    return min(len(kept), 255)


def _store(
    feature_set: FeatureSet, items: Columns, item_id: NDArray[Any], kept: NDArray[np.intp],
    row: NDArray[np.intp] | int, ports: tuple[int, int], blocks: dict[BlockName, NDArray[Any]],
) -> None:  # fmt: skip
    """Write the `kept` items, by ascending spawn id, into their slots of frame `row`."""
    slot = (item_id[kept] % NUM_SLOTS).astype(np.intp)
    plan = feature_set.plan.items
    work = np.zeros((len(plan.numbers), len(kept)), np.float32)
    for values, name in zip(work, plan.numbers, strict=True):
        column = items[name]
        if column is not None:
            values[:] = column[kept]
    blocks[plan.block][plan.columns + plan.stride * slot, row] = plan.steps.apply(work)
    blocks[plan.code_block][plan.code_column + plan.code_stride * slot, row] = _item_codes(items, kept, ports)


def _item_codes(items: Columns, kept: NDArray[np.intp], ports: tuple[int, int]) -> NDArray[np.uint8]:
    """Kind in the low bits, whose it is above them: 1 the first player's, 2 the second's, 0 anyone else's."""
    kind, owner = items["type"], items["owner"]
    code = np.ones(len(kept), np.uint8)
    if kind is not None:
        code = KIND_OF_ITEM[np.minimum(kind[kept], NUM_ITEM_TYPES - 1)]
    if owner is not None:
        code = code | _owner_codes(ports)[owner[kept]]
    return code


@lru_cache(maxsize=16)
def _owner_codes(ports: tuple[int, int]) -> NDArray[np.uint8]:
    codes = np.zeros(_NUM_OWNERS, np.uint8)
    for side, port in enumerate(ports):
        codes[port - 1] |= (side + 1) << OWNER_SHIFT
    return codes
