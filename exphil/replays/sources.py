"""Where replays lie: finds files and archive members, and reads them in place.

A member's path is `archive.zip!/folder/game.slp`. Nothing is ever unpacked to disk. What cannot be read is
listed all the same, with its problem, so that it ends as a quarantine row and not unseen.
"""

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO, Final

from exphil.errors import ReplayError
from exphil.replays import archives
from exphil.replays.limits import FREE_BYTES, MAX_BYTES, MAX_RATIO

SUFFIXES: Final = (".slp", ".slp.gz", ".slpz")

UNREAD: Final = {
    ".zlp": "zlp files are not read: decompress it with slippc first",
    ".rar": "RAR archives are not read: unpack it first",
}
"""Files that hold replays which no library at hand reads, and the way out."""

_BETWEEN: Final = "!/"


@dataclass(frozen=True, slots=True)
class Source:
    """One replay: a file, or a member of an archive."""

    path: str
    """Absolute, with forward slashes."""
    num_bytes: int
    """Size of the file as stored, or of the member as unpacked."""
    mtime_ns: int
    """Modification time of the file, or of the archive."""
    problem: str | None = None
    """Why it cannot be read, where the listing tells already."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A replay's decompressed bytes, and the plain `.slp` file that holds just them, if one does."""

    bytes: bytes
    path: Path | None


def find_sources(roots: Sequence[Path]) -> Iterator[Source]:
    """Every replay under folders, in archives, or named as a file itself; sorted by path, each path once."""
    found: dict[str, Source] = {}
    for root in roots:
        path = os.path.abspath(root)  # noqa: PTH100 - Path.absolute() keeps `..`, which makes two paths of one file
        listed = _walk(path) if Path(path).is_dir() else _file(path, named=True)
        for source in listed:
            found.setdefault(source.path, source)
    return iter(sorted(found.values(), key=lambda source: source.path))


def _walk(root: str) -> Iterator[Source]:
    """List a folder and those below, links followed, each real folder once: a link to a parent ends there."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116 - as strings: Path objects cost more than the listing
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name == "__MACOSX":
                        continue
                    if entry.is_dir():
                        waiting.append(entry.path)
                    elif _kind(entry.name) is not None:
                        yield from _file(entry.path)
        except OSError as error:
            yield Source(_posix(folder), 0, 0, f"folder not readable: {error.strerror}")


def _kind(name: str) -> str | None:
    """The suffix that tells what a file is, by its name or path; None for one that is no replay."""
    lower = name.lower()
    for suffix in (*SUFFIXES, *archives.SUFFIXES, *UNREAD):
        if lower.endswith(suffix):
            return suffix
    return None


def _file(path: str, named: bool = False) -> Iterator[Source]:
    """List one file: itself, or its members. A `named` file is taken for a replay whatever its suffix."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        yield Source(_posix(path), 0, 0, f"not readable: {error.strerror}")
        return
    source = Source(_posix(path), status.st_size, status.st_mtime_ns)
    kind = _kind(path)
    problem = None
    if not stat.S_ISREG(status.st_mode):
        problem = "not a regular file"
    elif not _is_text(path):
        problem = "its name is not UTF-8: rename it"
    elif kind in UNREAD:
        problem = UNREAD[kind]
    if problem is not None:
        yield Source(source.path, source.num_bytes, source.mtime_ns, problem)
    elif kind in archives.SUFFIXES:
        yield from _members(path, source)
    elif kind is not None or named:
        yield source


def _members(path: str, archive: Source) -> Iterator[Source]:
    """List an archive's replays; what is wrong with it as a whole is a row of its own path."""
    names: dict[str, int] = {}
    unpacked = 0
    try:
        for member in archives.list_members(Path(path)):
            unpacked += member.num_bytes
            kind = _kind(member.name)
            base = member.name.rsplit("/", 1)[-1]
            if kind is None or base.startswith(".") or member.name.startswith("__MACOSX/"):
                continue
            name, problem = member.name, member.problem
            if not _is_text(name):
                name, problem = _escaped(name), "its name is not UTF-8"
            elif kind in archives.SUFFIXES:
                problem = "an archive inside an archive is not read: unpack it first"
            elif kind in UNREAD:
                problem = UNREAD[kind]
            names[name] = names.get(name, 0) + 1
            if names[name] > 1:
                problem = f"member {names[name]} of this name in the archive"
                name = f"{name}#{names[name]}"
            yield Source(f"{archive.path}{_BETWEEN}{name}", member.num_bytes, archive.mtime_ns, problem)
    except ReplayError as error:
        yield Source(archive.path, archive.num_bytes, archive.mtime_ns, error.reason)


def _posix(path: str) -> str:
    return _escaped(path).replace(os.sep, "/") if os.sep != "/" else _escaped(path)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _escaped(name: str) -> str:
    return name if _is_text(name) else name.encode("utf-8", "backslashreplace").decode("utf-8")


def read_source(source: Source) -> Contents:
    """Read one replay. ReplayError when it cannot be read."""
    for _, contents in read_sources([source]):
        if isinstance(contents, ReplayError):
            raise contents
        return contents
    raise AssertionError("read_sources yields every source")


def read_sources(sources: Iterable[Source]) -> Iterator[tuple[Source, Contents | ReplayError]]:
    """Read replays one after the other, each as contents or as what is wrong with it.

    Neighbours from one archive are read in one pass over it, in the archive's own order.
    """
    for archive, group in groupby(sources, key=ArchiveOf()):
        if archive is None:
            for source in group:
                yield source, _read_plain(source)
        else:
            yield from _read_archive(archive, list(group))


class ArchiveOf:
    """Tells the archive that holds a source, or None for a plain file, `!` in its folder's name or not."""

    def __init__(self) -> None:
        self._last: str | None = None

    def __call__(self, source: Source) -> str | None:
        path = source.path
        if self._last is not None and path.startswith(self._last + _BETWEEN):
            return self._last
        begin = path.find(_BETWEEN)
        while begin >= 0:
            if path[:begin].lower().endswith(archives.SUFFIXES) and Path(path[:begin]).is_file():
                self._last = path[:begin]
                return self._last
            begin = path.find(_BETWEEN, begin + 1)
        return None


def _read_archive(archive: str, group: list[Source]) -> Iterator[tuple[Source, Contents | ReplayError]]:
    wanted: dict[str, Source] = {}
    for source in group:
        if source.problem is not None:
            yield source, ReplayError(source.problem)
        else:
            wanted[source.path[len(archive) + len(_BETWEEN) :]] = source
    try:
        for name, data in archives.read_members(Path(archive), list(wanted)):
            yield wanted.pop(name), data if isinstance(data, ReplayError) else _unpacked(name, data)
    except ReplayError as error:
        for source in wanted.values():
            yield source, error
        return
    for source in wanted.values():
        yield source, ReplayError("no longer in its archive")


def _unpacked(name: str, data: bytes) -> Contents | ReplayError:
    lower = name.lower()
    try:
        if lower.endswith(".gz"):
            data = _gunzip(io.BytesIO(data), len(data))
        elif lower.endswith(".slpz"):
            data = _unslpz(data)
    except ReplayError as error:
        return error
    return Contents(data, None)


def _unslpz(data: bytes) -> bytes:
    from exphil.replays import slpz

    return slpz.unpack(data)


def _read_plain(source: Source) -> Contents | ReplayError:
    if source.problem is not None:
        return ReplayError(source.problem)
    if source.num_bytes > MAX_BYTES:
        return ReplayError(f"{source.num_bytes} bytes: longer than any recording ({MAX_BYTES} at most)")
    path = Path(source.path)
    try:
        if source.path.lower().endswith(".gz"):
            with path.open("rb") as file:
                return Contents(_gunzip(file, source.num_bytes), None)
        if source.path.lower().endswith(".slpz"):
            return Contents(_unslpz(path.read_bytes()), None)
        return Contents(path.read_bytes(), path)
    except ReplayError as error:
        return error
    except OSError as error:
        return ReplayError(f"not readable: {error.strerror or error}")


def _gunzip(file: IO[bytes], stored: int) -> bytes:
    limit = min(MAX_BYTES, max(FREE_BYTES, stored * MAX_RATIO))
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            data = stream.read(limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ReplayError(f"gzip data damaged: {error}") from error
    if len(data) > limit:
        raise ReplayError(f"gzip data unpacks to more than {limit} bytes: refused as a bomb")
    return data
