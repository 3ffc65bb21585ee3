"""The spectator server over ENet: to our own client, and to libmelee's as it is."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exphil.errors import PlayError, UsageError
from exphil.play import spectator
from exphil.play.broadcast import Message, broadcast_of, frame_payloads
from exphil.play.console import ADDRESS, ConsoleConnection, ConsoleError
from exphil.play.console import Message as Told
from exphil.play.libraries import load_enet
from exphil.play.spectator import SpectatorServer
from tests.play.recordings import rolled_back, synthesised

pytest.importorskip("enet")

LONG = 30.0
"""Seconds after which a test has failed; nothing depends on how long anything takes."""


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = synthesised(tmp_path_factory.mktemp("game"))
    path.write_bytes(rolled_back(path.read_bytes(), (0, 3), (50, 7)))
    return path


@contextmanager
def connected(server: SpectatorServer) -> Iterator[ConsoleConnection]:
    connection = ConsoleConnection(ADDRESS, server.port)
    connection.connect(LONG)
    try:
        yield connection
    finally:
        connection.close()


def received(connection: ConsoleConnection, last: str = "end") -> list[Told]:
    """Messages until one of a kind has come, and those that came with it."""
    found: list[Told] = []
    until = time.monotonic() + LONG
    while all(message.kind != last for message in found):
        assert time.monotonic() < until, f"{len(found)} messages, no {last}"
        found += connection.receive(1.0)
    return found


def hung_up(connection: ConsoleConnection) -> bool:
    """Whether the server closes the connection without another word."""
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        try:
            assert connection.receive(1.0) == []
        except ConsoleError as error:
            return "closed the connection" in str(error)
    return False


def test_our_client_gets_every_byte(game: Path) -> None:
    data = game.read_bytes()
    with SpectatorServer(broadcast_of([data]), fps=None) as server, connected(server) as connection:
        messages = received(connection)
    kinds = [message.kind for message in messages]
    assert kinds[:2] == ["reply", "start"]
    assert kinds[-1] == "end"
    assert [m.payload for m in messages if m.kind == "game"] == [p for _, p in frame_payloads(data)]


def test_at_its_own_pace_it_tells_the_same(game: Path) -> None:
    data = game.read_bytes()
    with SpectatorServer(broadcast_of([data]), fps=2000.0) as server, connected(server) as connection:
        messages = received(connection)
    assert [m.payload for m in messages if m.kind == "game"] == [p for _, p in frame_payloads(data)]


def test_libmelee_reads_a_whole_game_as_from_the_file(game: Path) -> None:
    melee: Any = pytest.importorskip("melee")
    with SpectatorServer(broadcast_of([game.read_bytes()]), fps=None) as server:
        console = melee.Console(
            is_dolphin=True, is_remote=True, slippi_address=ADDRESS, slippi_port=server.port
        )
        assert console.connect()
        try:
            frames = new_frames(game)
            told = [seen(console.step()) for _ in range(len(frames))]
            assert console.connected
            assert console.nick == "Slippi Online"
        finally:
            console._slippstream.shutdown()  # Console.stop() does nothing for a remote one
    assert [state[0] for state in told] == frames
    stored = melee.Console(path=str(game), is_dolphin=False)
    assert stored.connect()
    assert told == [seen(stored.step()) for _ in frames]


def new_frames(game: Path) -> list[int]:
    """Ids in the order in which libmelee tells of them: of frames that come again it says nothing."""
    frames: list[int] = []
    for frame, _ in frame_payloads(game.read_bytes()):
        if frame is not None and (not frames or frame > frames[-1]):
            frames.append(frame)
    return frames


def seen(state: Any) -> tuple[Any, ...]:
    """What libmelee makes of a frame."""
    players = [
        (port, player.character, player.action, float(player.position.x), float(player.percent), player.stock)
        for port, player in sorted(state.players.items())
    ]
    return int(state.frame), state.stage, players


def test_a_client_that_leaves_may_come_back_while_others_stay(game: Path) -> None:
    messages = broadcast_of([game.read_bytes()])
    with SpectatorServer(messages, fps=None) as server, connected(server) as stays:
        with connected(server) as leaves:
            received(leaves, "start")
        with connected(server) as comes:
            assert len(received(comes)) == len(messages) + 1
        assert len(received(stays)) == len(messages) + 1


def test_a_client_that_sends_rubbish_is_borne_with(game: Path) -> None:
    net = load_enet()
    with SpectatorServer(broadcast_of([game.read_bytes()]), fps=None) as server:
        host = net.Host(None, 1, 0, 0)
        peer = host.connect(net.Address(ADDRESS.encode(), server.port), 1)
        until = time.monotonic() + LONG
        while host.service(100).type != net.EVENT_TYPE_CONNECT:
            assert time.monotonic() < until
        for rubbish in (b"", b"\xff\x00", b"[1]", b'{"type": "connect_request", "cursor": []}'):
            peer.send(0, net.Packet(rubbish, net.PACKET_FLAG_RELIABLE))
        host.flush()
        with connected(server) as connection:
            assert received(connection)[-1].kind == "end"


def test_a_server_that_stops_says_goodbye(game: Path) -> None:
    with SpectatorServer(broadcast_of([game.read_bytes()]), fps=None) as server:
        connection = ConsoleConnection(ADDRESS, server.port)
        connection.connect(LONG)
        received(connection)
    assert hung_up(connection)


def test_it_can_hang_up_in_the_middle() -> None:
    messages = [
        Message(0, b'{"type": "start_game"}', 0, begins=True),
        Message(1, None, 0),
        Message(2, b'{"type": "end_game"}', 0),
    ]
    with SpectatorServer(messages, fps=1000.0) as server, connected(server) as connection:
        assert [message.kind for message in received(connection, "start")] == ["reply", "start"]
        assert hung_up(connection)


def test_a_port_that_is_taken_is_named() -> None:
    with (
        SpectatorServer([], fps=None) as server,
        pytest.raises(UsageError, match=f"--slippi-port {server.port}: another program"),
        SpectatorServer([], port=server.port),
    ):
        pass


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match=f"--slippi-port {port}: ports go from 1 to 65535"):
        SpectatorServer([], port=port)


def test_it_ends_with_its_parent() -> None:
    program = (
        "import sys, os\n"
        "from exphil.play.spectator import SpectatorServer\n"
        "if __name__ == '__main__':\n"
        "    server = SpectatorServer([], fps=None).__enter__()\n"
        "    print(server.port, server._process.pid, flush=True)\n"
        "    os._exit(9)\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.path.insert(0, sys.argv[1]); exec(sys.argv[2])",
            root,
            program,
        ],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    port = int(done.stdout.split()[0])
    until = time.monotonic() + LONG
    while True:  # the port comes free when the server has gone
        try:
            with SpectatorServer([], port=port):
                return
        except UsageError:
            assert time.monotonic() < until


def test_a_process_that_dies_at_once_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectator, "_serve", os._exit)  # called with things that are no exit code
    with pytest.raises(PlayError, match="did not start"), SpectatorServer([]):
        pass
