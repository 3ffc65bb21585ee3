"""The encoder of a running game's frames."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Flag, Id, Number
from exphil.features.layout import FeatureSet
from exphil.features.one_frame.clock import FrameClock, is_clocked
from exphil.features.one_frame.flags import FrameFlags
from exphil.features.one_frame.frame_bytes import FrameBytes
from exphil.features.one_frame.gather import Gather
from exphil.features.one_frame.ids import FrameIds, copy_bytes
from exphil.features.one_frame.items import FrameItems
from exphil.features.one_frame.numbers import FrameNumbers
from exphil.features.one_frame.reads import FrameReads


class FrameEncoder:
    """Encodes the frames of one game, one by one."""

    def __init__(
        self, feature_set: FeatureSet, held: FrameBytes, *, stage: int, ports: tuple[int, int]
    ) -> None:
        """`held`: where the events of a frame are written before each `encode`, its items aside."""
        clocked = [feature for feature in feature_set.stored if is_clocked(feature)]
        rest = [feature for feature in feature_set.stored if not is_clocked(feature)]
        numbers, flags, ids = (
            [feature for feature in rest if isinstance(feature.encoding, kind)] for kind in (Number, Flag, Id)
        )
        codes = [feature for feature in rest if not isinstance(feature.encoding, Number | Flag | Id)]
        gather = Gather(feature_set, held)
        self._gather = gather
        self._clock = FrameClock(feature_set, clocked, stage)
        self._reads = FrameReads(gather, rest, stage, ports)
        self._numbers = FrameNumbers(feature_set, gather, self._reads, numbers)
        self._flags = FrameFlags(feature_set, gather, self._reads, flags)
        self._ids = FrameIds(feature_set, gather, ids)
        self._items = FrameItems(
            feature_set, gather, [feature for feature in codes if feature.slot is not None], ports
        )
        copy_bytes(feature_set, gather, [feature for feature in codes if feature.slot is None])
        gather.finish()
        self._reads.bind(gather)
        self._numbers.bind(gather, self._reads)
        self._flags.bind(gather, self._reads)
        self._ids.bind(gather)
        self._items.bind(gather)
        self._shared = slice(feature_set.row_dtype.fields["shared"][1], None)  # type: ignore[index]

    def encode(self, frame: int, followers: tuple[bool, bool], items: Sequence[bytes]) -> NDArray[np.uint8]:
        """The packed row of a frame, (row bytes,) uint8, a new array.

        `followers`: who has one in this frame; `items`: its item events, from the code byte on.
        """
        num_items = self._items.place(items)
        self._gather.read()
        self._reads.begin(followers, num_items)
        self._numbers.store()
        self._flags.store()
        self._ids.store(followers)
        self._items.store()
        row = self._gather.row()
        shared = row[self._shared]
        np.bitwise_or(shared, self._clock.at(frame), out=shared)
        return row
