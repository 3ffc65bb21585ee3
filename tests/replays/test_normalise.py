"""Recordings that peppi refuses although their events are sound: what is mended, and what is left out of it."""

import struct

import pytest

from exphil.replays import events
from exphil.replays.reader import read_game
from tests.replays import slp
from tests.replays.leaves import assert_same_frames, leaves


def ids(game) -> list[int]:
    return game.frames.field("id").to_pylist()


def test_unknown_event_in_the_table_is_skipped():
    recording = slp.recording()
    recording.sizes[0x77] = 5
    recording.events.insert(3, b"\x77abcde")
    recording.raw_length = 0
    assert_same_frames(read_game(recording.to_bytes()).frames, read_game(slp.recording().to_bytes()).frames)


def test_unknown_event_outside_the_table_ends_the_walk():
    recording = slp.recording(frames=4)
    recording.events[-1:] = [b"\x1a\x00\x01"]
    game = read_game(recording.to_bytes())
    assert ids(game) == [-123, -122, -121, -120]
    assert any("unknown event 0x1a at byte" in note for note in game.notes)
    assert game.end is None


@pytest.mark.parametrize("method", [4, 6, 9, 255])
def test_unknown_end_method_keeps_its_number(method):
    recording = slp.recording((3, 9, 1))
    recording.events[-1] = slp.game_end((3, 9, 1), method, quitter=1)
    game = read_game(recording.to_bytes())
    assert game.end["method"] == f"unknown({method})"
    assert game.end["lras_initiator"] == "P2"
    assert len(game.frames) == 6


def test_placement_out_of_range_is_no_placement():
    recording = slp.recording((3, 14, 0))
    recording.events[-1] = slp.game_end((3, 14, 0), 2, placements=(17, 0, 255, 255))
    game = read_game(recording.to_bytes())
    assert game.end["players"] == [{"port": "P2", "placement": 0}]
    assert "placement 17 of port 1 is out of range" in game.notes


def test_quitter_that_is_no_port():
    recording = slp.recording()
    recording.events[-1] = slp.game_end((3, 14, 0), 7, quitter=9)
    game = read_game(recording.to_bytes())
    assert game.end["lras_initiator"] is None
    assert game.end["method"] == "NoContest"


def test_players_beyond_port_4_are_counted_and_their_rows_left_out():
    everyone = [(index, False) for index in (0, 2, 4, 5)]
    recording = slp.recording((3, 9, 1), players={0: (1, 0)}, characters=everyone)
    game = read_game(recording.to_bytes())
    alone = read_game(slp.recording((3, 9, 1), players={0: (1, 0)}).to_bytes())
    assert game.num_players == 4
    assert_same_frames(game.frames, alone.frames)


def test_items_of_a_layout_before_3_0_are_left_out():
    version = (2, 2, 0)
    recording = slp.recording(version)
    recording.sizes |= {0x3B: 35, 0x3C: 4}
    recording.events.insert(3, b"\x3b" + struct.pack(">i", -123) + bytes(31))
    game = read_game(recording.to_bytes())
    assert_same_frames(game.frames, read_game(slp.recording(version).to_bytes()).frames)


def test_lesson_5_rollback_rows_stay_in():
    recording = slp.recording((3, 9, 0), frames=4)
    again = slp.frame_events((3, 9, 0), -121, salt=1) + slp.frame_events((3, 9, 0), -120, salt=1)
    recording.events[-1:-1] = again
    sound = read_game(recording.to_bytes())
    assert ids(sound) == [-123, -122, -121, -120, -121, -120]
    recording.raw_length = 0
    assert_same_frames(read_game(recording.to_bytes()).frames, sound.frames)


def test_lesson_9_a_player_who_is_out_is_a_null_row():
    version = (3, 6, 0)
    recording = slp.recording(version, frames=2, players={0: (14, 0), 1: (2, 0), 2: (3, 0)},
                              characters=[(0, False), (0, True), (1, False), (2, False)], end=False)  # fmt: skip
    recording.events += slp.frame_events(version, -121, [(0, False), (1, False)])
    frames = leaves(read_game(recording.to_bytes()).frames)
    assert frames["ports.P1.follower.post.percent"].is_valid().to_pylist() == [True, True, False]
    assert frames["ports.P3.leader.post.percent"].is_valid().to_pylist() == [True, True, False]
    assert frames["ports.P2.leader.post.percent"].is_valid().to_pylist() == [True, True, True]


def test_followers_of_others_than_ice_climbers():
    characters = [(0, False), (0, True), (1, False)]
    game = read_game(slp.recording(players={0: (2, 0), 1: (3, 0)}, characters=characters).to_bytes())
    assert game.start["players"][0]["character"] == 2
    assert "follower" in game.frames.type.field("ports").type.field("P1").type.names


def test_followers_elsewhere_than_the_game_start_says():
    recording = slp.recording(players={0: (14, 0), 1: (2, 1)}, characters=[(0, False), (1, False), (1, True)])
    frames = leaves(read_game(recording.to_bytes()).frames)
    assert frames["ports.P1.follower.post.percent"].null_count == 6
    assert frames["ports.P2.follower.post.percent"].null_count == 0


def test_post_event_before_its_pre_event():
    version = (1, 7, 1)
    recording = slp.recording(version, frames=2)
    recording.events[0], recording.events[2] = recording.events[2], recording.events[0]
    assert_same_frames(
        read_game(recording.to_bytes()).frames,
        read_game(slp.recording(version, frames=2).to_bytes()).frames,
    )


def test_lesson_10_frame_ids_that_never_advance():
    version = (3, 9, 1)
    recording = slp.recording(version, frames=0, end=False)
    for salt in range(5):
        recording.events += slp.frame_events(version, 65793, salt=salt)
    game = read_game(recording.to_bytes())
    assert ids(game) == [65793] * 5
    assert any(note.startswith("the frame id never advances: 5 rows") for note in game.notes)


@pytest.mark.parametrize("version", [(1, 7, 1), (2, 0, 1), (3, 14, 0)])
def test_a_slice_that_starts_late_and_has_a_gap(version):
    recording = slp.recording(version, frames=0, end=False)
    for frame in (500, 501, 700):
        recording.events += slp.frame_events(version, frame)
    game = read_game(recording.to_bytes())
    assert ids(game) == [500, 501, 700]
    names = set(leaves(game.frames))
    assert names == set(leaves(read_game(slp.recording(version).to_bytes()).frames))


def test_half_a_row_in_the_middle_costs_the_row():
    version = (3, 14, 0)
    recording = slp.recording(version, frames=3)
    lost = slp.post(version, -122, 1)
    recording.events.remove(lost)
    percent = leaves(read_game(recording.to_bytes()).frames)["ports.P2.leader.post.percent"]
    assert percent.is_valid().to_pylist() == [True, False, True]


def test_missing_frame_start_is_null_not_invented():
    version = (3, 14, 0)
    recording = slp.recording(version, frames=3)
    recording.events.remove(slp.frame_start(version, -122))
    seeds = leaves(read_game(recording.to_bytes()).frames)["start.random_seed"].to_pylist()
    assert seeds[1] is None
    assert None not in (seeds[0], seeds[2])


def test_texts_that_cannot_be_decoded_do_not_cost_the_game():
    recording = slp.recording((3, 14, 0))
    recording.start[0x160:0x162] = b"\x81\x00"
    recording.start[0x1A4:0x1A6] = b"\xfe\xfe"
    recording.start[0x248:0x24A] = b"\xc3\x28"
    recording.start[0x2BC] = 9
    recording.start[0x143] = 77
    game = read_game(recording.to_bytes())
    assert len(game.frames) == 6
    assert len(game.notes) == 5


def test_two_recordings_joined_are_the_first():
    recording = slp.recording(frames=4, end=False)
    recording.events += [b"\x36" + bytes(recording.start), *slp.frame_events((3, 14, 0), -123, salt=9)]
    game = read_game(recording.to_bytes())
    assert_same_frames(game.frames, read_game(slp.recording(frames=4).to_bytes()).frames)
    assert any("another recording begins" in note for note in game.notes)


def test_a_game_end_written_twice():
    recording = slp.recording()
    recording.events.append(slp.game_end((3, 14, 0)))
    game = read_game(recording.to_bytes())
    assert game.notes == ()
    recording.raw_length = 0
    again = read_game(recording.to_bytes())
    assert_same_frames(again.frames, game.frames)
    assert again.end == game.end


def test_events_after_the_game_end_do_not_count():
    recording = slp.recording(frames=3)
    recording.events += slp.frame_events((3, 14, 0), -120)
    assert ids(read_game(recording.to_bytes())) == [-123, -122, -121]
    recording.raw_length = 0
    assert ids(read_game(recording.to_bytes())) == [-123, -122, -121]


def test_more_events_than_the_longest_recording(monkeypatch):
    monkeypatch.setattr(events, "MAX_EVENTS", 40)
    game = read_game(slp.recording((3, 6, 0), frames=30).to_bytes())
    assert 0 < len(game.frames) < 10
    assert any("more than 40 events" in note for note in game.notes)


def test_bare_event_stream_without_container():
    recording = slp.recording()
    game = read_game(recording.header() + b"".join(recording.events))
    assert_same_frames(game.frames, read_game(recording.to_bytes()).frames)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9])
def test_a_game_end_of_another_length_than_its_version_says(size):
    recording = slp.recording((3, 14, 0))
    recording.sizes[0x39] = size
    recording.events[-1] = b"\x39" + bytes([7, 1, 1, 0, 255, 255, 9, 9, 9])[:size]
    game = read_game(recording.to_bytes())
    assert len(game.frames) == 6
    assert game.end["method"] == "NoContest"
    assert game.end["lras_initiator"] == ("P2" if size > 1 else None)
