"""One game of the stream: events in, a row for every whole frame out."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.features import FeatureSet
from exphil.features.one_frame import FrameBytes, FrameEncoder
from exphil.live.fields import places_at
from exphil.live.fighters import FighterEvents, fighter_places
from exphil.live.messages import GameStart, LiveFrame, Message, Trouble
from exphil.live.stage import StageEvents, stage_places
from exphil.replays import events
from exphil.replays.normalise import FIRST_FRAME, OLDEST

MAX_GAP: Final = 36_000
"""Frames by which an id may jump ahead: ten minutes. Beyond that it is garbage."""
MAX_ROLLBACK: Final = 600
"""Frames by which an id may fall back as a rollback; beyond that the game has begun counting anew."""


Encode = Callable[[int, tuple[bool, bool], Sequence[bytes]], NDArray[np.uint8]]
"""Makes a frame's row: its id, which players have a follower, its item events."""


class LiveGame:
    """Gathers the events of a frame until it is whole, and encodes it."""

    def __init__(
        self,
        feature_set: FeatureSet,
        start: GameStart,
        sizes: dict[int, int],
        wrap: Callable[[Encode], Encode] | None = None,
    ) -> None:
        """`wrap` is given what encodes a frame, and returns what is called in its place: to time it, say."""
        version = max(start.version, OLDEST)
        self.start = start
        fighter, pre_bytes = fighter_places(version, sizes)
        item = places_at(events.ITEM, version, sizes.get(events.ITEM, 0))
        held = FrameBytes(fighter, stage_places(version, sizes), item)
        self.fighters = FighterEvents(held, pre_bytes, start.ports)
        self.stage = StageEvents(held, version, sizes)
        self._item_bytes = held.item_bytes
        self._items: list[bytes] = []
        encode = FrameEncoder(feature_set, held, stage=start.stage, ports=start.ports).encode
        self._encode: Encode = encode if wrap is None else wrap(encode)
        self._open: int | None = None
        """Id of the frame whose events are coming in."""
        self._newest: int | None = None
        """Highest id of a frame that was handed on."""
        self._reached = FIRST_FRAME - 1
        """Highest id of a frame that began."""
        self._told: set[str] = set()

    def add(self, code: int, data: bytes, at: int, out: list[Message]) -> None:
        """Take an event of a frame, at least as long as its kind; append what it completes to `out`."""
        frame = int.from_bytes(data[at + 1 : at + 5], "big", signed=True)
        if frame != self._open or code == events.FRAME_START:
            self.close(out)
            if not self._begin(frame, out):
                return
        if code == events.PRE:
            self.fighters.add_pre(data, at)
        elif code == events.POST:
            self.fighters.add_post(data, at)
        elif code == events.ITEM:
            self._items.append(data[at : at + self._item_bytes])
        else:
            self.stage.add(code, data, at)
            if code == events.FRAME_END:
                self.close(out)

    def close(self, out: list[Message]) -> None:
        """Hand on the frame whose events came in, if it is whole."""
        frame, self._open = self._open, None
        if frame is None:
            return
        if not self.fighters.is_whole:
            if not self.fighters.is_empty:
                lost = self.fighters.missing[0]
                self.tell("half", f"frame {frame} lacks the {lost}: left out, and so are others like it", out)
            return
        followers = self.fighters.close()
        self.stage.close()
        row = self._encode(frame, followers, self._items)
        newest = self._newest
        is_rollback = newest is not None and newest - MAX_ROLLBACK <= frame <= newest
        if newest is not None and frame < newest - MAX_ROLLBACK:
            self.tell("back", f"frame {frame} follows frame {newest}: the game counts anew", out)
            newest = frame - 1
        self._newest = frame if newest is None else max(newest, frame)
        finalized = self.stage.finalized
        out.append(LiveFrame(frame, None if finalized is None else frame <= finalized, row, is_rollback))

    def tell(self, kind: str, message: str, out: list[Message]) -> None:
        """Trouble of one kind is told once a game: it would come with every frame."""
        if kind not in self._told:
            self._told.add(kind)
            out.append(Trouble(message))

    def _begin(self, frame: int, out: list[Message]) -> bool:
        """Begin a frame, unless its id is none that a game reaches."""
        newest = self._newest
        if frame < FIRST_FRAME or (newest is not None and frame > newest + MAX_GAP):
            after = "" if newest is None else f" after {newest}"
            self.tell("id", f"{frame} is no frame id{after}: its events are left out", out)
            return False
        if frame > self._reached + 1:
            self.tell("gap", f"frames from {self._reached + 1} to {frame - 1} did not come", out)
        self._reached = max(frame, self._reached)
        self._open = frame
        self.fighters.clear()
        self._items.clear()
        self.stage.begin(frame)
        return True
