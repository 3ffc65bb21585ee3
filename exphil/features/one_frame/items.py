"""The items of one frame into their slots."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from exphil.features.encodings import Lookup
from exphil.features.feature import Feature
from exphil.features.items import MOST_COUNTED, owner_codes
from exphil.features.layout import FeatureSet
from exphil.features.one_frame.frame_bytes import Place
from exphil.features.one_frame.gather import Gather
from exphil.melee.items import KIND_OF_ITEM, NUM_ITEM_TYPES, NUM_SLOTS

_BYTE: Final = np.dtype(np.uint8)
_KINDS: Final = KIND_OF_ITEM.tolist()
_NO_KIND: Final = 1
"""Kind of an item of a format that has none."""


class FrameItems:
    """Copies each slot's item to its place in the frame's bytes; plain integers, as there are few items."""

    def __init__(
        self, feature_set: FeatureSet, gather: Gather, features: Sequence[Feature], ports: tuple[int, int]
    ) -> None:
        held = gather.held
        self._data = held.data
        self._begins = held.item_begins
        self._length = held.item_bytes
        self._nothing = bytes(held.item_bytes)
        self._spawn, self._type, self._owner = (
            held.item_places.get(name) for name in ("id", "type", "owner")
        )
        self._owners = owner_codes(ports).tolist()
        self._region = gather.results(_BYTE, NUM_SLOTS)
        for feature in features:
            assert isinstance(feature.encoding, Lookup)
            assert feature.slot is not None
            slot = feature_set.slots[feature.name]
            gather.put(self._region, feature.slot, 1, slot.block, slot.column)
        self._taken: dict[int, bytes] = {}

    def bind(self, gather: Gather) -> None:
        """After the buffer is made."""
        self._codes = gather.view(self._region, _BYTE)

    def place(self, items: Sequence[bytes]) -> int:
        """Write the newest item of each slot, before the gathering; returns how many items count."""
        if self._spawn is None or not (items or self._taken):
            return 0
        before, taken, newest = self._taken, {}, [0] * NUM_SLOTS
        for item in items:
            spawn = _number(item, self._spawn)
            slot = spawn % NUM_SLOTS
            # Of two of the same id the last counts.
            if spawn >= newest[slot]:
                newest[slot] = spawn
                taken[slot] = item
        for slot in before.keys() - taken.keys():
            self._data[self._begins[slot] : self._begins[slot] + self._length] = self._nothing
        for slot, item in taken.items():
            self._data[self._begins[slot] : self._begins[slot] + self._length] = item[: self._length]
        self._taken = taken
        return min(len(items), MOST_COUNTED)

    def store(self) -> None:
        """Write the codes: kind in the low bits, whose it is above them."""
        for slot, item in self._taken.items():
            code = _NO_KIND
            if self._type is not None:
                code = _KINDS[min(_number(item, self._type), NUM_ITEM_TYPES - 1)]
            if self._owner is not None:
                code |= self._owners[item[self._owner.offset]]
            self._codes[slot] = code


def _number(event: bytes, place: Place) -> int:
    return int.from_bytes(event[place.offset : place.stop], "big")
