"""Writes that are there whole or not at all, and the checks before a long one."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exphil.errors import StoreError


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut (Windows has no such call, and needs none)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Flush a file that a library wrote."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`: temporary name, fsync, rename, fsync of the folder."""
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def move_into_place(staged: Path, final: Path) -> None:
    """Rename a staged file or folder to its final name, over a leftover of a killed run if there is one."""
    with write_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.is_dir():
            shutil.rmtree(final)
        staged.replace(final)
        sync_folder(final.parent)


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says of a failed write into one line that names the path and the way out."""
    try:
        yield
    except OSError as error:
        raise StoreError(_explain(error, path)) from error


def _explain(error: OSError, path: Path) -> str:
    where = error.filename or path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {where} could not be written; free some space and run the command again"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{where} is read-only for this user; choose another folder with --store, or change its permissions"
    if error.errno == errno.ENOTDIR:
        return f"{where} cannot be made: a part of that path is a file, not a folder"
    return f"{where} could not be written: {error.strerror or error}"


def require_space(folder: Path, num_bytes: int) -> None:
    """Refuse a long write that the disk cannot hold.

    Args:
        folder: existing folder on the disk that will be written to.
        num_bytes: what the write is expected to take; a tenth more is asked for.
    """
    free = shutil.disk_usage(folder).free
    needed = num_bytes + num_bytes // 10
    if free < needed:
        raise StoreError(
            f"the disk is full: {folder} has {free / 1e6:,.0f} MB free and this needs about {needed / 1e6:,.0f} MB;"
            " free some space and run the command again"
        )
