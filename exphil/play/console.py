"""The connection to a console: Slippi's spectator protocol, a JSON message a packet over ENet.

The client asks with `connect_request`; the console answers `connect_reply`, and from then on sends `start_game`,
`game_event`, `menu_event` and `end_game`. The events' own bytes travel in `payload`, base64. What cannot be read
becomes a message of kind `trouble`, and the stream goes on.
"""

import binascii
import json
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from exphil.errors import PlayError
from exphil.play.libraries import load_enet

ADDRESS: Final = "127.0.0.1"
PORT: Final = 51441
"""UDP port that Slippi's Dolphin listens on."""

LAST_PORT: Final = 65535

MENU_EVENT: Final = 0x3E

_ATTEMPT_S: Final = 1.0
_TURN_S: Final = 0.05
"""At least this often ENet gets its turn, for what it has to send again and for Ctrl-C."""

Kind = Literal["reply", "start", "game", "menu", "end", "trouble"]

_KINDS: Final[dict[str, Kind]] = {
    "connect_reply": "reply",
    "start_game": "start",
    "game_event": "game",
    "menu_event": "menu",
    "end_game": "end",
}
_IGNORED: Final = frozenset({"frame_end"})


class ConsoleError(PlayError):
    """No console answers, or the one that did is gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a console.

    Attributes:
        kind: what it is.
        payload: of `game` and `menu`: the events' own bytes.
        text: of `trouble`: what is wrong with it; of `reply`: what the console calls itself.
        arrived: when it was read from the network, on the connection's clock.
    """

    kind: Kind
    payload: bytes = b""
    text: str = ""
    arrived: float = 0.0


def read_message(packet: bytes, arrived: float = 0.0) -> Message | None:
    """What a packet says; None where it says nothing that matters here. Never raises."""
    if not packet:
        return None
    try:
        fields: Any = json.loads(packet)
        name = fields["type"]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return Message(
            "trouble", text=f"a packet of {len(packet)} bytes is no Slippi message", arrived=arrived
        )
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        if isinstance(name, str) and name in _IGNORED:
            return None
        return Message("trouble", text=f"unknown message {str(name)[:40]!r}", arrived=arrived)
    if kind == "reply":
        return Message(kind, text=str(fields.get("nick", "")), arrived=arrived)
    if kind in ("start", "end"):
        return Message(kind, arrived=arrived)
    try:
        payload = binascii.a2b_base64(fields["payload"])
    except (ValueError, TypeError, KeyError):
        return Message("trouble", text=f"a {name} without readable payload", arrived=arrived)
    if not payload:
        return None
    if payload[0] == MENU_EVENT:  # Dolphin sends some of them as events of the game
        kind = "menu"
    return Message(kind, payload, arrived=arrived)


class ConsoleConnection:
    """One console, listened to. It runs in the caller's thread: nothing is queued behind its back."""

    def __init__(
        self, address: str = ADDRESS, port: int = PORT, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.address = address
        self.port = port
        self._clock = clock
        self._enet = load_enet()
        self._host: Any = None
        self._peer: Any = None
        self._gone = False

    def connect(self, timeout_s: float, ended: Callable[[], int | None] = lambda: None) -> None:
        """Connect and ask for the stream, trying again until `timeout_s` is over.

        Args:
            timeout_s: how long a console may take to answer.
            ended: gives the exit code of the console's process once that has ended.

        Raises:
            ConsoleError: nobody answers, or the process ended.
        """
        self.close()
        deadline = time.monotonic() + timeout_s
        self._host, self._gone = self._enet.Host(None, 1, 0, 0), False
        while True:
            code = ended()
            left = deadline - time.monotonic()
            if code is not None or left <= 0:
                self.close()
                raise ConsoleError(_nobody(self.address, self.port, code))
            if self._attempt(min(_ATTEMPT_S, left)):
                return

    def _attempt(self, seconds: float) -> bool:
        try:
            where = self._enet.Address(self.address.encode(), self.port)
            self._peer = self._host.connect(where, 1)
        except OSError as error:
            self.close()
            raise ConsoleError(f"--connect {self.address}:{self.port}: {error}") from error
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._wait(min(left, _TURN_S))
            event = self._host.service(0)
            if event.type == self._enet.EVENT_TYPE_CONNECT:
                self._ask()
                return True
        self._peer.reset()
        return False

    def _ask(self) -> None:
        asked = json.dumps({"type": "connect_request", "cursor": 0}).encode()
        self._peer.send(0, self._enet.Packet(asked, self._enet.PACKET_FLAG_RELIABLE))
        self._host.flush()

    def receive(self, timeout_s: float) -> list[Message]:
        """Everything that has come; waits for the first up to `timeout_s`, and gives [] where nothing comes.

        Raises:
            ConsoleError: the console closed the connection, or is gone.
        """
        if self._host is None:
            raise ConsoleError("the console is not connected")
        found = [] if self._gone else self._drain()
        until = time.monotonic() + timeout_s
        while not (found or self._gone) and (left := until - time.monotonic()) > 0:
            self._wait(min(left, _TURN_S))
            found = self._drain()
        if self._gone and not found:
            self.close()
            raise ConsoleError("the console closed the connection")
        return found

    def _wait(self, seconds: float) -> None:
        """Sleep until a packet comes. ENet's own waiting would stop every other thread of this process."""
        select.select([self._host.socket], [], [], seconds)

    def _drain(self) -> list[Message]:
        found: list[Message] = []
        while True:
            event = self._host.service(0)
            if event.type == self._enet.EVENT_TYPE_NONE:
                return found
            if event.type == self._enet.EVENT_TYPE_RECEIVE:
                message = read_message(event.packet.data, self._clock())
                if message is not None:
                    found.append(message)
            elif event.type == self._enet.EVENT_TYPE_DISCONNECT:
                self._gone = True
                return found  # its last words first

    def close(self) -> None:
        """Say goodbye and free the port; twice does no harm."""
        if self._host is not None:
            if self._peer is not None:
                self._peer.disconnect_now(0)
            self._host.flush()
        self._host = self._peer = None


def _nobody(address: str, port: int, code: int | None) -> str:
    if code is not None:
        return f"Dolphin ended with exit code {code}; start it by hand to see why"
    return f"no console answers at {address}:{port}: does Dolphin run, with spectating enabled in its Slippi settings?"
