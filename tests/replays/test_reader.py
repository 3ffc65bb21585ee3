"""Reading recordings: what comes out of sound ones, of mended ones, and what people are told of the rest."""

import pyarrow as pa
import pytest

from exphil import schema
from exphil.errors import ReplayError
from exphil.replays import events, peppi, reader
from exphil.replays.reader import read_game
from tests.replays import slp
from tests.replays.leaves import assert_same_frames, leaves

NOBODY = 3


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
