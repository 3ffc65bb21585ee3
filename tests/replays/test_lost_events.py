"""Single events that are missing or written twice: every row that is read stands in the frame it was written for.

What is expected is worked out here from the events that were written, row by row, without the reader's code.
"""

import struct
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.replays import alignment, events, peppi
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from tests.replays import slp

Row = tuple[int, bool, int]
"""Port, follower, frame."""

CHARACTERS = ((0, False), (0, True), (1, False), (3, False))
PLAYERS = {0: (14, 0), 1: (2, 0), 3: (20, 0)}
VERSIONS = (
    (0, 1, 0),
    (1, 7, 1),
    (2, 0, 1),
    (2, 2, 0),
    (3, 0, 0),
    (3, 6, 1),
    (3, 9, 1),
    (3, 14, 0),
    (3, 19, 1),
)


def players_event(event: bytes) -> bool:
    return event[0] in (events.PRE, events.POST)


def key(event: bytes) -> Row:
    frame, index, follower = struct.unpack_from(">iB?", event, 1)
    return index + 1, follower, frame


def expected(written: Iterable[bytes]) -> dict[Row, tuple[float, float]]:
    """x before and after by row, of rows that have both events; of an event written twice the last counts.

    Nothing is told of a frame in which no player has both.
    """
    pre, post = {}, {}
    for event in written:
        if event[0] == events.PRE:
            (pre[key(event)],) = struct.unpack_from(">f", event, 0xD)
        elif event[0] == events.POST:
            (post[key(event)],) = struct.unpack_from(">f", event, 0xA)
    whole = {row: (pre[row], post[row]) for row in pre.keys() & post.keys()}
    played = {frame for _, follower, frame in whole if not follower}
    return {row: values for row, values in whole.items() if row[2] in played}


def read(data: bytes) -> dict[Row, tuple[float, float]]:
    frames = frame_tables(read_game(data)).frames
    keys = zip(*(frames.column(name).to_pylist() for name in ("port", "follower", "frame")), strict=True)
    values = zip(
        *(frames.column(name).to_pylist() for name in ("pre_position_x", "post_position_x")), strict=True
    )
    return dict(zip(keys, values, strict=True))


def recording(version: slp.Version, frames: int = 8) -> slp.Recording:
    return slp.recording(version, frames, players=PLAYERS, characters=CHARACTERS)


@pytest.mark.parametrize("version", slp.EVERY_VERSION)
@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("first", [events.PRE, events.POST])
def test_losses_that_even_out_leave_every_row_in_its_frame(
    version: slp.Version, character: tuple[int, bool], first: int
) -> None:
    """One pre and one post event of different frames: as many of both are left, and no count shows it."""
    whole = recording(version)
    make = {events.PRE: slp.pre, events.POST: slp.post}
    second = events.POST if first == events.PRE else events.PRE
    whole.events.remove(make[first](version, -121, *character))
    whole.events.remove(make[second](version, -118, *character))
    found = read(whole.to_bytes())
    assert found == expected(whole.events)
    assert len(found) == 8 * len(CHARACTERS) - 2


@pytest.mark.parametrize("version", VERSIONS)
def test_events_of_two_players_that_even_out_within_their_frames(version: slp.Version) -> None:
    """Every frame is as long as its rows must be: only the events' own words tell whose they are."""
    whole = recording(version)
    for frame, one, other in ((-121, 0, 1), (-118, 1, 0)):
        whole.events.remove(slp.pre(version, frame, one))
        whole.events.remove(slp.post(version, frame, other))
    assert read(whole.to_bytes()) == expected(whole.events)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_frame_without_its_post_events_beside_one_without_its_pre_events(version: slp.Version) -> None:
    """Before 2.2 the frame without pre events is none to peppi, and no row of its answer is null."""
    whole = recording(version)
    for character in CHARACTERS:
        whole.events.remove(slp.pre(version, -121, *character))
        whole.events.remove(slp.post(version, -118, *character))
    found = read(whole.to_bytes())
    assert found == expected(whole.events)
    assert {frame for _, _, frame in found} == {*range(-123, -115)} - {-121, -118}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_event_written_in_anothers_place(version: slp.Version) -> None:
    """Twice one player's, none of the other's, and the reverse later: no row of peppi's answer is null."""
    whole = recording(version)
    for frame, one, other in ((-121, 0, 1), (-118, 1, 0)):
        place = whole.events.index(slp.post(version, frame, one))
        whole.events[place] = slp.post(version, frame, other)
    assert read(whole.to_bytes()) == expected(whole.events)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("code", [events.PRE, events.POST])
def test_a_row_lost_in_the_last_frame_costs_nobody_else_his(version: slp.Version, code: int) -> None:
    whole = recording(version)
    make = {events.PRE: slp.pre, events.POST: slp.post}
    whole.events.remove(make[code](version, -116, 1))
    found = read(whole.to_bytes())
    assert found == expected(whole.events)
    assert (1, False, -116) in found
    assert read_game(whole.to_bytes()).cut_frame is None


@given(data=st.data(), version=st.sampled_from(slp.EVERY_VERSION))
def test_whatever_events_are_lost_or_doubled_each_row_left_is_in_its_frame(
    data: st.DataObject, version: slp.Version
) -> None:
    whole = recording(version, frames=6)
    rows = [place for place, event in enumerate(whole.events) if players_event(event)]
    lost = data.draw(st.sets(st.sampled_from(rows), max_size=12))
    doubled = data.draw(st.sets(st.sampled_from(rows), max_size=4))
    kept = []
    for place, event in enumerate(whole.events):
        kept += [event] * ((place not in lost) + (place in doubled))
    whole.events = kept
    assert read(whole.to_bytes()) == expected(kept)


@settings(max_examples=30)
@given(data=st.data(), version=st.sampled_from([(2, 2, 0), (3, 7, 0), (3, 14, 0), (3, 19, 1)]))
def test_opening_and_closing_events_may_be_lost_too(data: st.DataObject, version: slp.Version) -> None:
    whole = recording(version, frames=6)
    lost = data.draw(st.sets(st.sampled_from(range(len(whole.events) - 1)), max_size=12))
    whole.events = [event for place, event in enumerate(whole.events) if place not in lost]
    assert read(whole.to_bytes()) == expected(whole.events)


@pytest.mark.parametrize("version", slp.EVERY_VERSION)
def test_a_rewritten_row_of_a_rollback_stays_in_its_frame(version: slp.Version) -> None:
    whole = recording(version)
    again = [slp.frame_events(version, frame, CHARACTERS, salt=3) for frame in (-120, -119, -118)]
    again[0].remove(slp.post(version, -120, 1, salt=3))
    again[2].remove(slp.pre(version, -118, 1, salt=3))
    place = whole.events.index(slp.pre(version, -117, 0)) - (version >= (2, 2, 0))
    whole.events[place:place] = [event for events_again in again for event in events_again]
    found = read(whole.to_bytes())
    written = expected(whole.events)
    for frame in (-120, -118):  # the last time such a frame was written, this player was not whole in it
        written.pop((2, False, frame))
    assert found == written


@pytest.mark.parametrize(
    "version", [version for version in slp.EVERY_VERSION if not (3, 0, 0) <= version < (3, 7, 0)]
)
def test_sound_games_are_read_without_a_walk(version: slp.Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rewrite gives the same answer, later: what must not happen is that it is asked for."""
    whole = recording(version)
    whole.events[-1:-1] = slp.frame_events(version, -115, [(0, False), (1, False)])
    monkeypatch.setattr(events, "walk", None)
    assert read(whole.to_bytes()) == expected(whole.events)


def test_real_games_are_found_in_place_and_one_changed_event_is_not(full_replays: list[Path]) -> None:
    checked = 0
    for path in full_replays:
        data = path.read_bytes()
        header = events.read_header(data)
        if (3, 0, 0) <= header.version < (3, 7, 0):
            continue
        frames = peppi.parse_path(path).frames
        walk = events.walk(data, header)
        followers = [place for place in walk.offsets[walk.codes == events.POST].tolist() if data[place + 6]]
        if header.version < (2, 2, 0) and followers:
            assert not alignment.in_place(data, header, frames), path.name
            continue
        assert alignment.in_place(data, header, frames), path.name
        rows = walk.offsets[(walk.codes == events.PRE) | (walk.codes == events.POST)]
        for byte, place in ((4, rows[len(rows) // 3]), (5, rows[len(rows) // 2]), (6, rows[-1])):
            changed = bytearray(data)
            changed[int(place) + byte] ^= 1
            assert not alignment.in_place(bytes(changed), header, frames), path.name
        checked += 1
    assert checked > 10
