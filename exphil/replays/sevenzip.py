"""7z archives through py7zr, which pushes members into writers: turned round here, so that they are pulled."""

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import py7zr
import py7zr.exceptions
import py7zr.io

from exphil.errors import ReplayError
from exphil.replays.limits import MAX_BYTES
from exphil.replays.members import DEVICE, ENCRYPTED, LINK, Member, problem_of

_AHEAD: Final = 2
"""Members unpacked ahead of the reader."""

_Item = tuple[int, bytes] | BaseException | None


def list_members(path: Path) -> Iterator[Member]:
    """Every file of the archive: its header tells, nothing is unpacked."""
    with _opened(path) as archive:
        for info in archive.files:
            if not info.is_directory:
                name = _slashed(info)
                num_bytes = info.uncompressed or 0
                problem = problem_of(name, num_bytes, None)
                if info.is_symlink or info.is_junction:
                    problem = LINK
                elif info.is_socket:
                    problem = DEVICE
                yield Member(name, num_bytes, problem)


def _slashed(info: Any) -> str:
    return str(info.filename).replace("\\", "/")


@contextmanager
def _opened(path: Path) -> Iterator[py7zr.SevenZipFile]:
    try:
        # Given a file and not a path, py7zr unpacks in this thread, one solid block after the other.
        with path.open("rb") as file, py7zr.SevenZipFile(file, "r") as archive:
            if archive.needs_password():
                raise ReplayError(ENCRYPTED)
            yield archive
    except py7zr.exceptions.PasswordRequired as error:
        raise ReplayError(ENCRYPTED) from error
    except py7zr.exceptions.ArchiveError as error:
        raise ReplayError(
            f"damaged archive: {' '.join(map(str, error.args)) or type(error).__name__}"
        ) from error


def read_members(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes | ReplayError]]:
    """The bytes of the named members in the archive's order, in one pass over it."""
    with _opened(path) as archive:
        wanted = set(names)
        targets: list[str] = []
        for info in archive.files:
            if _slashed(info) in wanted:
                wanted.discard(_slashed(info))
                targets.append(info.filename)
        if not targets:
            return
        pipe: queue.Queue[_Item] = queue.Queue(_AHEAD)
        stop = threading.Event()
        thread = threading.Thread(target=_unpack, args=(archive, targets, pipe, stop), daemon=True)
        thread.start()
        try:
            while (item := pipe.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                number, data = item
                yield targets[number].replace("\\", "/"), data
        finally:
            stop.set()
            thread.join()


def _unpack(
    archive: py7zr.SevenZipFile, targets: list[str], pipe: "queue.Queue[_Item]", stop: threading.Event
) -> None:
    """In a thread: unpack into the pipe, then tell how it ended."""
    ending: _Item = None
    try:
        # The root as target: nothing is written there, and py7zr's check of names against it always holds.
        archive.extract(path=Path(Path.cwd().anchor), targets=targets, factory=_Writers(pipe, stop))
    except _StoppedError:
        return
    except Exception as error:
        ending = error if isinstance(error, py7zr.exceptions.ArchiveError) else ValueError(str(error))
    _put(pipe, ending, stop)


class _StoppedError(Exception):
    """The reader wants no more."""


def _put(pipe: "queue.Queue[_Item]", item: _Item, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            return pipe.put(item, timeout=0.1)
        except queue.Full:
            continue
    raise _StoppedError


class _Writers(py7zr.io.WriterFactory):
    """Hands out a writer for each target, in the archive's order."""

    def __init__(self, pipe: "queue.Queue[_Item]", stop: threading.Event) -> None:
        self._pipe = pipe
        self._stop = stop
        self._count = 0

    def create(self, filename: str) -> "_Writer":
        writer = _Writer(self._count, self._pipe, self._stop)
        self._count += 1
        return writer


class _Writer(py7zr.io.Py7zIO):
    """Collects one member and passes it on when py7zr closes it."""

    def __init__(self, number: int, pipe: "queue.Queue[_Item]", stop: threading.Event) -> None:
        self._number = number
        self._pipe = pipe
        self._stop = stop
        self._data = bytearray()

    def write(self, s: bytes | bytearray) -> int:
        if self._stop.is_set():
            raise _StoppedError
        if len(self._data) + len(s) > MAX_BYTES:
            raise ValueError(f"a member unpacks to more than {MAX_BYTES} bytes")
        self._data += s
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        return bytes(self._data if size is None else self._data[:size])

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def flush(self) -> None:
        """Nothing to flush."""

    def size(self) -> int:
        return len(self._data)

    def close(self) -> None:
        _put(self._pipe, (self._number, bytes(self._data)), self._stop)
        self._data = bytearray()
