"""All flags of one frame: both players' and the game's, a bit each."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Flag
from exphil.features.feature import Feature
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.one_frame.elements import elements_of
from exphil.features.one_frame.frame_bytes import Place
from exphil.features.one_frame.gather import Gather
from exphil.features.one_frame.reads import FrameReads, Read, ReadRows, Whose, whose

_BYTE: Final = np.dtype(np.uint8)
_BITS: Final = 8


class FrameFlags:
    """A bit is set where (value & mask == equals) differs from `inverted`, all in one pass; some are computed."""

    def __init__(
        self, feature_set: FeatureSet, gather: Gather, reads: FrameReads, features: Sequence[Feature]
    ) -> None:
        slots = feature_set.slots
        columns: dict[tuple[BlockName, int, int], int] = {}
        for feature in features:
            for element in elements_of(feature, gather.held):
                slot = slots[feature.name]
                columns.setdefault((slot.block, slot.column, element.side), len(columns))
        num = _BITS * len(columns)
        places: list[Place | None] = [None] * num
        # A bit that no feature has: 0 is never 1.
        mask, equals, inverted = [0] * num, [1] * num, [False] * num
        self._reads: list[tuple[list[int], Read, Whose]] = []
        for feature in features:
            slot, flag, bits = slots[feature.name], feature.encoding, []
            assert isinstance(flag, Flag)
            for element in elements_of(feature, gather.held):
                bit = _BITS * columns[slot.block, slot.column, element.side] + (slot.bit or 0)
                bits.append(bit)
                if reads.is_computed(feature) or element.place is None:
                    continue
                places[bit] = element.place
                every = (1 << _BITS * element.place.width) - 1
                mask[bit] = every if flag.mask is None else flag.mask
                if flag.equals is not None:
                    equals[bit] = flag.equals
                elif mask[bit] & (mask[bit] - 1) == 0:
                    equals[bit] = mask[bit]
                else:
                    equals[bit], inverted[bit] = 0, True
            if reads.is_computed(feature):
                assert feature.read is not None
                assert flag.mask is None
                assert flag.equals is None
                self._reads.append((bits, feature.read, whose([feature])))
        widest = max((place.width for place in places if place is not None), default=1)
        self._dtype = np.dtype(f"u{widest}")
        self._values_region = gather.region(self._dtype, places)
        self._packed_region = gather.results(_BYTE, len(columns))
        for (block, column, side), index in columns.items():
            gather.put(self._packed_region, index, 1, block, column, side)
        self._mask = np.array(mask, self._dtype)
        self._equals = np.array(equals, self._dtype)
        self._inverted = np.array(inverted, np.bool_) if any(inverted) else None
        self._set = np.zeros(num, np.bool_)
        self._calls: list[tuple[NDArray[Any], Read, ReadRows]] = []

    def bind(self, gather: Gather, reads: FrameReads) -> None:
        """After the buffer is made."""
        self._values = gather.view(self._values_region, self._dtype)
        self._packed = gather.view(self._packed_region, _BYTE)
        self._calls = [
            (self._set[bits[0] : bits[-1] + 1 : max(bits[-1] - bits[0], 1)], read, reads.rows[whose])
            for bits, read, whose in self._reads
        ]

    def store(self) -> None:
        """Make the flags of what was gathered."""
        np.bitwise_and(self._values, self._mask, out=self._values)
        np.equal(self._values, self._equals, out=self._set)
        if self._inverted is not None:
            np.not_equal(self._set, self._inverted, out=self._set)
        for target, read, rows in self._calls:
            target[:] = read(rows)
        self._packed[:] = np.packbits(self._set, bitorder="little")
