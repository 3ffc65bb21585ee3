"""Whatever a console sends: a clear message, the rest of what is sound, and the next game as if nothing had been."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.live import EventStream, GameEnd, GameStart, LiveFrame, Message, Trouble
from tests.live.streams import feed_all, last_rows, sent, troubles
from tests.replays import slp

VERSION = (3, 14, 0)


def game(frames: int = 4, **options: object) -> list[bytes]:
    """Payloads of a sound game: its start, each frame, its end."""
    return sent(slp.recording(VERSION, frames=frames, **options).to_bytes())  # type: ignore[arg-type]


def frames_of(messages: list[Message]) -> list[int]:
    return [message.frame for message in messages if isinstance(message, LiveFrame)]


def test_sound_game_starts_plays_and_ends() -> None:
    start, *frames, end = feed_all(game())
    assert isinstance(start, GameStart)
    assert (start.version, start.stage, start.ports, start.characters) == (VERSION, 32, (1, 2), (2, 20))
    assert (start.types, start.is_pal, start.is_frozen_stadium) == ((0, 0), False, False)
    assert frames_of(frames) == [-123, -122, -121, -120]
    assert end == GameEnd(method=2, quitter=None)


def test_game_start_of_an_old_format_lacks_what_it_did_not_tell() -> None:
    start = feed_all(sent(slp.recording((1, 4, 0), frames=1).to_bytes()))[0]
    assert isinstance(start, GameStart)
    assert start.is_pal is None
    assert start.is_frozen_stadium is None


@pytest.mark.parametrize(("quitter", "port"), [(0, 1), (3, 4), (255, None), (17, None)])
def test_game_end_names_who_quit(quitter: int, port: int | None) -> None:
    stream = EventStream()
    stream.feed(game()[0])
    assert stream.feed(slp.game_end(VERSION, method=7, quitter=quitter)) == [GameEnd(method=7, quitter=port)]


def test_last_frame_without_a_bookend_is_whole_at_the_game_end() -> None:
    version = (2, 0, 1)
    stream = EventStream()
    recording = slp.recording(version, frames=3)
    messages = stream.feed(recording.header() + b"".join(recording.events))
    assert frames_of(messages) == [-123, -122, -121]
    assert isinstance(messages[-1], GameEnd)


def test_several_games_of_a_console_follow_one_another() -> None:
    first = game(players={0: (2, 0), 1: (20, 0)})
    second = game(players={3: (2, 1), 1: (20, 0)})
    messages = feed_all(first + second + first)
    starts = [message for message in messages if isinstance(message, GameStart)]
    assert [start.ports for start in starts] == [(1, 2), (2, 4), (1, 2)]
    assert [start.characters for start in starts] == [(2, 20), (20, 2), (2, 20)]
    assert [start.types for start in starts] == [(0, 0), (0, 1), (0, 0)]
    assert frames_of(messages) == [-123, -122, -121, -120] * 3
    assert troubles(messages) == []


def test_rollback_of_one_game_says_nothing_of_the_next() -> None:
    messages = feed_all(game() + game())
    assert not any(message.is_rollback for message in messages if isinstance(message, LiveFrame))


def test_game_whose_end_is_missing_is_left_when_the_next_begins() -> None:
    messages = feed_all(game(end=False) + game())
    assert troubles(messages) == ["another game begins before the end of this one"]
    assert frames_of(messages) == [-123, -122, -121, -120] * 2
    assert len([message for message in messages if isinstance(message, GameStart)]) == 2


def test_second_game_start_without_a_table_begins_a_game() -> None:
    start, *frames = game(end=False)
    bare = start[start.index(b"\x36" + bytes(VERSION)) :]
    messages = feed_all([start, *frames, bare, *frames])
    assert troubles(messages) == ["another game begins before the end of this one"]
    assert frames_of(messages) == [-123, -122, -121, -120] * 2
    assert not any(message.is_rollback for message in messages if isinstance(message, LiveFrame))


@pytest.mark.parametrize(
    ("players", "told"), [
        ({0: (2, 0)}, "a game of 1 players (ports: 1)"), ({}, "a game of 0 players (ports: none)"),
        (dict.fromkeys(range(4), (2, 0)), "a game of 4 players (ports: 1, 2, 3, 4)"),
    ],
)  # fmt: skip
def test_game_of_other_than_two_players_is_waited_out(players: dict[int, tuple[int, int]], told: str) -> None:
    messages = feed_all(game(players=players) + game())
    (trouble,) = troubles(messages)
    assert trouble == f"{told}: only games of two are played; waiting for the next"
    assert frames_of(messages) == [-123, -122, -121, -120]


def test_events_before_any_game_start_are_told_once() -> None:
    start, *frames, end = game()
    messages = feed_all([*frames, end, start, *frames])
    assert troubles(messages) == [
        "the stream begins with 0x3a, not with the table of event sizes (0x35): left out until the next game start"
    ]
    assert frames_of(messages) == [-123, -122, -121, -120]


def test_frames_of_a_game_that_was_not_seen_to_begin_are_left_out() -> None:
    start, *frames, _ = game()
    table = start[: 1 + start[1]]
    messages = feed_all([table, *frames])
    assert troubles(messages) == [
        "events of a game that was not seen to begin: left out until the next game start"
    ]


@pytest.mark.parametrize(
    ("damage", "told"), [
        (lambda table: table[:1] + bytes([table[1] + 1]) + table[2:] + bytes(1), "is no multiple of 3 and 1"),
        (lambda table: table[:9], "the table of event sizes is cut"),
        (lambda table: table[:1], "the table of event sizes is cut"),
        (lambda table: table.replace(b"\x37\x00", b"\x17\x00"), "size of the pre-frame event: none"),
        (lambda table: table.replace(b"\x38\x00", b"\x37\x00"), "size of the post-frame event: none"),
    ],
)  # fmt: skip
def test_damaged_table_is_told_and_the_next_one_mends_it(damage: object, told: str) -> None:
    start, *frames, end = game()
    table = start[: 1 + start[1]]
    messages = feed_all([damage(table), *frames, end, start, *frames])  # type: ignore[operator]
    (trouble,) = troubles(messages)
    assert told in trouble
    assert frames_of(messages) == [-123, -122, -121, -120]


def test_table_that_changes_between_games_is_followed() -> None:
    old = sent(slp.recording((3, 0, 0), frames=3).to_bytes())
    messages = feed_all(game() + old)
    assert troubles(messages) == []
    assert frames_of(messages) == [-123, -122, -121, -120, -123, -122, -121]


def test_unknown_event_costs_the_rest_of_its_message_and_is_told_once() -> None:
    start, first, second, third, *_ = game()
    pre = slp.sizes(VERSION)[0x37]
    cut = 1 + slp.sizes(VERSION)[0x3A] + 1 + pre
    messages = feed_all([start, first, second[:cut] + b"\xee" + second[cut:], b"\xee123", third])
    assert troubles(messages) == [
        f"unknown event 0xee: {len(second) - cut + 1} bytes of its message are left out",
        "frame -122 lacks the post-frame event of the first player: left out, and so are others like it",
    ]
    assert frames_of(messages) == [-123, -121]


def test_known_events_of_no_frame_are_passed_over() -> None:
    start, first, *_ = game()
    sizes = slp.sizes(VERSION)
    gecko = b"\x3d" + bytes(sizes[0x3D])
    splitter = b"\x10" + bytes(sizes[0x10])
    messages = feed_all([start + gecko, splitter, splitter + first])
    assert troubles(messages) == []
    assert frames_of(messages) == [-123]


def test_cut_payload_costs_its_frame() -> None:
    start, first, second, third, *_ = game()
    messages = feed_all([start, first, second[:100], third])
    told = troubles(messages)
    assert told[0].startswith("cut inside event 0x37: ")
    assert frames_of(messages) == [-123, -121]


def test_cut_game_start_is_told() -> None:
    start, *frames, _ = game()
    messages = feed_all([start[:200], *frames, start, *frames])
    assert troubles(messages)[0].startswith("cut inside event 0x36: ")
    assert frames_of(messages) == [-123, -122, -121, -120]


def test_event_that_is_too_short_for_its_kind_is_left_out() -> None:
    recording = slp.recording(VERSION, frames=0, end=False)
    recording.sizes[0x3B] = 20
    first = slp.frame_events(VERSION, -123, items=2)
    recording.events = [event[:21] if event[0] == 0x3B else event for event in first]
    messages = feed_all(sent(recording.to_bytes()))
    assert troubles(messages) == ["event 0x3b of 20 bytes, too short for its kind, left out"]
    assert frames_of(messages) == [-123]


def test_next_game_s_events_are_held_against_its_own_sizes() -> None:
    short = slp.recording(VERSION, frames=0, end=False)
    short.sizes[0x3B] = 20
    events = slp.frame_events(VERSION, -123, items=2)
    short.events = [event[:21] if event[0] == 0x3B else event for event in events]
    messages = feed_all([*game(), *sent(short.to_bytes())])
    assert troubles(messages)[-1] == "event 0x3b of 20 bytes, too short for its kind, left out"


@pytest.mark.parametrize("frame", [-150, -124, 40_000, 2**31 - 201])
def test_frame_id_that_no_game_reaches_is_left_out(frame: int) -> None:
    start, first, second, *_ = game()
    stray = b"".join(slp.frame_events(VERSION, frame))
    messages = feed_all([start, first, stray, second])
    assert frames_of(messages) == [-123, -122]
    (trouble,) = troubles(messages)
    assert trouble == f"{frame} is no frame id after -123: its events are left out"


def test_frame_id_before_the_first_is_left_out_at_the_start_too() -> None:
    start, first, *_ = game()
    messages = feed_all([start, b"".join(slp.frame_events(VERSION, -124)), first])
    assert troubles(messages) == ["-124 is no frame id: its events are left out"]
    assert frames_of(messages) == [-123]


def test_game_that_is_joined_late_goes_on_from_there() -> None:
    start = game()[0]
    messages = feed_all([start, *(b"".join(slp.frame_events(VERSION, frame)) for frame in (65793, 65794))])
    assert troubles(messages) == ["frames from -123 to 65792 did not come"]
    assert frames_of(messages) == [65793, 65794]


def test_game_that_counts_anew_goes_on() -> None:
    start, first, second, *_ = game()
    late = b"".join(slp.frame_events(VERSION, 900))
    messages = feed_all([start, first, late, first, second])
    assert troubles(messages) == [
        "frames from -122 to 899 did not come", "frame -123 follows frame 900: the game counts anew",
    ]  # fmt: skip
    assert [message.is_rollback for message in messages if isinstance(message, LiveFrame)] == [False] * 4


def test_players_of_other_ports_are_left_out() -> None:
    plain = slp.recording(VERSION, frames=0, end=False)
    plain.events = slp.frame_events(VERSION, -123)
    crowd = slp.recording(VERSION, frames=0, end=False)
    crowd.events = slp.frame_events(
        VERSION, -123, [(0, False), (3, False), (5, False), (1, False), (7, True)]
    )
    rows = [last_rows(feed_all(sent(recording.to_bytes()))) for recording in (plain, crowd)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 1


def test_event_written_twice_counts_as_written_last() -> None:
    once = slp.recording(VERSION, frames=0, end=False)
    once.events = slp.frame_events(VERSION, -123, salt=7)
    twice = slp.recording(VERSION, frames=0, end=False)
    start, *early = slp.frame_events(VERSION, -123)
    twice.events = [start, *early[:-1], *once.events[1:]]
    rows = [last_rows(feed_all(sent(recording.to_bytes()))) for recording in (once, twice)]
    assert rows[0] == rows[1]


_SOUND = game(frames=3)
_EXPECTED = last_rows(feed_all(_SOUND))


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """A payload of a sound game with bytes cut, inserted or overwritten; or any bytes at all."""
    payload = draw(st.sampled_from(_SOUND))
    at = draw(st.integers(0, len(payload)))
    other = draw(st.binary(max_size=40))
    kind = draw(st.sampled_from(("sound", "cut", "insert", "overwrite", "any", "version", "size")))
    if kind == "cut":
        return payload[:at]
    if kind == "insert":
        return payload[:at] + other + payload[at:]
    if kind == "overwrite":
        return payload[:at] + other + payload[at + len(other) :]
    if kind == "version":
        return payload.replace(b"\x36" + bytes(VERSION), b"\x36" + (other + b"\3\2\1")[:3])
    if kind == "size":
        code = draw(st.sampled_from(sorted(slp.sizes(VERSION))))
        size = struct.pack(">BH", code, slp.sizes(VERSION)[code])
        return payload.replace(size, struct.pack(">BH", code, draw(st.integers(0, 1000))), 1)
    return other if kind == "any" else payload


@given(payloads=st.lists(_damaged(), max_size=12))
@settings(max_examples=300)
def test_no_bytes_raise_and_the_next_game_is_whole(payloads: list[bytes]) -> None:
    stream = EventStream()
    for payload in payloads:
        for message in stream.feed(payload):
            assert isinstance(message, GameStart | LiveFrame | GameEnd | Trouble)
            if isinstance(message, Trouble):
                assert message.message
                assert "\n" not in message.message
            if isinstance(message, LiveFrame):
                assert message.row.shape == (194,)
                assert message.row.dtype == "uint8"
    messages = [message for payload in _SOUND for message in stream.feed(payload)]
    assert last_rows(messages) == _EXPECTED


@given(garbage=st.binary(max_size=400))
@settings(max_examples=200)
def test_garbage_inside_a_game_never_raises(garbage: bytes) -> None:
    stream = EventStream()
    stream.feed(_SOUND[0])
    stream.feed(garbage)
    for code in (0x37, 0x38, 0x3B, 0x3C, 0x3A, 0x39):
        stream.feed(bytes([code]) + garbage)
