"""A spectator server that speaks ENet as Slippi Dolphin does, in a process of its own.

Its own process, as Dolphin is one: it neither takes turns with the policy at Python's lock, nor waits for it.
"""

import multiprocessing
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Any, Final, Self

from exphil.errors import PlayError, UsageError
from exphil.play.broadcast import FPS, Broadcast, Message
from exphil.play.console import ADDRESS, LAST_PORT
from exphil.play.libraries import load_enet

CLIENTS: Final = 4
CHANNELS: Final = 2

_NO_ANSWER: Final = -1
_TAKEN: Final = -2
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0
_SHORT: Final = 0.002
"""Seconds below which it sleeps until a message is due: ENet waits in whole milliseconds."""
_IDLE: Final = 0.05
"""Seconds between looks at whether to stop."""


class SpectatorServer:
    """Serves a broadcast while its context is open; the first client starts it.

    `port` is known once the context is entered.
    """

    def __init__(self, messages: Sequence[Message], *, port: int = 0, fps: float | None = FPS) -> None:
        """`port`: 0 for any that is free; `fps`: game frames a second, None for as fast as clients read.

        Raises:
            UsageError: no such port, or pyenet is not installed.
        """
        if not 0 <= port <= LAST_PORT:
            raise UsageError(f"--slippi-port {port}: ports go from 1 to {LAST_PORT}; 0 is any that is free")
        load_enet()
        self.port = port
        self._messages = list(messages)
        self._fps = fps
        self._process: Any = None
        self._stop: Event | None = None

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            UsageError: the port is taken.
            PlayError: no process could be started.
        """
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe(duplex=False)
        self._stop = context.Event()
        self._process = context.Process(
            target=_serve,
            args=(self._messages, self.port, self._fps, there, self._stop),
            name="spectator-server",
            daemon=True,
        )
        self._process.start()
        there.close()
        try:
            answer: int = here.recv() if here.poll(_START_SECONDS) else _NO_ANSWER
        except EOFError:
            answer = _NO_ANSWER
        except BaseException:
            self._end()
            raise
        finally:
            here.close()
        if answer == _NO_ANSWER:
            self._end()
            raise PlayError(
                "the spectator server's process did not start; `--debug` and its lines above show why"
            )
        if answer == _TAKEN:
            self._end()
            raise UsageError(
                f"--slippi-port {self.port}: another program has this port (a Dolphin that runs?); give another one,"
                " or leave it out for any that is free"
            )
        self.port = answer
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and stop."""
        self._end()

    def _end(self) -> None:
        assert self._stop is not None
        self._stop.set()
        self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _serve(messages: Sequence[Message], port: int, fps: float | None, ready: Connection, stop: Event) -> None:
    """The process: tells `ready` its port, or that it is taken; ends when told to, or left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us too; our parent decides
    net = load_enet()
    try:
        host = net.Host(net.Address(ADDRESS.encode(), port), CLIENTS, CHANNELS, 0, 0)
    except (MemoryError, OSError):
        ready.send(_TAKEN)
        return
    ready.send(host.address.port)
    ready.close()
    broadcast = Broadcast(messages, fps)
    peers: dict[int, Any] = {}
    parent = multiprocessing.parent_process()
    while not stop.is_set() and (parent is None or parent.is_alive()):
        for client, data in broadcast.due(time.monotonic()):
            if data is None:
                peers[client].disconnect_later(0)
            else:
                peers[client].send(0, net.Packet(data, net.PACKET_FLAG_RELIABLE))
        host.flush()
        wait = broadcast.wait(time.monotonic())
        if wait is not None and wait < _SHORT:
            time.sleep(wait)
            wait = 0.0
        event = host.service(int(1000 * min(_IDLE, wait if wait is not None else _IDLE)))
        while event.type != net.EVENT_TYPE_NONE:
            _handle(net, event, broadcast, peers)
            event = host.service(0)
    for peer in peers.values():
        peer.disconnect_now(0)
    host.flush()


def _handle(net: Any, event: Any, broadcast: Broadcast, peers: dict[int, Any]) -> None:
    """A client came, asked, or left."""
    client = event.peer.incomingPeerID
    if event.type == net.EVENT_TYPE_CONNECT:
        peers[client] = event.peer
    elif event.type == net.EVENT_TYPE_DISCONNECT:
        broadcast.left(client)
        peers.pop(client, None)
    elif event.type == net.EVENT_TYPE_RECEIVE:
        reply = broadcast.asked(client, bytes(event.packet.data), time.monotonic())
        if reply is not None:
            event.peer.send(0, net.Packet(reply, net.PACKET_FLAG_RELIABLE))
