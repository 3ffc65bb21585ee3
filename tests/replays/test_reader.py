"""Reading recordings: what comes out of sound ones, of mended ones, and what people are told of the rest."""

import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil import schema
from exphil.errors import ReplayError
from exphil.replays import events, peppi, reader
from exphil.replays.reader import read_game
from tests.replays import slp
from tests.replays.leaves import assert_same_frames, leaves

NOBODY = 3


def ids(game) -> list[int]:
    return game.frames.field("id").to_pylist()


@pytest.mark.parametrize("version", slp.EVERY_VERSION, ids=lambda version: ".".join(map(str, version)))
class TestEveryVersion:
    def test_lesson_8_fields_appear_with_their_version_and_are_absent_before(self, version):
        game = read_game(slp.recording(version).to_bytes())
        held = leaves(game.frames)
        wanted = [
            ("ports.P1.leader.pre.", "pre_", schema.PRE_COLUMNS),
            ("ports.P1.leader.post.", "post_", schema.POST_COLUMNS),
        ]
        if version >= (3, 0, 0):
            wanted.append(("item[].", "", schema.ITEMS.columns[3:]))
        for prefix, short, columns in wanted:
            names = {name.removeprefix(prefix).replace(".", "_") for name in held if name.startswith(prefix)}
            assert names == {
                column.name.removeprefix(short)
                for column in columns
                if column.since is None or column.since <= version
            }
        assert ("start.random_seed" in held) == (version >= (2, 2, 0))
        assert ("start.scene_frame_counter" in held) == (version >= (3, 10, 0))
        assert ("end.latest_finalized_frame" in held) == (version >= (3, 7, 0))
        assert ("fod_platform.count" in held) == (version >= (3, 18, 0))

    def test_start_end_and_metadata_are_the_files_own(self, version):
        recording = slp.recording(version)
        game = read_game(recording.to_bytes())
        assert game.version == version
        assert game.start["slippi"]["version"] == list(version)
        assert game.start["stage"] == 32
        assert game.notes == ()
        assert ("scene" in game.start) == (version >= (3, 7, 0))
        assert ("language" in game.start) == (version >= (3, 12, 0))
        assert ("netplay" in game.start["players"][0]) == (version >= (3, 9, 0))
        assert game.end["method"] == "Game"
        assert ("players" in game.end) == (version >= (3, 13, 0))
        assert game.metadata == slp.METADATA
        assert game.num_players == 2

    def test_lesson_3_versions_3_0_to_3_6_read_like_the_rest(self, version):
        """The walk and the rewrite give what peppi gives, where peppi gives anything."""
        data = slp.recording(version, frames=9, players={0: (14, 0), 3: (20, 1)},
                             characters=[(0, False), (0, True), (3, False)]).to_bytes()  # fmt: skip
        mended = reader._mended(data, events.read_header(data))
        if (3, 0, 0) <= version < (3, 7, 0):
            with pytest.raises(ReplayError, match="panic"):
                peppi.parse_bytes(data)
            assert leaves(mended.frames)["ports.P4.leader.pre.position.x"].to_pylist() == [
                float((-123 + number) % 97 + 30) for number in range(9)
            ]
        else:
            native = peppi.parse_bytes(data)
            assert_same_frames(mended.frames, native.frames)
            assert (mended.start, mended.end, mended.metadata) == (native.start, native.end, native.metadata)

    @pytest.mark.parametrize("raw_length", [0, None, 10**6])
    def test_lesson_4_a_recording_cut_anywhere_gives_its_whole_frames(self, version, raw_length):
        recording = slp.recording(version, frames=5)
        whole = read_game(recording.to_bytes())
        recording.raw_length = raw_length
        data = recording.to_bytes()
        begin = recording.events_offset()
        complete = 0
        at = begin
        ends = []  # after how many bytes each frame's last post event is written
        for event in recording.events:
            at += len(event)
            if event[0] == 0x38 and event[5] == 1:
                ends.append(at)
        for cut in range(begin, at, 41):
            complete = sum(end <= cut for end in ends)
            if complete == 0:
                with pytest.raises(ReplayError, match="no whole frame"):
                    read_game(data[:cut])
            else:
                game = read_game(data[:cut])
                assert_same_rows(game.frames, whole.frames, complete)
                assert game.notes


def assert_same_rows(prefix: pa.StructArray, frames: pa.StructArray, rows: int) -> None:
    """The parse of a cut file is the whole one's first rows; only an unwritten frame end may be missing."""
    ours, theirs = leaves(prefix), leaves(frames.slice(0, rows))
    for name, column in theirs.items():
        if name.startswith("end.") and name not in ours:
            assert rows == 1
            continue
        got, wanted = ours[name].to_pylist(), column.to_pylist()
        if name.startswith("end.") and got[-1] is None:
            got, wanted = got[:-1], wanted[:-1]
        assert got == wanted, name


class TestPanics:
    """Lesson 2: a panic is no Exception, and prints past sys.stderr."""

    def test_become_one_replay_error_and_leave_the_terminal_alone(self, capfd):
        recording = slp.recording((3, 6, 0))
        with pytest.raises(ReplayError, match="panic"):
            peppi.parse_bytes(recording.to_bytes())
        assert capfd.readouterr() == ("", "")

    def test_stderr_works_after_one(self, capfd):
        with pytest.raises(ReplayError):
            peppi.parse_bytes(slp.recording((3, 6, 0)).to_bytes())
        import os

        os.write(2, b"still here")
        assert capfd.readouterr().err == "still here"

    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError])
    def test_other_base_exceptions_pass_through(self, monkeypatch, interruption):
        def interrupted(path, skip):
            raise interruption

        monkeypatch.setattr(peppi._peppi, "read_slippi", interrupted)
        expected = ReplayError if issubclass(interruption, Exception) else interruption
        with pytest.raises(expected):
            peppi.parse_bytes(b"")


class TestMending:
    def test_unknown_event_in_the_table_is_skipped(self):
        recording = slp.recording()
        recording.sizes[0x77] = 5
        recording.events.insert(3, b"\x77abcde")
        recording.raw_length = 0
        assert_same_frames(
            read_game(recording.to_bytes()).frames, read_game(slp.recording().to_bytes()).frames
        )

    def test_unknown_event_outside_the_table_ends_the_walk(self):
        recording = slp.recording(frames=4)
        recording.events[-1:] = [b"\x1a\x00\x01"]
        game = read_game(recording.to_bytes())
        assert ids(game) == [-123, -122, -121, -120]
        assert any("unknown event 0x1a at byte" in note for note in game.notes)
        assert game.end is None

    @pytest.mark.parametrize("method", [4, 6, 9, 255])
    def test_unknown_end_method_keeps_its_number(self, method):
        recording = slp.recording((3, 9, 1))
        recording.events[-1] = slp.game_end((3, 9, 1), method, quitter=1)
        game = read_game(recording.to_bytes())
        assert game.end["method"] == f"unknown({method})"
        assert game.end["lras_initiator"] == "P2"
        assert len(game.frames) == 6

    def test_placement_out_of_range_is_no_placement(self):
        recording = slp.recording((3, 14, 0))
        recording.events[-1] = slp.game_end((3, 14, 0), 2, placements=(17, 0, 255, 255))
        game = read_game(recording.to_bytes())
        assert game.end["players"] == [{"port": "P2", "placement": 0}]
        assert "placement 17 of port 1 is out of range" in game.notes

    def test_quitter_that_is_no_port(self):
        recording = slp.recording()
        recording.events[-1] = slp.game_end((3, 14, 0), 7, quitter=9)
        game = read_game(recording.to_bytes())
        assert game.end["lras_initiator"] is None
        assert game.end["method"] == "NoContest"

    def test_players_beyond_port_4_are_counted_and_their_rows_left_out(self):
        everyone = [(index, False) for index in (0, 2, 4, 5)]
        recording = slp.recording((3, 9, 1), players={0: (1, 0)}, characters=everyone)
        game = read_game(recording.to_bytes())
        alone = read_game(slp.recording((3, 9, 1), players={0: (1, 0)}).to_bytes())
        assert game.num_players == 4
        assert_same_frames(game.frames, alone.frames)

    def test_items_of_a_layout_before_3_0_are_left_out(self):
        version = (2, 2, 0)
        recording = slp.recording(version)
        recording.sizes |= {0x3B: 35, 0x3C: 4}
        recording.events.insert(3, b"\x3b" + struct.pack(">i", -123) + bytes(31))
        game = read_game(recording.to_bytes())
        assert_same_frames(game.frames, read_game(slp.recording(version).to_bytes()).frames)

    def test_lesson_5_rollback_rows_stay_in(self):
        recording = slp.recording((3, 9, 0), frames=4)
        again = slp.frame_events((3, 9, 0), -121, salt=1) + slp.frame_events((3, 9, 0), -120, salt=1)
        recording.events[-1:-1] = again
        sound = read_game(recording.to_bytes())
        assert ids(sound) == [-123, -122, -121, -120, -121, -120]
        recording.raw_length = 0
        assert_same_frames(read_game(recording.to_bytes()).frames, sound.frames)

    def test_lesson_9_a_player_who_is_out_is_a_null_row(self):
        version = (3, 6, 0)
        recording = slp.recording(version, frames=2, players={0: (14, 0), 1: (2, 0), 2: (3, 0)},
                                  characters=[(0, False), (0, True), (1, False), (2, False)], end=False)  # fmt: skip
        recording.events += slp.frame_events(version, -121, [(0, False), (1, False)])
        frames = leaves(read_game(recording.to_bytes()).frames)
        assert frames["ports.P1.follower.post.percent"].is_valid().to_pylist() == [True, True, False]
        assert frames["ports.P3.leader.post.percent"].is_valid().to_pylist() == [True, True, False]
        assert frames["ports.P2.leader.post.percent"].is_valid().to_pylist() == [True, True, True]

    def test_followers_of_others_than_ice_climbers(self):
        characters = [(0, False), (0, True), (1, False)]
        game = read_game(slp.recording(players={0: (2, 0), 1: (3, 0)}, characters=characters).to_bytes())
        assert game.start["players"][0]["character"] == 2
        assert "follower" in game.frames.type.field("ports").type.field("P1").type.names

    def test_followers_elsewhere_than_the_game_start_says(self):
        recording = slp.recording(
            players={0: (14, 0), 1: (2, 1)}, characters=[(0, False), (1, False), (1, True)]
        )
        frames = leaves(read_game(recording.to_bytes()).frames)
        assert frames["ports.P1.follower.post.percent"].null_count == 6
        assert frames["ports.P2.follower.post.percent"].null_count == 0

    def test_post_event_before_its_pre_event(self):
        version = (1, 7, 1)
        recording = slp.recording(version, frames=2)
        recording.events[0], recording.events[2] = recording.events[2], recording.events[0]
        assert_same_frames(
            read_game(recording.to_bytes()).frames,
            read_game(slp.recording(version, frames=2).to_bytes()).frames,
        )

    def test_lesson_10_frame_ids_that_never_advance(self):
        version = (3, 9, 1)
        recording = slp.recording(version, frames=0, end=False)
        for salt in range(5):
            recording.events += slp.frame_events(version, 65793, salt=salt)
        game = read_game(recording.to_bytes())
        assert ids(game) == [65793] * 5
        assert any(note.startswith("the frame id never advances: 5 rows") for note in game.notes)

    @pytest.mark.parametrize("version", [(1, 7, 1), (2, 0, 1), (3, 14, 0)])
    def test_a_slice_that_starts_late_and_has_a_gap(self, version):
        recording = slp.recording(version, frames=0, end=False)
        for frame in (500, 501, 700):
            recording.events += slp.frame_events(version, frame)
        game = read_game(recording.to_bytes())
        assert ids(game) == [500, 501, 700]
        names = set(leaves(game.frames))
        assert names == set(leaves(read_game(slp.recording(version).to_bytes()).frames))

    def test_half_a_row_in_the_middle_costs_the_row(self):
        version = (3, 14, 0)
        recording = slp.recording(version, frames=3)
        lost = slp.post(version, -122, 1)
        recording.events.remove(lost)
        percent = leaves(read_game(recording.to_bytes()).frames)["ports.P2.leader.post.percent"]
        assert percent.is_valid().to_pylist() == [True, False, True]

    def test_missing_frame_start_is_null_not_invented(self):
        version = (3, 14, 0)
        recording = slp.recording(version, frames=3)
        recording.events.remove(slp.frame_start(version, -122))
        seeds = leaves(read_game(recording.to_bytes()).frames)["start.random_seed"].to_pylist()
        assert seeds[1] is None
        assert None not in (seeds[0], seeds[2])

    def test_texts_that_cannot_be_decoded_do_not_cost_the_game(self):
        recording = slp.recording((3, 14, 0))
        recording.start[0x160:0x162] = b"\x81\x00"
        recording.start[0x1A4:0x1A6] = b"\xfe\xfe"
        recording.start[0x248:0x24A] = b"\xc3\x28"
        recording.start[0x2BC] = 9
        recording.start[0x143] = 77
        game = read_game(recording.to_bytes())
        assert len(game.frames) == 6
        assert len(game.notes) == 5

    def test_two_recordings_joined_are_the_first(self):
        recording = slp.recording(frames=4, end=False)
        recording.events += [b"\x36" + bytes(recording.start), *slp.frame_events((3, 14, 0), -123, salt=9)]
        game = read_game(recording.to_bytes())
        assert_same_frames(game.frames, read_game(slp.recording(frames=4).to_bytes()).frames)
        assert any("another recording begins" in note for note in game.notes)

    def test_a_game_end_written_twice(self):
        recording = slp.recording()
        recording.events.append(slp.game_end((3, 14, 0)))
        game = read_game(recording.to_bytes())
        assert game.notes == ()
        recording.raw_length = 0
        again = read_game(recording.to_bytes())
        assert_same_frames(again.frames, game.frames)
        assert again.end == game.end

    def test_events_after_the_game_end_do_not_count(self):
        recording = slp.recording(frames=3)
        recording.events += slp.frame_events((3, 14, 0), -120)
        assert ids(read_game(recording.to_bytes())) == [-123, -122, -121]
        recording.raw_length = 0
        assert ids(read_game(recording.to_bytes())) == [-123, -122, -121]

    def test_more_events_than_the_longest_recording(self, monkeypatch):
        monkeypatch.setattr(events, "MAX_EVENTS", 40)
        game = read_game(slp.recording((3, 6, 0), frames=30).to_bytes())
        assert 0 < len(game.frames) < 10
        assert any("more than 40 events" in note for note in game.notes)

    def test_bare_event_stream_without_container(self):
        recording = slp.recording()
        game = read_game(recording.header() + b"".join(recording.events))
        assert_same_frames(game.frames, read_game(recording.to_bytes()).frames)


class TestMetadata:
    @pytest.mark.parametrize(
        ("metadata", "expected"),
        [
            (b"{U\x01ai\x05U\x01b[TF]}", {"a": 5, "b": [True, False]}),
            (b"{U\x01aI\x01\x00U\x01bSU\x02\xc3\xa9}", {"a": 256, "b": "é"}),
            (b"{}", {}),
        ],
    )
    def test_marks_that_peppi_refuses(self, metadata, expected):
        recording = slp.recording()
        recording.metadata = metadata
        game = read_game(recording.to_bytes())
        assert game.metadata == expected
        assert len(game.frames) == 6

    @pytest.mark.parametrize(
        "damage", [b"{U\x05ab", b"{U\x02aaSU\xffxx}", b"\x00\x00", b"{" + b"U\x00{" * 20000]
    )
    def test_damaged_metadata_costs_the_metadata_alone(self, damage):
        recording = slp.recording()
        recording.metadata = damage
        game = read_game(recording.to_bytes())
        assert game.metadata is None
        assert len(game.frames) == 6
        assert any("metadata" in note for note in game.notes)

    def test_none(self):
        recording = slp.recording()
        recording.metadata = None
        game = read_game(recording.to_bytes())
        assert game.metadata is None
        assert game.notes == ()

    def test_lost_with_the_last_brace(self):
        data = slp.recording().to_bytes()
        assert read_game(data[:-1]).metadata == slp.METADATA
        assert len(read_game(data[:-1]).frames) == 6


class TestQuarantine:
    @pytest.mark.parametrize(
        ("data", "reason", "offset"),
        [
            (b"", "empty file", 0),
            (b"<!DOCTYPE html>\n<html>", "not a Slippi file: an HTML page", 0),
            (b"This is not an SLP file.", "not a Slippi file: plain text", 0),
            (bytes(4096), "not a Slippi file: 4096 zero bytes", 0),
            (b"PK\x03\x04abc", "not a Slippi file: a zip archive", 0),
            (b"\x1f\x8b\x08", "not a Slippi file: gzip data", 0),
            (b"\xde\xad\xbe\xef", "not a Slippi file: it begins with bytes de ad be ef", 0),
            (b'{"raw": []}', "not a Slippi file: plain text", 0),
            (slp.SIGNATURE, "the recording stops after 11 bytes, before its first event", 11),
            (slp.SIGNATURE + bytes(4), "the recording stops after 15 bytes, before its first event", 15),
            (slp.SIGNATURE + bytes(4) + b"\x35\x1c", "inside the table of event sizes", 17),
            (slp.SIGNATURE + bytes(4) + b"\x35\xe7" + bytes(400), "its length 231 is no multiple of 3", 16),
            (slp.SIGNATURE + bytes(4) + b"\x36\x1c", "the stream begins with 0x36", 15),
        ],
    )
    def test_says_what_the_file_is_and_where_it_breaks(self, data, reason, offset):
        with pytest.raises(ReplayError) as raised:
            read_game(data)
        assert reason in raised.value.reason
        assert raised.value.offset == offset

    def test_game_start_that_is_cut(self):
        data = slp.recording().to_bytes()[:200]
        with pytest.raises(ReplayError, match="stops after 200 bytes, inside its game start"):
            read_game(data)

    def test_no_frame_at_all(self):
        recording = slp.recording(frames=0, end=False)
        with pytest.raises(ReplayError, match="no whole frame"):
            read_game(recording.to_bytes())

    def test_no_player(self):
        with pytest.raises(ReplayError, match="no whole frame"):
            read_game(slp.recording(players={0: (2, NOBODY)}, characters=[(0, False)]).to_bytes())

    def test_sizes_too_small_for_their_events(self):
        recording = slp.recording()
        recording.sizes[0x37] = 4
        with pytest.raises(ReplayError, match="size of the pre-frame event: 4 bytes, 58 are needed"):
            read_game(recording.to_bytes())

    def test_longer_than_any_recording(self, monkeypatch):
        monkeypatch.setattr(reader, "MAX_BYTES", 100)
        with pytest.raises(ReplayError, match="longer"):
            read_game(slp.recording().to_bytes())


class TestIdentity:
    def test_lesson_11_the_content_id_has_128_bits_and_covers_every_byte(self):
        data = slp.recording().to_bytes()
        game = read_game(data)
        assert len(game.content_id) == 32
        assert read_game(data).content_id == game.content_id
        assert read_game(data[:-2] + b"x" + data[-1:]).content_id != game.content_id

    def test_a_path_and_its_bytes_read_the_same(self, tmp_path):
        data = slp.recording().to_bytes()
        path = tmp_path / "game.slp"
        path.write_bytes(data)
        assert_same_frames(read_game(data, path).frames, read_game(data).frames)

    def test_a_file_that_grew_since_its_bytes_were_read(self, tmp_path):
        path = tmp_path / "game.slp"
        path.write_bytes(slp.recording(frames=9).to_bytes())
        assert len(read_game(slp.recording(frames=4).to_bytes(), path).frames) == 4

    def test_a_file_that_left_since_its_bytes_were_read(self, tmp_path):
        assert len(read_game(slp.recording().to_bytes(), tmp_path / "gone.slp").frames) == 6

    def test_in_memory_bytes_leave_no_file_behind(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.delattr("os.memfd_create", raising=False)
        assert len(read_game(slp.recording().to_bytes()).frames) == 6
        assert list(tmp_path.iterdir()) == []


DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)


class TestFuzz:
    @settings(max_examples=200, deadline=None)
    @given(version=st.sampled_from(slp.EVERY_VERSION), damage=DAMAGE, cut=st.floats(0, 1))
    def test_any_damage_gives_a_game_or_a_reason(self, version, damage, cut):
        data = bytearray(slp.recording(version, frames=4).to_bytes())
        for place, value in damage:
            data[int(place * len(data))] = value
        check(bytes(data))
        check(bytes(data[: int(cut * len(data))]))

    @settings(max_examples=100, deadline=None)
    @given(data=st.binary(max_size=400), sound=st.booleans())
    def test_any_bytes(self, data, sound):
        check(slp.SIGNATURE + data if sound else data)

    @settings(max_examples=100, deadline=None)
    @given(version=st.sampled_from(slp.EVERY_VERSION), order=st.randoms(use_true_random=False))
    def test_events_in_any_order(self, version, order):
        recording = slp.recording(version, frames=4)
        order.shuffle(recording.events)
        check(recording.to_bytes())

    @settings(max_examples=100, deadline=None)
    @given(
        version=st.sampled_from(slp.EVERY_VERSION),
        drop=st.sets(st.integers(0, 40)),
        twice=st.sets(st.integers(0, 40)),
    )
    def test_events_lost_or_doubled(self, version, drop, twice):
        recording = slp.recording(version, frames=4)
        recording.events = [
            event
            for number, event in enumerate(recording.events)
            if number not in drop
            for _ in range(2 if number in twice else 1)
        ]
        check(recording.to_bytes())


def check(data: bytes) -> None:
    """A game is whole: as many rows in every column as frame ids. Anything else is a reason in words."""
    try:
        game = read_game(data)
    except ReplayError as error:
        reason = error.reason
    else:
        reason = None
    if reason is not None:
        assert "\n" not in reason
        assert not reason.startswith("peppi"), (
            "the normaliser's streams are such that peppi has nothing to refuse"
        )
        return
    assert len(game.frames) > 0
    for name, column in leaves(game.frames).items():
        if "[]" not in name:
            assert len(column) == len(game.frames), name
    game.frames.validate(full=True)
    assert np.asarray(game.frames.field("id")).dtype == np.int32
