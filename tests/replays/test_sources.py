"""Finding replays: what a listing holds, what it passes over, and what it reports though it cannot be read."""

import gzip
import os
import sys
from pathlib import Path

import pytest

from exphil.errors import ReplayError
from exphil.replays import sources
from exphil.replays.sources import Source, find_sources, read_source, read_sources
from tests.replays import slp

GAME = slp.recording().to_bytes()
OTHER = slp.recording((2, 0, 1), frames=3).to_bytes()

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")


def below(root: Path, *roots: Path) -> dict[str, str | None]:
    """What is found, as paths relative to `root`, with its problem."""
    prefix = len(root.absolute().as_posix()) + 1
    return {source.path[prefix:]: source.problem for source in find_sources(roots or [root])}


def write(path: Path, data: bytes = GAME) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class TestFolders:
    def test_replays_at_any_depth_in_any_case_sorted(self, tmp_path):
        for name in ("b.slp", "a/z.SLP", "a/deep/er/c.Slp.Gz", "notes.txt", "slp", "x.slp.bak"):
            write(tmp_path / name)
        assert list(below(tmp_path)) == ["a/deep/er/c.Slp.Gz", "a/z.SLP", "b.slp"]

    def test_sizes_and_times_are_the_files(self, tmp_path):
        path = write(tmp_path / "a.slp")
        os.utime(path, ns=(1, 1_600_000_000_123_456_700))
        (source,) = find_sources([tmp_path])
        assert source == Source(path.absolute().as_posix(), len(GAME), path.stat().st_mtime_ns)

    def test_hidden_files_and_resource_forks_are_passed_over(self, tmp_path):
        for name in ("._a.slp", ".hidden.slp", "__MACOSX/a.slp", ".cache/a.slp"):
            write(tmp_path / name)
        assert below(tmp_path) == {}

    def test_a_folder_with_a_replays_name_is_a_folder(self, tmp_path):
        write(tmp_path / "folder.slp" / "in.slp")
        assert list(below(tmp_path)) == ["folder.slp/in.slp"]

    def test_roots_that_overlap_give_each_path_once(self, tmp_path):
        write(tmp_path / "a" / "b.slp")
        assert list(below(tmp_path, tmp_path, tmp_path / "a", tmp_path / "a" / ".." / "a" / "b.slp")) == [
            "a/b.slp"
        ]

    def test_a_file_named_as_root_is_taken_whatever_its_suffix(self, tmp_path):
        path = write(tmp_path / "recording.bin")
        assert list(below(tmp_path, path)) == ["recording.bin"]

    @needs_links
    def test_links_are_followed_and_loops_end(self, tmp_path):
        write(tmp_path / "a" / "b.slp")
        (tmp_path / "a" / "loop").symlink_to(tmp_path)
        elsewhere = write(tmp_path.parent / f"{tmp_path.name}-elsewhere" / "c.slp")
        (tmp_path / "linked").symlink_to(elsewhere.parent)
        (tmp_path / "dead.slp").symlink_to(tmp_path / "nowhere")
        assert below(tmp_path) == {
            "a/b.slp": None,
            "linked/c.slp": None,
            "dead.slp": "not readable: No such file or directory",
        }

    @needs_links
    def test_a_pipe_is_reported_and_never_opened(self, tmp_path):
        os.mkfifo(tmp_path / "a.slp")
        (source,) = find_sources([tmp_path])
        assert source.problem == "not a regular file"
        with pytest.raises(ReplayError, match="not a regular file"):
            read_source(source)

    @needs_links
    def test_a_folder_that_cannot_be_read_is_reported(self, tmp_path, monkeypatch):
        write(tmp_path / "closed" / "a.slp")
        write(tmp_path / "open" / "b.slp")
        scandir = os.scandir

        def refuse(path):
            if str(path).endswith("closed"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        assert below(tmp_path) == {"closed": "folder not readable: Permission denied", "open/b.slp": None}

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names as text")
    def test_a_name_that_is_no_text_is_reported_as_one(self, tmp_path):
        write(tmp_path / os.fsdecode(b"\xff.slp"))
        assert below(tmp_path) == {"\\udcff.slp": "its name is not UTF-8: rename it"}

    @pytest.mark.parametrize("name", ["a.zlp", "a.RAR"])
    def test_formats_that_no_library_reads_say_the_way_out(self, tmp_path, name):
        write(tmp_path / name)
        (source,) = find_sources([tmp_path])
        assert "first" in (source.problem or "")
        with pytest.raises(ReplayError, match="not read"):
            read_source(source)


class TestReading:
    def test_a_plain_file_names_the_path_that_the_parser_may_open(self, tmp_path):
        path = write(tmp_path / "a.slp")
        contents = read_source(next(find_sources([tmp_path])))
        assert contents.bytes == GAME
        assert contents.path == path.absolute()

    def test_gzip_is_unpacked_in_memory(self, tmp_path):
        write(tmp_path / "a.slp.gz", gzip.compress(GAME))
        contents = read_source(next(find_sources([tmp_path])))
        assert contents.bytes == GAME
        assert contents.path is None

    @pytest.mark.parametrize(
        "damage", [lambda data: data[:-9], lambda data: b"\x1f\x8b" + data, lambda data: b""]
    )
    def test_damaged_gzip(self, tmp_path, damage):
        write(tmp_path / "a.slp.gz", damage(gzip.compress(GAME)))
        ((_, contents),) = read_sources(find_sources([tmp_path]))
        if isinstance(contents, ReplayError):
            assert contents.reason.startswith("gzip data damaged")
        else:
            assert contents.bytes == b""

    def test_gzip_bomb(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sources, "FREE_BYTES", 10_000)
        write(tmp_path / "a.slp.gz", gzip.compress(bytes(50_000_000)))
        with pytest.raises(ReplayError, match="refused as a bomb"):
            read_source(next(find_sources([tmp_path])))

    def test_a_file_longer_than_any_recording_is_not_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sources, "MAX_BYTES", 100)
        write(tmp_path / "a.slp")
        with pytest.raises(ReplayError, match="longer than any recording"):
            read_source(next(find_sources([tmp_path])))

    def test_a_file_that_left_since_it_was_listed(self, tmp_path):
        path = write(tmp_path / "a.slp")
        write(tmp_path / "b.slp", OTHER)
        found = list(find_sources([tmp_path]))
        path.unlink()
        (_, gone), (_, there) = read_sources(found)
        assert isinstance(gone, ReplayError)
        assert gone.reason == "not readable: No such file or directory"
        assert there.bytes == OTHER

    def test_every_source_comes_back_once(self, tmp_path):
        for number in range(5):
            write(tmp_path / f"{number}.slp", GAME + bytes(number))
        found = list(find_sources([tmp_path]))
        answers = list(read_sources(found))
        assert [source for source, _ in answers] == found
        assert [len(contents.bytes) for _, contents in answers] == [len(GAME) + number for number in range(5)]

    def test_an_exclamation_mark_in_a_folders_name_makes_no_archive(self, tmp_path):
        write(tmp_path / "wow!" / "a.slp")
        write(tmp_path / "box.zip!" / "b.slp", OTHER)
        assert {contents.bytes for _, contents in read_sources(find_sources([tmp_path]))} == {GAME, OTHER}
