"""The only importer of peppi_py: a path or bytes in, peppi's native game out, its failures as ReplayError.

peppi panics on some files: a `pyo3_runtime.PanicException`, which no `except Exception` catches, and a
backtrace that Rust writes to file descriptor 2. Both stop here.
"""

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peppi_py import _peppi

from exphil.errors import ReplayError


def parse_path(path: Path) -> Any:
    """Parse a plain `.slp` on disk."""
    return _parse(str(path))


def parse_bytes(data: bytes) -> Any:
    """Parse a recording in memory: peppi takes a path, so the bytes get one, if possible in memory."""
    with _named(data) as path:
        return _parse(path)


_one_at_a_time = threading.Lock()
"""Two threads that both silence and restore file descriptor 2 could leave it silent."""


def _parse(path: str) -> Any:
    try:
        with _one_at_a_time, _silent():
            return _peppi.read_slippi(path, False)
    except Exception as error:
        raise ReplayError(f"peppi: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ReplayError(f"peppi panics: {error}") from None


@contextlib.contextmanager
def _named(data: bytes) -> Iterator[str]:
    """A path under which peppi finds `data` until the block ends. A process killed on Linux leaves none."""
    if sys.platform == "linux" and hasattr(os, "memfd_create"):
        try:
            handle = os.memfd_create("replay", os.MFD_CLOEXEC)
        except OSError:
            handle = -1
        if handle >= 0:
            try:
                path = f"/proc/self/fd/{handle}"
                if Path(path).exists():
                    with open(handle, "wb", closefd=False) as file:
                        file.write(data)
                    yield path
                    return
            finally:
                os.close(handle)
    with tempfile.TemporaryDirectory(prefix="exphil-") as folder:
        copy = Path(folder) / "replay.slp"
        copy.write_bytes(data)
        yield str(copy)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Point file descriptor 2 at nothing for the block: Rust writes there, past sys.stderr."""
    try:
        saved = os.dup(2)
    except OSError:
        yield
        return
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, 2)
        finally:
            os.close(nothing)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
