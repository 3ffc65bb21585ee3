"""Items into their slots: a spawn id keeps its slot, and so its dims, for life."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exphil.features.layout import BlockName, FeatureSet
from exphil.features.rows import Columns
from exphil.features.tables import OWNER_SHIFT
from exphil.melee.items import KIND_OF_ITEM, NUM_ITEM_TYPES, NUM_SLOTS


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
    row, slot = row[kept], (item_id[kept] % NUM_SLOTS).astype(np.intp)
    np.copyto(count, np.minimum(np.bincount(row, minlength=len(frame)), 255), casting="unsafe")
    plan = feature_set.plan.items
    work = np.zeros((len(plan.numbers), len(kept)), np.float32)
    for values, name in zip(work, plan.numbers, strict=True):
        column = items[name]
        if column is not None:
            values[:] = column[kept]
    blocks[plan.block][plan.columns + plan.stride * slot, row] = plan.steps.apply(work)
    blocks[plan.code_block][plan.code_column + plan.code_stride * slot, row] = _item_codes(items, kept, ports)
    return count


def _item_codes(items: Columns, kept: NDArray[np.intp], ports: tuple[int, int]) -> NDArray[np.uint8]:
    """Kind in the low bits, whose it is above them: 1 the first player's, 2 the second's, 0 anyone else's."""
    kind, owner = items["type"], items["owner"]
    code = np.ones(len(kept), np.uint8)
    if kind is not None:
        code = KIND_OF_ITEM[np.minimum(kind[kept], NUM_ITEM_TYPES - 1)]
    if owner is not None:
        for side, port in enumerate(ports):
            code = code | ((owner[kept] == port - 1).astype(np.uint8) * np.uint8((side + 1) << OWNER_SHIFT))
    return code
