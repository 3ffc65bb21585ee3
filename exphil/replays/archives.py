"""Archives of replays, read in place: what is in them, and their members one after the other in one pass.

Names in an archive are keys, never places on disk. Links and devices are not followed, and no size that an
archive declares is believed: reading stops where a recording would be absurd.
"""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from exphil.errors import ReplayError
from exphil.replays.limits import MAX_BYTES, is_archive_bomb, is_bomb

_ZIP: Final = (".zip",)
_7Z: Final = (".7z",)
_TAR: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")

SUFFIXES: Final = _ZIP + _7Z + _TAR
"""Lower-case endings of the names of archives that are read."""

ENCRYPTED: Final = "encrypted: unpack it with its password first"
_DAMAGED: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: name with forward slashes, size as declared, and why it is not read, if it is not."""

    name: str
    num_bytes: int
    problem: str | None = None


def list_members(path: Path) -> Iterator[Member]:
    """Every file of an archive, in its order. ReplayError when the archive cannot be read, or not to its end."""
    with _told(path, "damaged archive"):
        stored = path.stat().st_size
        unpacked = 0
        for member in _lister(path):
            unpacked += member.num_bytes
            if is_archive_bomb(stored, unpacked):
                raise ReplayError(
                    f"{stored} bytes unpack to over {unpacked}: refused as a decompression bomb"
                )
            yield member


def read_members(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes | ReplayError]]:
    """The bytes of the named members, in the archive's order; a damaged one gives its error.

    ReplayError when the archive cannot be read; names that are not in it are left out.
    """
    lower = path.name.lower()
    with _told(path, "damaged archive"):
        if lower.endswith(_ZIP):
            yield from _read_zip(path, names)
        elif lower.endswith(_7Z):
            from exphil.replays import sevenzip

            yield from sevenzip.read_members(path, names)
        else:
            yield from _read_tar(path, names)


def _lister(path: Path) -> Iterator[Member]:
    lower = path.name.lower()
    if lower.endswith(_ZIP):
        return _list_zip(path)
    if lower.endswith(_7Z):
        from exphil.replays import sevenzip

        return sevenzip.list_members(path)
    return _list_tar(path)


@contextmanager
def _told(path: Path, trouble: str) -> Iterator[None]:
    """What a library raises on a damaged archive, as one line."""
    try:
        yield
    except _DAMAGED as error:
        raise ReplayError(f"{trouble}: {' '.join(str(error).split()) or type(error).__name__}") from error


def name_problem(name: str) -> str | None:
    """Why a member of this name is suspect: its name points out of the archive."""
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "its name points out of the archive"
    return None


def _checked(name: str, num_bytes: int, stored: int, problem: str | None = None) -> Member:
    if problem is None:
        problem = name_problem(name)
    if problem is None and num_bytes > MAX_BYTES:
        problem = f"{num_bytes} bytes: longer than any recording ({MAX_BYTES} at most)"
    if problem is None and is_bomb(stored, num_bytes):
        problem = f"{stored} bytes unpack to {num_bytes}: refused as a decompression bomb"
    return Member(name, num_bytes, problem)


def _list_zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield _checked(
                    _slashed(info.filename), info.file_size, info.compress_size, _zip_problem(info)
                )


def _zip_problem(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & 0x1:
        return ENCRYPTED
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        return "a link, not a file"
    return None


def _slashed(name: str) -> str:
    return name.replace("\\", "/")


def _read_zip(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes | ReplayError]]:
    with zipfile.ZipFile(path) as archive:
        infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            infos.setdefault(_slashed(info.filename), info)
        for name in names:
            if name in infos:
                yield name, _read_zip_member(archive, infos[name])


def _read_zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | ReplayError:
    try:
        with archive.open(info) as file:
            return _read_up_to(file, min(MAX_BYTES, info.file_size))
    except NotImplementedError as error:
        return ReplayError(f"compressed in a way that is not read: {error}")
    except (*_DAMAGED, RuntimeError) as error:
        return ReplayError(f"damaged in its archive: {error}")


def _read_up_to(file: IO[bytes], limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it unpacks to more than the {limit} bytes it declares")
    return data


@contextmanager
def _open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar as a stream: members come in order and are never sought."""
    with path.open("rb") as file:
        if path.name.lower().endswith((".zst", ".tzst")):
            import pyarrow as pa

            with (
                pa.CompressedInputStream(file, "zstd") as stream,
                tarfile.open(fileobj=stream, mode="r|") as tar,
            ):
                yield tar
        else:
            with tarfile.open(fileobj=file, mode="r|*") as tar:
                yield tar


def _list_tar(path: Path) -> Iterator[Member]:
    with _open_tar(path) as tar:
        for info in tar:
            if info.isdir():
                continue
            problem = (
                None
                if info.isreg()
                else "a link, not a file"
                if info.issym() or info.islnk()
                else "a device, not a file"
            )
            yield _checked(info.name, info.size, info.size, problem)


def _read_tar(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes | ReplayError]]:
    left = set(names)
    with _open_tar(path) as tar:
        for info in tar:
            if not left:
                return
            if info.name in left and info.isreg():
                left.discard(info.name)
                file = tar.extractfile(info)
                assert file is not None, "a regular member has bytes"
                data = _read_up_to(file, min(MAX_BYTES, info.size))
                if len(data) < info.size:
                    raise EOFError(f"the archive ends inside {info.name}")
                yield info.name, data
