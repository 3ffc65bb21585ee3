"""Archives of replays, read in place: what is in them, and their members one after the other in one pass.

Names in an archive are keys, never places on disk. Links and devices are not followed, and no size that an
archive declares is believed: reading stops where a recording would be absurd.
"""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from exphil.errors import ReplayError
from exphil.replays.limits import MAX_BYTES, is_archive_bomb
from exphil.replays.members import DEVICE, ENCRYPTED, LINK, Member, problem_of

_ZIP: Final = (".zip",)
_7Z: Final = (".7z",)
_TAR: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")

SUFFIXES: Final = _ZIP + _7Z + _TAR
"""Lower-case endings of the names of archives that are read."""

_DAMAGED: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
)
"""What the libraries raise on a damaged archive."""


def list_members(path: Path) -> Iterator[Member]:
    """Every file of an archive, in its order. ReplayError when it cannot be read, or not to its end."""
    with _told():
        stored = path.stat().st_size
        unpacked = 0
        for member in _lister(path):
            unpacked += member.num_bytes
            if is_archive_bomb(stored, unpacked):
                raise ReplayError(f"{stored} bytes unpack to {unpacked} or more: refused as a bomb")
            yield member


def read_members(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes | ReplayError]]:
    """The bytes of the named members, in the archive's order; a damaged one gives its error.

    ReplayError when the archive cannot be read; names that are not in it are left out.
    """
    lower = path.name.lower()
    with _told():
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
def _told() -> Iterator[None]:
    """What a library raises on a damaged archive, as one line."""
    try:
        yield
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise ReplayError(f"not readable: {error.strerror}") from error
        raise ReplayError(f"damaged archive: {_one_line(error)}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _list_zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            name = _slashed(info.filename)
            problem = problem_of(name, info.file_size, info.compress_size)
            if info.flag_bits & 0x1:
                problem = ENCRYPTED
            elif (info.external_attr >> 16) & 0o170000 == 0o120000:
                problem = LINK
            yield Member(name, info.file_size, problem)


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
        return ReplayError(f"compressed in a way that is not read: {_one_line(error)}")
    except (*_DAMAGED, RuntimeError) as error:
        return ReplayError(f"damaged in its archive: {_one_line(error)}")


def _read_up_to(file: IO[bytes], limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it unpacks to more than the {limit} bytes it declares")
    return data


@contextmanager
def _open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar as a stream: members come in order and are never sought."""
    with path.open("rb") as file:
        bounded = _Bounded(_decompressed(file), path.stat().st_size)
        with tarfile.open(fileobj=cast(IO[bytes], bounded), mode="r|") as tar:
            yield tar


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    """The tar in a file, by its first bytes: names such as .tar.gz are often wrong."""
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if head.startswith(b"BZh"):
        return cast(IO[bytes], bz2.BZ2File(file))
    if head.startswith(b"\xfd7zXZ"):
        return cast(IO[bytes], lzma.LZMAFile(file))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow as pa

        return cast(IO[bytes], pa.CompressedInputStream(file, "zstd"))
    return file


class _Bounded:
    """A stream that ends in an error where an archive would be a bomb, whatever its headers claim."""

    def __init__(self, stream: IO[bytes], stored: int) -> None:
        self._stream = stream
        self._stored = stored
        self._read = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._read += len(data)
        if is_archive_bomb(self._stored, self._read):
            raise ReplayError(f"{self._stored} bytes unpack to {self._read} or more: refused as a bomb")
        return data


def _tar_name(info: tarfile.TarInfo) -> str:
    return info.name.removeprefix("./")


def _list_tar(path: Path) -> Iterator[Member]:
    with _open_tar(path) as tar:
        for info in tar:
            if info.isdir():
                continue
            name = _tar_name(info)
            problem = problem_of(name, info.size, None)
            if not info.isreg():
                problem = LINK if info.issym() or info.islnk() else DEVICE
            yield Member(name, info.size, problem)


def _read_tar(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes | ReplayError]]:
    left = set(names)
    with _open_tar(path) as tar:
        for info in tar:
            if not left:
                return
            name = _tar_name(info)
            if name in left and info.isreg():
                left.discard(name)
                file = tar.extractfile(info)
                assert file is not None, "a regular member has bytes"
                data = _read_up_to(file, min(MAX_BYTES, info.size))
                if len(data) < info.size:
                    raise EOFError("it ends inside a member")
                yield name, data
