"""Messages of a console, well-formed and not, and its connection, there and gone."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.play.console import ConsoleConnection, ConsoleError, Message, read_message
from tests.play.staged import free_port

enet: Any = pytest.importorskip("enet")

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text() | st.just("type"), children),
)
SPOKEN = st.fixed_dictionaries(
    {"type": st.sampled_from(["connect_reply", "start_game", "game_event", "menu_event", "end_game", "?"])},
    optional={"payload": JSON | st.text(), "nick": JSON},
)


def packet(kind: str, payload: bytes | None = None, **more: Any) -> bytes:
    fields = {"type": kind, **more}
    if payload is not None:
        fields["payload"] = base64.b64encode(payload).decode()
    return json.dumps(fields).encode()


def test_messages_are_read() -> None:
    reply = read_message(packet("connect_reply", nick="Slippi", version="3", cursor=0))
    assert reply == Message("reply", text="Slippi")
    assert read_message(packet("start_game")) == Message("start")
    assert read_message(packet("game_event", b"\x36abc"), 1.5) == Message("game", b"\x36abc", arrived=1.5)
    assert read_message(packet("menu_event", b"\x3eabc")) == Message("menu", b"\x3eabc")
    assert read_message(packet("end_game")) == Message("end")


def test_a_menu_that_comes_as_an_event_of_the_game_is_a_menu() -> None:
    assert read_message(packet("game_event", b"\x3eabc")) == Message("menu", b"\x3eabc")


@pytest.mark.parametrize("said", [b"", packet("game_event", b""), packet("frame_end")])
def test_what_says_nothing_is_left_out(said: bytes) -> None:
    assert read_message(said) is None


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (b"\xff\x00", "a packet of 2 bytes is no Slippi message"),
        (b"[]", "a packet of 2 bytes is no Slippi message"),
        (b'"text"', "a packet of 6 bytes is no Slippi message"),
        (packet("new_thing"), "unknown message 'new_thing'"),
        (b'{"type": ["game_event"]}', "unknown message"),
        (packet("game_event"), "a game_event without readable payload"),
        (b'{"type": "menu_event", "payload": "a"}', "a menu_event without readable payload"),
        (b'{"type": "game_event", "payload": 7}', "a game_event without readable payload"),
    ],
)
def test_what_cannot_be_read_is_told(said: bytes, trouble: str) -> None:
    message = read_message(said)
    assert message is not None
    assert message.kind == "trouble"
    assert message.text.startswith(trouble)


@settings(max_examples=50)
@given(st.binary() | JSON.map(json.dumps).map(str.encode) | SPOKEN.map(json.dumps).map(str.encode))
def test_no_packet_raises(said: bytes) -> None:
    message = read_message(said)
    assert message is None or "\n" not in message.text


class Server:
    """A console that does as the test says."""

    def __init__(self) -> None:
        self.port = free_port()
        self.host = enet.Host(enet.Address(b"127.0.0.1", self.port), 4, 0, 0)
        self.peer: Any = None
        self.asked: list[bytes] = []

    def turn(self, until: int = 1) -> None:
        """Serve until a client has asked so many times."""
        for _ in range(2000):
            event = self.host.service(1)
            if event.type == enet.EVENT_TYPE_RECEIVE:
                self.peer = event.peer
                self.asked.append(event.packet.data)
            if len(self.asked) >= until:
                return
        raise AssertionError("nobody asked")

    def send(self, *packets: bytes) -> None:
        for data in packets:
            self.peer.send(0, enet.Packet(data, enet.PACKET_FLAG_RELIABLE))
        self.host.flush()


@pytest.fixture
def server() -> Server:
    return Server()


class Alternating(ConsoleConnection):
    """A connection whose waiting gives the server of the same thread its turn."""

    def __init__(self, server: Server) -> None:
        super().__init__(port=server.port, clock=lambda: 42.0)
        self.server = server

    def _wait(self, seconds: float) -> None:
        event = self.server.host.service(1)
        if event.type == enet.EVENT_TYPE_RECEIVE:
            self.server.peer = event.peer
            self.server.asked.append(event.packet.data)


def test_a_console_is_asked_and_heard(server: Server) -> None:
    connection = Alternating(server)
    connection.connect(10.0)
    server.turn()
    assert json.loads(server.asked[0]) == {"type": "connect_request", "cursor": 0}
    big = bytes(range(1, 256)) * 40  # more than a datagram holds
    server.send(packet("connect_reply", nick="x"), packet("game_event", big), b"garbage", packet("end_game"))
    heard: list[Message] = []
    while len(heard) < 4:
        heard += connection.receive(1.0)
    assert [message.kind for message in heard] == ["reply", "game", "trouble", "end"]
    assert heard[1].payload == big
    assert {message.arrived for message in heard} == {42.0}
    assert connection.receive(0.01) == []
    connection.close()


def test_a_console_that_hangs_up_says_its_last_words_first(server: Server) -> None:
    connection = Alternating(server)
    connection.connect(10.0)
    server.turn()
    server.send(packet("end_game"))
    server.peer.disconnect_later(0)
    heard: list[Message] = []
    while not heard:
        heard = connection.receive(0.1)
    assert [message.kind for message in heard] == ["end"]
    with pytest.raises(ConsoleError, match="the console closed the connection"):
        connection.receive(10.0)
    with pytest.raises(ConsoleError, match="not connected"):
        connection.receive(0.1)
    connection.connect(10.0)  # and it can be found again
    server.turn(until=2)
    connection.close()
    connection.close()


def test_where_nobody_answers_the_way_out_is_named() -> None:
    connection = ConsoleConnection(port=free_port())
    with pytest.raises(ConsoleError, match=r"no console answers at 127.0.0.1:\d+: does Dolphin run"):
        connection.connect(0.2)


def test_a_dolphin_that_ended_is_not_waited_for() -> None:
    connection = ConsoleConnection(port=free_port())
    with pytest.raises(ConsoleError, match="Dolphin ended with exit code 6"):
        connection.connect(600.0, ended=lambda: 6)
