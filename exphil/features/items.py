"""Items into their slots: a spawn id keeps its slot, and so its dims, for life."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Lookup, Number
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.numbers import store_number
from exphil.features.rows import Columns
from exphil.features.tables import OWNER_SHIFT
from exphil.melee.items import KIND_OF_ITEM, NUM_ITEM_TYPES, NUM_SLOTS

MOST_COUNTED: Final = 255
"""A frame's items are counted in a byte."""
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
    row, slot = row[kept], (item_id[kept] % NUM_SLOTS).astype(np.intp)
    np.copyto(count, np.minimum(np.bincount(row, minlength=len(frame)), MOST_COUNTED), casting="unsafe")
    for feature in feature_set.stored:
        if feature.slot != 0:
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


def _item_codes(items: Columns, kept: NDArray[np.intp], ports: tuple[int, int]) -> NDArray[np.uint8]:
    """Kind in the low bits, whose it is above them: 1 the first player's, 2 the second's, 0 anyone else's."""
    kind, owner = items["type"], items["owner"]
    code = np.ones(len(kept), np.uint8)
    if kind is not None:
        code = KIND_OF_ITEM[np.minimum(kind[kept], NUM_ITEM_TYPES - 1)]
    if owner is not None:
        code = code | owner_codes(ports)[owner[kept]]
    return code


@lru_cache(maxsize=16)
def owner_codes(ports: tuple[int, int]) -> NDArray[np.uint8]:
    """What an owner adds to an item's code, (256,) by the owner's byte: its port less 1."""
    codes = np.zeros(_NUM_OWNERS, np.uint8)
    for side, port in enumerate(ports):
        codes[port - 1] |= (side + 1) << OWNER_SHIFT
    return codes
