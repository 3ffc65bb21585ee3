"""The players' events of one frame, into the bytes of two leaders and two followers."""

from typing import Final

from exphil.features.one_frame import FrameBytes, Place
from exphil.live.fields import places_at
from exphil.replays import events
from exphil.replays.events import Version

_OWNER: Final = 5
"""Offset of the player's index in its events; the byte after it tells a follower."""
_PRE_SEEN: Final = 1
_POST_SEEN: Final = 2
_WHOLE: Final = _PRE_SEEN | _POST_SEEN


def fighter_places(version: Version, sizes: dict[int, int]) -> tuple[dict[str, Place], int]:
    """Columns of a pre-frame event and of a post-frame event right behind it, and where the latter begins.

    `sizes`: payload bytes of both, at least those of format 0.1.

    Raises:
        ValueError: they are less.
    """
    pre = places_at(events.PRE, version, sizes[events.PRE])
    if not pre:
        raise ValueError("the pre-frame event is too short for its kind")
    begin = max(place.stop for place in pre.values())
    post = places_at(events.POST, version, sizes[events.POST], begin)
    if not post:
        raise ValueError("the post-frame event is too short for its kind")
    return pre | post, begin


class FighterEvents:
    """Copies the players' events into the frame's bytes, and knows which of them came."""

    def __init__(self, held: FrameBytes, pre_bytes: int, ports: tuple[int, int]) -> None:
        """`pre_bytes`: what is held of a pre-frame event; the post-frame event follows."""
        self._data = held.data
        self._pre_bytes = pre_bytes
        self._post_bytes = held.fighter_bytes - pre_bytes
        self._length = held.fighter_bytes
        self._nothing = bytes(held.fighter_bytes)
        self._begins = held.fighter_begins
        self._slots = {
            (port - 1) * 2 + follower: 2 * follower + side
            for side, port in enumerate(ports)
            for follower in (0, 1)
        }
        self._seen = [0, 0, 0, 0]
        self._written = [False, False, False, False]
        """Where bytes lie that a fighter who is not there must not be read from."""

    def clear(self) -> None:
        """Forget the events of the last frame."""
        self._seen[:] = (0, 0, 0, 0)

    def add_pre(self, data: bytes, at: int) -> None:
        """Take the pre-frame event whose code byte is at `at`; of one written twice the last counts."""
        slot = self._slots.get(data[at + _OWNER] * 2 + (data[at + _OWNER + 1] != 0))
        if slot is not None:
            begin = self._begins[slot]
            self._data[begin : begin + self._pre_bytes] = data[at : at + self._pre_bytes]
            self._seen[slot] |= _PRE_SEEN
            self._written[slot] = True

    def add_post(self, data: bytes, at: int) -> None:
        """Take the post-frame event whose code byte is at `at`."""
        slot = self._slots.get(data[at + _OWNER] * 2 + (data[at + _OWNER + 1] != 0))
        if slot is not None:
            begin = self._begins[slot] + self._pre_bytes
            self._data[begin : begin + self._post_bytes] = data[at : at + self._post_bytes]
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

    def close(self) -> tuple[bool, bool]:
        """Which of the two followers are there; the bytes of one that is not become 0."""
        there = (self._seen[2] == _WHOLE, self._seen[3] == _WHOLE)
        for slot in (2, 3):
            if self._written[slot] and not there[slot - 2]:
                begin = self._begins[slot]
                self._data[begin : begin + self._length] = self._nothing
                self._written[slot] = False
        return there
