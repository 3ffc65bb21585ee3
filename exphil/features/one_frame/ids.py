"""All ids of one frame, and the bytes that are stored as they stand."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from exphil.features.encodings import Id
from exphil.features.feature import Feature
from exphil.features.layout import FeatureSet
from exphil.features.one_frame.elements import elements_of
from exphil.features.one_frame.gather import Gather

_BYTE: Final = np.dtype(np.uint8)


class FrameIds:
    """What lies beyond the size, or is absent, becomes the feature's own `none`."""

    def __init__(self, feature_set: FeatureSet, gather: Gather, features: Sequence[Feature]) -> None:
        elements = [element for feature in features for element in elements_of(feature, gather.held)]
        widest = max((element.place.width for element in elements if element.place is not None), default=2)
        self._dtype = np.dtype(f"u{max(widest, 2)}")
        self._region = gather.region(self._dtype, [element.place for element in elements])
        sizes, none = [], []
        self._of_followers: tuple[list[int], list[int]] = ([], [])
        for index, element in enumerate(elements):
            slot, encoding = feature_set.slots[element.feature.name], element.feature.encoding
            assert isinstance(encoding, Id)
            gather.put(self._region, index, self._dtype.itemsize, slot.block, slot.column, element.side)
            # Nothing is less than 0: what the format lacks is none.
            sizes.append(0 if element.place is None else encoding.size)
            none.append(encoding.none)
            if element.feature.who == "follower":
                self._of_followers[element.side].append(index)
        self._size = np.array(sizes, self._dtype)
        self._none = np.array(none, self._dtype)
        self._beyond = np.zeros(len(elements), np.bool_)

    def bind(self, gather: Gather) -> None:
        """After the buffer is made."""
        self._ids = gather.view(self._region, self._dtype)

    def store(self, followers: tuple[bool, bool]) -> None:
        """Make the ids of what was gathered."""
        np.greater_equal(self._ids, self._size, out=self._beyond)
        for is_there, indices in zip(followers, self._of_followers, strict=True):
            if not is_there:
                for index in indices:
                    self._beyond[index] = True
        np.copyto(self._ids, self._none, where=self._beyond)


def copy_bytes(feature_set: FeatureSet, gather: Gather, features: Sequence[Feature]) -> None:
    """Features that are stored as they stand: gathering is all of it."""
    for feature in features:
        slot = feature_set.slots[feature.name]
        for element in elements_of(feature, gather.held):
            region = gather.region(_BYTE, [element.place])
            gather.put(region, 0, 1, slot.block, slot.column, element.side)
