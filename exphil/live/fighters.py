"""The players' events of one frame, as columns of two leaders and two followers."""

import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.live.fields import Field, fields_at
from exphil.replays import events
from exphil.replays.events import Version

NUM_SLOTS: Final = 4
"""Leader of the first port, leader of the second, then their followers."""

_PRE_SEEN: Final = 1
_POST_SEEN: Final = 2
_WHOLE: Final = _PRE_SEEN | _POST_SEEN


class FighterColumns:
    """Holds the events of a frame; `gather` turns their bytes into native columns.

    leaders, followers: arrays (2,) by column name, the same arrays for every frame, filled by `gather`.
    """

    def __init__(self, version: Version, sizes: dict[int, int], ports: tuple[int, int]) -> None:
        """`sizes`: payload bytes of the pre and post events, at least those of format 0.1."""
        pre = fields_at(events.PRE, version, sizes[events.PRE])
        post = fields_at(events.POST, version, sizes[events.POST])
        if pre is None or post is None:
            raise ValueError("the players' events are too short for their kind")
        self._pre_bytes = _end(pre)
        self._post_bytes = _end(post)
        stride = self._pre_bytes + self._post_bytes
        self._bytes = bytearray(NUM_SLOTS * stride)
        self._source = np.frombuffer(self._bytes, np.uint8)
        self._begins = [slot * stride for slot in range(NUM_SLOTS)]
        self._slots = {
            (port - 1) * 2 + follower: 2 * follower + side
            for side, port in enumerate(ports)
            for follower in (0, 1)
        }
        self._seen = [0] * NUM_SLOTS
        self._written = [False] * NUM_SLOTS
        """Where bytes lie that a fighter who is not there must not be read from."""
        places = [(field, field.offset) for field in pre]
        places += [(field, self._pre_bytes + field.offset) for field in post]
        # Wide fields first, so that each column is aligned.
        places.sort(key=lambda place: -place[0].width)
        self._order = _byte_order(places, stride)
        self._native = np.zeros(len(self._order), np.uint8)
        self.leaders: dict[str, NDArray[Any]] = {}
        self.followers: dict[str, NDArray[Any]] = {}
        begin = 0
        for field, _ in places:
            stop = begin + NUM_SLOTS * field.width
            column = self._native[begin:stop].view(field.format)
            self.leaders[field.column], self.followers[field.column] = column[:2], column[2:]
            begin = stop

    def clear(self) -> None:
        """Forget the events of the last frame."""
        self._seen[:] = (0, 0, 0, 0)

    def add_pre(self, data: bytes, at: int) -> None:
        """Take the pre-frame event whose code byte is at `at`; of one written twice the last counts."""
        slot = self._slots.get(data[at + 5] * 2 + (data[at + 6] != 0))
        if slot is not None:
            begin = self._begins[slot]
            self._bytes[begin : begin + self._pre_bytes] = data[at : at + self._pre_bytes]
            self._seen[slot] |= _PRE_SEEN
            self._written[slot] = True

    def add_post(self, data: bytes, at: int) -> None:
        """Take the post-frame event whose code byte is at `at`."""
        slot = self._slots.get(data[at + 5] * 2 + (data[at + 6] != 0))
        if slot is not None:
            begin = self._begins[slot] + self._pre_bytes
            self._bytes[begin : begin + self._post_bytes] = data[at : at + self._post_bytes]
            self._seen[slot] |= _POST_SEEN
            self._written[slot] = True

    @property
    def is_empty(self) -> bool:
        """Whether no event of a player came."""
        return not any(self._seen)

    @property
    def missing(self) -> list[str]:
        """The leaders' events that the frame lacks, in words: `post-frame event of the first player`."""
        return [
            f"{kind} event of the {('first', 'second')[side]} player"
            for side in (0, 1)
            for kind, bit in (("pre-frame", _PRE_SEEN), ("post-frame", _POST_SEEN))
            if not self._seen[side] & bit
        ]

    @property
    def is_whole(self) -> bool:
        """Whether both leaders have both of their events."""
        return self._seen[0] == _WHOLE and self._seen[1] == _WHOLE

    def gather(self) -> tuple[bool, bool]:
        """Fill the columns from the events; returns which of the two followers are there. Others read as 0."""
        there = (self._seen[2] == _WHOLE, self._seen[3] == _WHOLE)
        for slot in (2, 3):
            if self._written[slot] and not there[slot - 2]:
                begin = self._begins[slot]
                length = self._pre_bytes + self._post_bytes
                self._bytes[begin : begin + length] = bytes(length)
                self._written[slot] = False
        np.take(self._source, self._order, out=self._native, mode="clip")
        return there


def _end(fields: tuple[Field, ...]) -> int:
    """Bytes from an event's code to its last known field."""
    return fields[-1].offset + fields[-1].width


def _byte_order(places: list[tuple[Field, int]], stride: int) -> NDArray[np.intp]:
    """Where each byte of the native columns, (field, slot, byte), lies among the events' bytes."""
    order: list[int] = []
    for field, offset in places:
        for slot in range(NUM_SLOTS):
            place = range(slot * stride + offset, slot * stride + offset + field.width)
            order += reversed(place) if sys.byteorder == "little" else place
    return np.array(order, np.intp)
