"""Archives read in place: members as replays, and what is done about bombs, tricks with names, and damage."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import py7zr
import pyarrow as pa
import pytest

from exphil.errors import ReplayError
from exphil.replays import archives, limits, members
from exphil.replays.sources import Contents, find_sources, read_source, read_sources
from tests.replays import slp

GAMES = {name: slp.recording(frames=3 + number).to_bytes() for number, name in enumerate("abc")}
A, B = GAMES["a"], GAMES["b"]

Members = dict[str, bytes]


def make_zip(path: Path, members: Members) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def make_7z(path: Path, members: Members) -> None:
    with py7zr.SevenZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(data, name)


def tar_bytes(members: Members) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def tar_maker(compress: Callable[[bytes], bytes]) -> Callable[[Path, Members], None]:
    return lambda path, members: path.write_bytes(compress(tar_bytes(members))) and None


MAKERS = {
    ".zip": make_zip,
    ".7z": make_7z,
    ".tar": tar_maker(bytes),
    ".tar.gz": tar_maker(gzip.compress),
    ".tgz": tar_maker(gzip.compress),
    ".tar.bz2": tar_maker(bz2.compress),
    ".tar.xz": tar_maker(lzma.compress),
    ".tar.zst": tar_maker(zstd),
}


@pytest.fixture(params=list(MAKERS), ids=str)
def suffix(request) -> str:
    return request.param


def answers(root: Path) -> dict[str, bytes | str]:
    """Every source by its path below `root`: its bytes, or why there are none."""
    prefix = len(root.absolute().as_posix()) + 1
    return {
        source.path[prefix:]: contents.bytes if isinstance(contents, Contents) else contents.reason
        for source, contents in read_sources(find_sources([root]))
    }


class TestEveryKind:
    def test_members_are_replays_and_nothing_touches_the_disk(self, tmp_path, suffix, monkeypatch):
        MAKERS[suffix](
            tmp_path / f"box{suffix}",
            {
                "x/a.slp": A,
                "b.SLP": B,
                "c.slp.gz": gzip.compress(A),
                "read me.txt": b"x",
                "__MACOSX/._a.slp": b"x",
            },
        )
        monkeypatch.chdir(tmp_path)
        before = sorted(tmp_path.rglob("*"))
        assert answers(tmp_path) == {
            f"box{suffix}!/b.SLP": B,
            f"box{suffix}!/c.slp.gz": A,
            f"box{suffix}!/x/a.slp": A,
        }
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_member_carries_its_size_and_the_archives_time(self, tmp_path, suffix):
        path = tmp_path / f"box{suffix}"
        MAKERS[suffix](path, {"a.slp": A})
        (source,) = find_sources([path])
        assert (source.num_bytes, source.mtime_ns) == (len(A), path.stat().st_mtime_ns)
        assert read_source(source).bytes == A

    def test_an_empty_member_is_read_as_such(self, tmp_path, suffix):
        MAKERS[suffix](tmp_path / f"box{suffix}", {"a.slp": A, "e.slp": b"", "f.slp": B})
        assert answers(tmp_path) == {
            f"box{suffix}!/a.slp": A,
            f"box{suffix}!/e.slp": b"",
            f"box{suffix}!/f.slp": B,
        }

    def test_many_members_are_read_in_one_pass(self, tmp_path, suffix, monkeypatch):
        path = tmp_path / f"box{suffix}"
        MAKERS[suffix](path, {f"{number:03}.slp": A + bytes(number) for number in range(40)})
        found = list(find_sources([path]))
        opened = []
        real = Path.open
        monkeypatch.setattr(Path, "open", lambda self, *a, **k: opened.append(self) or real(self, *a, **k))
        monkeypatch.setattr(
            archives.zipfile,
            "ZipFile",
            lambda *a, real=zipfile.ZipFile, **k: opened.append(a) or real(*a, **k),
        )
        got = {source.path[-7:]: len(contents.bytes) for source, contents in read_sources(found)}
        assert got == {f"{number:03}.slp": len(A) + number for number in range(40)}
        assert len(opened) == 1

    def test_a_reader_that_stops_early_leaves_no_thread(self, tmp_path, suffix):
        import threading

        path = tmp_path / f"box{suffix}"
        MAKERS[suffix](path, {f"{number}.slp": A for number in range(20)})
        before = threading.active_count()
        reading = read_sources(find_sources([path]))
        next(reading)
        reading.close()
        assert threading.active_count() == before

    def test_names_that_point_out_of_the_archive_are_refused(self, tmp_path, suffix, monkeypatch):
        monkeypatch.setattr(py7zr.py7zr, "check_archive_path", lambda name: True)
        MAKERS[suffix](tmp_path / f"box{suffix}", {"good.slp": A, "x/../../evil.slp": A})
        result = answers(tmp_path)
        assert result.pop(f"box{suffix}!/good.slp") == A
        assert list(result.values()) == ["its name points out of the archive"]

    def test_an_archive_inside_is_a_row_with_a_reason(self, tmp_path, suffix):
        MAKERS[suffix](tmp_path / f"box{suffix}", {"inner.zip": b"PK", "a.slp": A, "b.zlp": B})
        assert answers(tmp_path) == {
            f"box{suffix}!/a.slp": A,
            f"box{suffix}!/b.zlp": "zlp files are not read: decompress it with slippc first",
            f"box{suffix}!/inner.zip": "an archive inside an archive is not read: unpack it first",
        }

    def test_garbage_is_one_row_of_the_archive_itself(self, tmp_path, suffix):
        (tmp_path / f"box{suffix}").write_bytes(b"garbage" * 200)
        ((name, reason),) = answers(tmp_path).items()
        assert name == f"box{suffix}"
        assert str(reason).startswith("damaged archive: ")
        assert "\n" not in str(reason)

    def test_a_cut_archive_is_reported_beside_what_it_still_gives(self, tmp_path, suffix):
        import random

        noise = random.Random(0)
        path = tmp_path / f"box{suffix}"
        MAKERS[suffix](path, {f"{number}.slp": noise.randbytes(60_000) for number in range(4)})
        path.write_bytes(path.read_bytes()[:130_000])
        result = answers(tmp_path)
        assert str(result.pop(f"box{suffix}")).startswith("damaged archive: ")
        assert all(isinstance(data, bytes) or data.startswith("damaged") for data in result.values())

    def test_a_member_that_left_since_the_listing(self, tmp_path, suffix):
        path = tmp_path / f"box{suffix}"
        MAKERS[suffix](path, {"a.slp": A, "b.slp": B})
        found = list(find_sources([path]))
        MAKERS[suffix](path, {"b.slp": B})
        result = {source.path[-5:]: contents for source, contents in read_sources(found)}
        assert result["b.slp"].bytes == B
        assert result["a.slp"].reason == "no longer in its archive"

    def test_an_archive_that_left_since_the_listing(self, tmp_path, suffix):
        path = tmp_path / f"box{suffix}"
        MAKERS[suffix](path, {"a.slp": A})
        found = list(find_sources([path]))
        path.unlink()
        ((_, contents),) = read_sources(found)
        assert isinstance(contents, ReplayError)

    def test_a_member_longer_than_any_recording_is_refused_unread(self, tmp_path, suffix, monkeypatch):
        monkeypatch.setattr(members, "MAX_BYTES", 5000)
        MAKERS[suffix](tmp_path / f"box{suffix}", {"a.slp": A, "huge.slp": bytes(5001)})
        result = answers(tmp_path)
        assert "longer than any recording" in str(result[f"box{suffix}!/huge.slp"])
        assert result[f"box{suffix}!/a.slp"] == A

    def test_an_archive_that_unpacks_to_absurd_amounts_is_refused(self, tmp_path, suffix, monkeypatch):
        monkeypatch.setattr(limits, "FREE_ARCHIVE_BYTES", 100_000)
        monkeypatch.setattr(limits, "MAX_RATIO", 20)
        if suffix == ".tar":
            pytest.skip("a bare tar unpacks to its own size")
        MAKERS[suffix](tmp_path / f"box{suffix}", {"big.txt": bytes(30_000_000)})
        ((name, reason),) = answers(tmp_path).items()
        assert name == f"box{suffix}"
        assert "refused as a bomb" in str(reason)


class TestZip:
    def test_a_member_that_shrinks_beyond_belief(self, tmp_path):
        make_zip(tmp_path / "box.zip", {"bomb.slp": bytes(20 * 2**20), "a.slp": A})
        result = answers(tmp_path)
        assert "refused as a bomb" in str(result["box.zip!/bomb.slp"])
        assert result["box.zip!/a.slp"] == A

    def test_a_size_that_lies(self, tmp_path):
        path = tmp_path / "box.zip"
        make_zip(path, {"a.slp": A})
        data = bytearray(path.read_bytes())
        directory = data.index(b"PK\x01\x02")
        struct.pack_into("<I", data, directory + 24, 100)
        path.write_bytes(data)
        assert str(answers(tmp_path)["box.zip!/a.slp"]).startswith("damaged in its archive")

    def test_damage_costs_the_one_member(self, tmp_path):
        path = tmp_path / "box.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.slp", A)
            archive.writestr("b.slp", B)
        data = bytearray(path.read_bytes())
        data[data.index(A) + 50] ^= 255
        path.write_bytes(data)
        result = answers(tmp_path)
        assert str(result["box.zip!/a.slp"]).startswith("damaged in its archive: Bad CRC")
        assert result["box.zip!/b.slp"] == B

    def test_encrypted_members_say_so(self, tmp_path):
        path = tmp_path / "box.zip"
        make_zip(path, {"a.slp": A})
        data = bytearray(path.read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(data)
        assert answers(tmp_path) == {"box.zip!/a.slp": "encrypted: unpack it with its password first"}

    def test_an_unknown_compression_says_so(self, tmp_path):
        path = tmp_path / "box.zip"
        make_zip(path, {"a.slp": A})
        data = bytearray(path.read_bytes())
        struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 9)
        path.write_bytes(data)
        assert str(answers(tmp_path)["box.zip!/a.slp"]).startswith("compressed in a way that is not read")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_one_name_twice(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "box.zip", "w") as archive:
            archive.writestr("a.slp", A)
            archive.writestr("a.slp", B)
        assert answers(tmp_path) == {
            "box.zip!/a.slp": A,
            "box.zip!/a.slp#2": "member 2 of this name in the archive",
        }

    def test_windows_names(self, tmp_path):
        make_zip(tmp_path / "box.zip", {"sub/a.slp": A})
        data = (tmp_path / "box.zip").read_bytes().replace(b"sub/a.slp", b"sub\\a.slp")
        (tmp_path / "box.zip").write_bytes(data)
        assert answers(tmp_path) == {"box.zip!/sub/a.slp": A}

    def test_links_are_not_followed(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "box.zip", "w") as archive:
            info = zipfile.ZipInfo("l.slp")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        assert answers(tmp_path) == {"box.zip!/l.slp": "a link, not a file"}


class TestTar:
    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            (tarfile.SYMTYPE, "a link, not a file"),
            (tarfile.LNKTYPE, "a link, not a file"),
            (tarfile.CHRTYPE, "a device, not a file"),
            (tarfile.FIFOTYPE, "a device, not a file"),
        ],
    )
    def test_links_and_devices_are_not_followed(self, tmp_path, kind, reason):
        with tarfile.open(tmp_path / "box.tar", "w") as archive:
            info = tarfile.TarInfo("l.slp")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        assert answers(tmp_path) == {"box.tar!/l.slp": reason}

    def test_absolute_names(self, tmp_path):
        (tmp_path / "box.tar").write_bytes(tar_bytes({"/etc/a.slp": A}))
        assert answers(tmp_path) == {"box.tar!//etc/a.slp": "its name points out of the archive"}

    def test_a_leading_dot_is_no_folder(self, tmp_path):
        (tmp_path / "box.tar").write_bytes(tar_bytes({"./a.slp": A}))
        assert answers(tmp_path) == {"box.tar!/a.slp": A}

    def test_a_wrong_suffix_is_seen_through(self, tmp_path):
        (tmp_path / "box.tar.gz").write_bytes(lzma.compress(tar_bytes({"a.slp": A})))
        assert answers(tmp_path) == {"box.tar.gz!/a.slp": A}

    def test_headers_that_ask_for_more_than_there_can_be(self, tmp_path, monkeypatch):
        """A header may claim gigabytes of itself: what is read is counted, not what is claimed."""
        monkeypatch.setattr(limits, "FREE_ARCHIVE_BYTES", 100_000)
        info = tarfile.TarInfo("x")
        info.type, info.size = tarfile.XHDTYPE, 2**32
        (tmp_path / "box.tar.gz").write_bytes(gzip.compress(info.tobuf() + bytes(2**25)))
        ((name, reason),) = answers(tmp_path).items()
        assert name == "box.tar.gz"
        assert "refused as a bomb" in str(reason)


class TestSevenZip:
    def test_encrypted_archives_say_so(self, tmp_path):
        with py7zr.SevenZipFile(tmp_path / "box.7z", "w", password="secret") as archive:
            archive.writestr(A, "a.slp")
        assert answers(tmp_path) == {"box.7z": "encrypted: unpack it with its password first"}

    def test_damage_in_a_solid_block_costs_the_rest_of_it(self, tmp_path):
        import random

        noise = random.Random(1)
        members = {f"{number}.slp": noise.randbytes(5000) for number in range(6)}
        make_7z(tmp_path / "box.7z", members)
        data = bytearray((tmp_path / "box.7z").read_bytes())
        data[12_000] ^= 255
        (tmp_path / "box.7z").write_bytes(data)
        result = answers(tmp_path)
        assert result["box.7z!/0.slp"] == members["0.slp"]
        assert str(result["box.7z!/5.slp"]).startswith("damaged")
        assert len(result) == 6
