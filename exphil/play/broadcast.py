"""Recordings as the messages in which Slippi Dolphin tells spectators of a game, and who gets which of them when.

Dolphin sends one JSON message for each frame over ENet: the frame's events, as they stand in a `.slp` file, in
base64. Clients ask with `connect_request`, are answered with `connect_reply`, and get what the game under way has
sent so far, then each message as it falls due. A recording that holds rolled back frames sends those too, each
together with the frame after which Dolphin had computed it.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exphil.replays import events

FPS: Final = 60.0
NICK: Final = "Slippi Online"
VERSION: Final = "3.4.0"
"""What the server says it is; clients only show it."""

_SENT_AT: Final = frozenset((events.GAME_START, events.FRAME_END, events.GAME_END, events.SPLITTER))
"""Events that end a message: Dolphin gathers all others until one of these."""


@dataclass(frozen=True, slots=True)
class Message:
    """One packet of a broadcast.

    Attributes:
        tick: game frames after the first at which it is due.
        data: as it goes over the wire; None closes every connection.
        cursor: what a client asks for that wants this message next.
        begins: whether a game begins here: clients that join later get everything from here on.
    """

    tick: int
    data: bytes | None
    cursor: int
    begins: bool = False


def broadcast_of(recordings: Sequence[bytes]) -> list[Message]:
    """Messages of some recordings, one game after the other.

    Raises:
        ReplayError: one of them is no recording.
    """
    messages: list[Message] = []
    cursor = tick = 0
    for data in recordings:
        messages.append(Message(tick, _json({"type": "start_game"}), cursor, begins=True))
        for ahead, payload in _timed(data):
            body = {
                "type": "game_event",
                "payload": base64.b64encode(payload).decode(),
                "cursor": cursor,
                "next_cursor": cursor + 1,
            }
            messages.append(Message(tick + ahead, _json(body), cursor))
            cursor += 1
        tick = messages[-1].tick + 1
        messages.append(Message(tick, _json({"type": "end_game"}), cursor))
        tick += 1
    return messages


def frame_payloads(data: bytes) -> Iterator[tuple[int | None, bytes]]:
    """What Dolphin would put into each message of a recording: whole events, and the frame they are of.

    Recordings before 3.0 do not mark where a frame ends; there a message ends where the next frame begins.

    Raises:
        ReplayError: it is no recording.
    """
    header = events.read_header(data)
    walk = events.walk(data, header)
    marked = header.sizes.get(events.FRAME_END) is not None
    begin = header.begin
    stop = header.start + 1 + header.sizes[events.GAME_START]
    yield None, data[begin:stop]
    begin, frame = stop, None
    for code, offset in zip(walk.codes.tolist(), walk.offsets.tolist(), strict=True):
        current = frame
        if code in events.FRAME_EVENTS:
            current = int.from_bytes(data[offset + 1 : offset + 5], "big", signed=True)
        if not marked and (current != frame or code in _SENT_AT) and begin < offset:
            yield frame, data[begin:offset]
            begin = offset
        frame = current
        if code in _SENT_AT:
            stop = offset + 1 + header.sizes[code]
            yield (frame if code == events.FRAME_END else None), data[begin:stop]
            begin = stop


def _timed(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Payloads with the tick at which each is due: frames that come again, with the new one that follows them.

    The end follows a tick after the last frame. Before 3.0 it is what makes that frame whole.
    """
    newest, tick = None, -1
    for frame, payload in frame_payloads(data):
        if frame is None:
            yield tick + 1, payload
        elif newest is None or frame > newest:
            newest, tick = frame, tick + 1
            yield tick, payload
        else:
            yield tick + 1, payload


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


class Broadcast:
    """Who gets which message when; knows nothing of sockets.

    The first message falls due when the first client has asked; from then on the game goes on, whoever listens.
    """

    def __init__(self, messages: Sequence[Message], fps: float | None = FPS) -> None:
        """`fps`: game frames a second; None for everything at once."""
        self._messages = messages
        self._fps = fps
        self._begun: float | None = None
        self._due = 0
        self._next: dict[int, int] = {}

    def asked(self, client: int, data: bytes, now: float) -> bytes | None:
        """Take in what a client sent; gives the answer, or None to what is no request."""
        try:
            request = json.loads(data)
        except ValueError:
            return None
        if not isinstance(request, dict) or request.get("type") != "connect_request":
            return None
        cursor = request.get("cursor")
        if not isinstance(cursor, int):
            return None
        place = 0
        if self._begun is None:
            self._begun = now
        else:
            self._advance(now)
            place = self._place(cursor)
        self._next[client] = place
        reply = self._messages[place].cursor if place < len(self._messages) else 0
        return _json({"type": "connect_reply", "nick": NICK, "version": VERSION, "cursor": reply})

    def left(self, client: int) -> None:
        """Forget a client."""
        self._next.pop(client, None)

    def due(self, now: float) -> list[tuple[int, bytes | None]]:
        """(client, packet) of everything that has fallen due; each is given once. None: end the connection."""
        self._advance(now)
        out: list[tuple[int, bytes | None]] = []
        for client, place in list(self._next.items()):
            self._next[client] = self._due
            for message in self._messages[place : self._due]:
                out.append((client, message.data))
                if message.data is None:
                    self.left(client)
                    break
        return out

    def wait(self, now: float) -> float | None:
        """Seconds until another message falls due; None where none will, or nobody has asked yet."""
        if self._begun is None or self._due == len(self._messages) or self._fps is None:
            return None
        return max(0.0, self._begun + self._messages[self._due].tick / self._fps - now)

    def _advance(self, now: float) -> None:
        """Move on to the first message that is not due."""
        if self._begun is None:
            return
        if self._fps is None:
            self._due = len(self._messages)
            return
        tick = (now - self._begun) * self._fps
        while self._due < len(self._messages) and self._messages[self._due].tick <= tick:
            self._due += 1

    def _place(self, cursor: int) -> int:
        """Where a client goes on: at the cursor, if the game under way has it, else at that game's beginning."""
        begins = 0
        for place in range(self._due - 1, -1, -1):
            if self._messages[place].begins:
                begins = place
                break
        for place in range(begins, self._due):
            if self._messages[place].cursor == cursor > self._messages[begins].cursor:
                return place
        return begins
