"""Rows of the live path against those that the store keeps of the same game, byte for byte."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.live import EventStream, GameStart, LiveFrame
from tests.live.streams import events_of, feed_all, last_rows, sent, stored_rows, tables_of, troubles
from tests.replays import slp

ROWS_EACH = 1_200
"""Frames of each real game; a whole one takes seconds."""

GAMES = (
    "full_v0.1.0_zelda-ics_yoshis", "full_v1.7.1_falcon-zelda_battlefield", "full_v2.0.1_samus-falco",
    "full_v3.7.0_peach-marth_fd", "full_v3.9.0_fox-fox_stadium", "full_v3.9.1_falco-fox_fod",
    "full_v3.12.0_ics-falco_dreamland", "full_v3.14.0_falco-marth_fod", "full_v3.14.0_falcon-ics_dreamland",
    "full_v3.14.0_falco-sheik_battlefield", "full_v3.16.0_fox-peach", "full_v3.17.0_fox-gnw_fod",
    "full_v3.19.1_mewtwo-fox", "test_v3.18.0", "test_v3.7.0_falcvbows",
)  # fmt: skip


def _cut(data: bytes, frames: int) -> bytes:
    """The recording as it was after so many frames, none of them half written."""
    events = events_of(data)
    kept, seen = [], set()
    for event in events[2:]:
        if event[0] in (0x37, 0x38, 0x3A, 0x3C):
            seen.add(event[1:5])
        if len(seen) > frames:
            break
        kept.append(event)
    raw = b"".join([*events[:2], *kept])
    return slp.SIGNATURE + struct.pack(">I", 0) + raw


@pytest.mark.slow
@pytest.mark.parametrize("name", GAMES)
def test_rows_of_real_games_are_the_stored_ones(name: str, replay_dir: Path) -> None:
    found = sorted(replay_dir.glob(f"{name}*.slp"))
    if not found:
        pytest.skip(f"no {name}*.slp among the real replays")
    data = _cut(found[0].read_bytes(), ROWS_EACH)
    messages = feed_all(sent(data))
    start = messages[0]
    assert isinstance(start, GameStart)
    assert troubles(messages) == []
    stored = stored_rows(tables_of(data), start.stage, start.ports)
    live = last_rows(messages)
    # Before format 3.0 a frame is whole when the next begins: the last one never is.
    if start.version < (3, 0, 0):
        stored.popitem()
    assert len(stored) > 100
    assert live == stored


def _random_payload(event: bytes, begin: int, rng: random.Random) -> bytes:
    """The event with other bytes from `begin` on: any number, those that are none among them."""
    return event[:begin] + bytes(rng.choice((0, 1, 63, 64, 127, 128, 191, 255, rng.randrange(256)))
                                 for _ in range(len(event) - begin))  # fmt: skip


def _random_frame(version: slp.Version, frame: int, rng: random.Random) -> list[bytes]:
    """A frame of two players with arbitrary values; followers, items and stage events come and go."""
    characters = [(0, False), (2, False)]
    characters += [(port, True) for port in (0, 2) if rng.random() < 0.6]
    events = [slp.frame_start(version, frame)] if version >= (2, 2, 0) else []
    events += [_random_payload(slp.pre(version, frame, *who), 7, rng) for who in characters]
    if version >= (3, 0, 0):
        events += [
            _random_payload(slp.item(version, frame, spawn), 5, rng) for spawn in range(rng.randrange(4))
        ]
    events += [_random_payload(slp.post(version, frame, *who), 7, rng) for who in characters]
    if version >= (3, 18, 0):
        stage_events = (
            b"\x3f" + struct.pack(">iBf", frame, rng.randrange(3), rng.uniform(-30, 60)),
            b"\x40" + struct.pack(">iB", frame, rng.randrange(4)),
            b"\x41" + struct.pack(">iHH", frame, rng.randrange(9), rng.randrange(12)),
        )
        events += [event for event in stage_events if rng.random() < 0.3]
    if version >= (3, 0, 0):
        events.append(slp.frame_end(version, frame))
    return events


@given(
    version=st.sampled_from([version for version in slp.EVERY_VERSION if version >= (2, 2, 0)]),
    steps=st.lists(st.integers(0, 7), min_size=1, max_size=25),
    stage=st.sampled_from([2, 3, 8, 28, 31, 32, 5]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60)
def test_rows_of_any_game_with_rollbacks_are_the_stored_ones(
    version: slp.Version, steps: list[int], stage: int, seed: int
) -> None:
    rng = random.Random(seed)
    recording = slp.recording(version, frames=0, players={0: (14, 0), 2: (14, 0)}, end=False)
    struct.pack_into(">H", recording.start, 0x12, stage)
    frame = newest = -123
    for step in steps:
        recording.events += _random_frame(version, frame, rng)
        newest = max(newest, frame)
        frame = max(-123, frame + 1 - step)
    # A rollback ends where it set out from: every frame after the first that it replaced comes again.
    for again in range(frame, newest + 1):
        recording.events += _random_frame(version, again, rng)
    recording.events.append(slp.game_end(version))
    data = recording.to_bytes()
    messages = feed_all(sent(data))
    assert troubles(messages) == []
    assert last_rows(messages) == stored_rows(tables_of(data), stage, (1, 3))


@given(seed=st.integers(0, 2**32), num=st.integers(2, 12))
@settings(max_examples=40)
def test_rows_that_lost_an_event_are_left_out_as_the_store_leaves_them_out(seed: int, num: int) -> None:
    rng = random.Random(seed)
    version = rng.choice([(2, 2, 0), (3, 6, 1), (3, 14, 0)])
    recording = slp.recording(version, frames=0, players={0: (14, 0), 2: (14, 0)}, end=False)
    for frame in range(-123, -123 + num):
        events = _random_frame(version, frame, rng)
        rows = [event for event in events if event[0] in (0x37, 0x38)]
        if frame != -124 + num and rng.random() < 0.5:
            events.remove(rng.choice(rows))
        recording.events += events
    recording.events.append(slp.game_end(version))
    recording.raw_length = 0  # so that the file is mended first: the parser does not bear lost events
    data = recording.to_bytes()
    messages = feed_all(sent(data))
    assert last_rows(messages) == stored_rows(tables_of(data), 32, (1, 3))
    assert len(troubles(messages)) <= 1


def test_rollbacks_are_told() -> None:
    recording = slp.recording((3, 14, 0), frames=0, end=False)
    for frame in (-123, -122, -121, -122, -121, -120, -120, -119):
        recording.events += slp.frame_events((3, 14, 0), frame)
    frames = [message for message in feed_all(sent(recording.to_bytes())) if isinstance(message, LiveFrame)]
    assert [frame.frame for frame in frames] == [-123, -122, -121, -122, -121, -120, -120, -119]
    assert [frame.is_rollback for frame in frames] == [False, False, False, True, True, False, True, False]


def test_bookend_tells_whether_a_frame_is_final() -> None:
    for version, newest, expected in (
        ((3, 14, 0), -123, True), ((3, 14, 0), -125, False), ((3, 6, 1), -123, None),
    ):  # fmt: skip
        recording = slp.recording(version, frames=1, end=False)
        recording.events[-1] = (
            recording.events[-1][:5] + struct.pack(">i", newest)[: 4 * (version >= (3, 7, 0))]
        )
        (frame,) = feed_all(sent(recording.to_bytes()))[1:]
        assert isinstance(frame, LiveFrame)
        assert frame.finalized is expected


@pytest.mark.parametrize("version", [(3, 0, 0), (3, 14, 0)])
def test_frame_is_whole_at_its_bookend(version: slp.Version) -> None:
    stream = EventStream()
    first, *rest = slp.frame_events(version, -123)
    header = slp.recording(version, frames=0).header()
    assert len(stream.feed(header)) == 1
    for event in (first, *rest[:-1]):
        assert stream.feed(event) == []
    (frame,) = stream.feed(rest[-1])
    assert isinstance(frame, LiveFrame)


@pytest.mark.parametrize("version", [(0, 1, 0), (1, 7, 1), (2, 0, 1), (2, 2, 0)])
def test_frame_without_bookend_is_whole_when_the_next_begins(version: slp.Version) -> None:
    stream = EventStream()
    stream.feed(slp.recording(version, frames=0).header())
    for event in slp.frame_events(version, -123):
        assert stream.feed(event) == []
    (frame,) = stream.feed(slp.frame_events(version, -122)[0])
    assert isinstance(frame, LiveFrame)
    assert frame.frame == -123


def test_rows_are_the_caller_s_own() -> None:
    messages = feed_all(sent(slp.recording(frames=2).to_bytes()))
    first, second = (message.row for message in messages if isinstance(message, LiveFrame))
    before = second.copy()
    first[:] = 255
    assert (second == before).all()
