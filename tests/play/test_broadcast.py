"""What spectators are told, and when: recordings as Dolphin's messages."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.errors import ReplayError
from exphil.live import EventStream, LiveFrame
from exphil.play.broadcast import Broadcast, Message, broadcast_of, frame_payloads
from exphil.play.console import read_message
from exphil.replays import events
from tests.play.recordings import recording_of, rolled_back, synthesised

ASK = b'{"type": "connect_request", "cursor": 0}'
FPS = 60.0


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return synthesised(tmp_path_factory.mktemp("game")).read_bytes()


def stream_of(data: bytes) -> bytes:
    header = events.read_header(data)
    return data[header.begin : header.begin + header.raw_length]


def body(message: Message) -> dict[str, Any]:
    assert message.data is not None
    found: dict[str, Any] = json.loads(message.data)
    return found


@pytest.mark.parametrize("version", [(0, 1, 0), (1, 7, 1), (2, 2, 0), (3, 0, 0), (3, 18, 0)])
def test_payloads_are_the_recording_cut_at_its_frames(tmp_path: Path, version: tuple[int, int, int]) -> None:
    data = synthesised(tmp_path, version).read_bytes()
    told = list(frame_payloads(data))
    assert b"".join(payload for _, payload in told) == stream_of(data)
    frames = [frame for frame, _ in told if frame is not None]
    assert list(dict.fromkeys(frames)) == list(range(-123, max(frames) + 1))
    assert max(frames) > -60
    assert told[0][1][0] == events.PAYLOADS
    header = events.read_header(data)
    for frame, payload in told[1:]:
        place = 0
        while place < len(payload):
            if payload[place] in events.FRAME_EVENTS:
                assert frame == int.from_bytes(payload[place + 1 : place + 5], "big", signed=True)
            place += 1 + header.sizes[payload[place]]


@pytest.mark.parametrize("version", [(0, 1, 0), (2, 2, 0), (3, 18, 0)])
def test_no_two_frames_are_whole_at_one_tick(tmp_path: Path, version: tuple[int, int, int]) -> None:
    """Not even the last two, of which the end of the game makes one whole before 3.0: neither could be answered."""
    stream, whole = EventStream(), []
    for message in broadcast_of([synthesised(tmp_path, version).read_bytes()]):
        if body(message)["type"] == "game_event":
            told = stream.feed(base64.b64decode(body(message)["payload"]))
            whole += [
                message.tick for event in told if isinstance(event, LiveFrame) and not event.is_rollback
            ]
    assert len(whole) > 100
    assert len(set(whole)) == len(whole)


def test_every_real_recording_is_cut_at_its_frames(replay_dir: Path) -> None:
    for path in sorted(replay_dir.glob("test_*.slp")):
        data = path.read_bytes()
        told = list(frame_payloads(data))
        whole = stream_of(data)
        sent = b"".join(payload for _, payload in told)
        assert whole.startswith(sent), path.name
        assert len(whole) - len(sent) < 2_000, path.name  # at most the last frame, where it was cut
        assert all(payload for _, payload in told), path.name


def test_messages_are_numbered_and_framed_as_dolphins(game: bytes) -> None:
    messages = [body(message) for message in broadcast_of([game, game])]
    assert [m["type"] for m in messages if m["type"] != "game_event"] == [
        "start_game", "end_game", "start_game", "end_game",
    ]  # fmt: skip
    sent = [m for m in messages if m["type"] == "game_event"]
    assert [m["cursor"] for m in sent] == list(range(len(sent)))
    assert all(m["next_cursor"] == m["cursor"] + 1 for m in sent)
    payloads = [base64.b64decode(m["payload"]) for m in sent]
    assert b"".join(payloads) == 2 * stream_of(game)


def test_the_client_reads_them(game: bytes) -> None:
    kinds = [read_message(message.data or b"") for message in broadcast_of([game])]
    assert [kind.kind for kind in kinds if kind is not None and kind.kind != "game"] == ["start", "end"]
    assert b"".join(kind.payload for kind in kinds if kind is not None) == stream_of(game)


def test_new_frames_are_due_a_tick_apart_and_frames_that_come_again_with_the_new_one_after_them(
    game: bytes,
) -> None:
    data = rolled_back(game, (0, 3), (50, 7))
    told, messages = list(frame_payloads(data)), broadcast_of([data])
    newest, again = -124, 0
    for (frame, _), message in zip(told, messages[1:-1], strict=True):
        if frame is None:
            assert message.tick == newest + 124
        elif frame > newest:
            newest = frame
            assert message.tick == frame + 123
        else:
            again += 1
            assert message.tick == newest + 124
    assert again >= 10
    assert (messages[0].tick, messages[-1].tick) == (0, newest + 125)


def test_what_is_no_recording_is_refused() -> None:
    with pytest.raises(ReplayError, match="not a Slippi file"):
        broadcast_of([b"no replay"])


def test_a_recording_that_stops_in_a_frame_ends_before_it(game: bytes) -> None:
    told = list(frame_payloads(game))
    cut = recording_of([payload for _, payload in told[:20]] + [told[20][1][:-3]])
    assert list(frame_payloads(cut)) == told[:20]
    assert body(broadcast_of([cut])[-1])["type"] == "end_game"


def script(*games: int) -> list[Message]:
    """Games of some messages each, every message its own content; one a tick."""
    out: list[Message] = []
    tick = cursor = 0
    for game, count in enumerate(games):
        out.append(Message(tick, f"start {game}".encode(), cursor, begins=True))
        for _ in range(count):
            out.append(Message(tick, f"event {cursor}".encode(), cursor))
            cursor += 1
            tick += 1
        out.append(Message(tick, f"end {game}".encode(), cursor))
        tick += 1
    return out


def test_nothing_is_due_before_somebody_asks() -> None:
    broadcast = Broadcast(script(3), FPS)
    assert broadcast.due(1000.0) == []
    assert broadcast.wait(1000.0) is None
    reply = broadcast.asked(7, ASK, 1000.0)
    assert reply is not None
    assert json.loads(reply) | {"nick": "", "version": ""} == {
        "type": "connect_reply", "nick": "", "version": "", "cursor": 0,
    }  # fmt: skip
    assert broadcast.due(1000.0) == [(7, b"start 0"), (7, b"event 0")]
    assert broadcast.due(1000.0) == []
    assert broadcast.wait(1000.0) == pytest.approx(1 / FPS)
    assert broadcast.wait(1000.0 + 5 / FPS) == 0.0


@given(
    games=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    clients=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    fast=st.booleans(),
)
def test_each_client_gets_everything_from_the_beginning_of_the_game_under_way(
    games: list[int], clients: list[int], fast: bool
) -> None:
    messages = script(*games)
    broadcast = Broadcast(messages, None if fast else 1.0)
    begun = min(clients)
    got: dict[int, list[bytes | None]] = {}
    for tick in range(begun, begun + messages[-1].tick + 14):
        now = float(tick)
        for client, comes in enumerate(clients):
            if comes == tick:
                broadcast.asked(client, ASK, now)
                got[client] = []
        for client, data in broadcast.due(now):
            got[client].append(data)
    first = clients.index(begun)
    for client, comes in enumerate(clients):
        passed = len(messages) if fast else sum(message.tick <= comes - begun for message in messages)
        begins = (
            0
            if client == first
            else max(place for place, message in enumerate(messages[:passed]) if message.begins)
        )
        assert got[client] == [message.data for message in messages[begins:]]
    assert broadcast.wait(now) is None


def test_a_client_goes_on_where_it_was() -> None:
    broadcast = Broadcast(script(6), FPS)
    broadcast.asked(1, ASK, 0.0)
    assert len(broadcast.due(3.5 / FPS)) == 5
    broadcast.left(1)
    assert broadcast.due(4.5 / FPS) == []
    reply = broadcast.asked(2, b'{"type": "connect_request", "cursor": 3}', 4.5 / FPS)
    assert reply is not None
    assert json.loads(reply)["cursor"] == 3
    assert broadcast.due(4.5 / FPS) == [(2, b"event 3"), (2, b"event 4")]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[]", b"{}", b'{"type": 3}', b'{"type": "connect_request"}',
             b'{"type": "connect_request", "cursor": "x"}']
)  # fmt: skip
def test_what_is_no_request_is_not_answered(data: bytes) -> None:
    broadcast = Broadcast(script(3), FPS)
    assert broadcast.asked(1, data, 0.0) is None
    assert broadcast.due(10.0) == []


def test_a_broadcast_can_end_every_connection() -> None:
    messages = [*script(2), Message(3, None, 2), Message(4, b"unheard", 2)]
    broadcast = Broadcast(messages, FPS)
    broadcast.asked(1, ASK, 0.0)
    assert broadcast.due(60.0)[-1] == (1, None)
    assert broadcast.due(61.0) == []
