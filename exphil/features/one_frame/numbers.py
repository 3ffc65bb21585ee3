"""All numbers of one frame: both players', the game's and the items'."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Number
from exphil.features.feature import Feature
from exphil.features.layout import FeatureSet
from exphil.features.numbers import Steps
from exphil.features.one_frame.elements import Element, elements_of
from exphil.features.one_frame.frame_bytes import Place
from exphil.features.one_frame.gather import Gather
from exphil.features.one_frame.reads import FrameReads, Read, ReadRows, Whose, whose

_FLOAT: Final = np.dtype(np.float32)
# Every stored number fits, and its low bytes are those of the narrower type that a row has.
_STORED: Final = np.dtype("<i4")


class FrameNumbers:
    """One array of float32: floats are gathered into it, whole numbers copied, the rest computed."""

    def __init__(
        self, feature_set: FeatureSet, gather: Gather, reads: FrameReads, features: Sequence[Feature]
    ) -> None:
        computed = [feature for feature in features if reads.is_computed(feature)]
        direct = [
            element for feature in features if not reads.is_computed(feature)
            for element in elements_of(feature, gather.held)
        ]  # fmt: skip
        floats = [element for element in direct if _format(element) == "f4"]
        order = list(floats)
        self._whole: list[tuple[int, int, slice, np.dtype[Any]]] = []
        for kind in sorted({_format(element) for element in direct} - {"f4"}):
            alike = [element for element in direct if _format(element) == kind]
            region = gather.region(np.dtype(kind), [element.place for element in alike])
            self._whole.append((len(order), len(order) + len(alike), region, np.dtype(kind)))
            order += alike
        self._reads: list[tuple[int, int, Read, Whose]] = []
        for read, group in _by_function(computed):
            begin = len(order)
            order += [element for feature in group for element in elements_of(feature, gather.held)]
            self._reads.append((begin, len(order), read, whose(group)))
        gathered: list[Place | None] = [element.place for element in floats]
        self._work_region = gather.region(_FLOAT, gathered + [None] * (len(order) - len(floats)))
        self._stored_region = gather.results(_STORED, len(order))
        encodings = []
        for index, element in enumerate(order):
            slot, encoding = feature_set.slots[element.feature.name], element.feature.encoding
            assert isinstance(encoding, Number)
            encodings.append(encoding)
            gather.put(self._stored_region, index, _STORED.itemsize, slot.block, slot.column, element.side)
        self._steps = Steps(encodings)
        self._copies: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self._calls: list[tuple[NDArray[Any], Read, ReadRows]] = []

    def bind(self, gather: Gather, reads: FrameReads) -> None:
        """After the buffer is made."""
        self._work = gather.view(self._work_region, _FLOAT)
        self._bits = self._work.view(np.uint32)
        self._stored = gather.view(self._stored_region, _STORED)
        self._copies = [
            (self._work[begin:stop], gather.view(region, dtype)) for begin, stop, region, dtype in self._whole
        ]
        self._calls = [
            (self._work[begin:stop], read, reads.rows[whose]) for begin, stop, read, whose in self._reads
        ]

    def store(self) -> None:
        """Make the numbers of what was gathered."""
        for target, values in self._copies:
            target[:] = values
        for target, read, rows in self._calls:
            target[:] = read(rows)
        self._steps.apply(self._work, self._bits)
        self._stored[:] = self._work


def _format(element: Element) -> str:
    """What is absent is a 0 of any type."""
    return "f4" if element.place is None else element.place.format


def _by_function(features: Sequence[Feature]) -> list[tuple[Read, list[Feature]]]:
    """Features that one call makes: a leader's, and the follower's that has the same function."""
    groups: list[tuple[Read, list[Feature]]] = []
    for feature in features:
        assert feature.read is not None
        pair = next(
            (group for read, group in groups
             if read is feature.read and [one.who for one in group] == ["leader"] and feature.who == "follower"),
            None,
        )  # fmt: skip
        if pair is None:
            groups.append((feature.read, [feature]))
        else:
            pair.append(feature)
    return groups
