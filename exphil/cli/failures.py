"""What a person reads when a command fails: one line and an exit code."""

import errno
import os
from typing import Final

from cyclopts import CycloptsError

from exphil.errors import INTERRUPTED, ExphilError

_WAYS_OUT: Final = {
    errno.ENOSPC: "the disk is full; free some space or name another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or name another folder",
    errno.EROFS: "the file system is read-only; name another folder",
    errno.EACCES: "permission denied; change the permissions or name another folder",
    errno.EPERM: "permission denied; change the permissions or name another folder",
    errno.EMFILE: "too many open files; raise the limit (`ulimit -n`) or use fewer workers",
}


def explain(error: BaseException) -> tuple[str, int]:
    """(line, exit code) of an exception: 2 for usage, 130 for Ctrl-C, 1 for all else."""
    if isinstance(error, ExphilError):
        return f"error: {one_line(error)}", error.exit_code
    if isinstance(error, CycloptsError):
        error.verbose = False
        return f"error: {one_line(error)}", 2
    if isinstance(error, KeyboardInterrupt):
        return "stopped by Ctrl-C", INTERRUPTED
    if isinstance(error, MemoryError):
        return "error: out of memory; use fewer workers or a smaller batch", 1
    if isinstance(error, OSError) and error.errno is not None:
        return f"error: {_os_line(error)}", 1
    return f"error: {type(error).__name__}: {one_line(error)} (unexpected; `--debug` shows where)", 1


def one_line(error: BaseException) -> str:
    """An exception's message with its line breaks folded."""
    return " ".join(str(error).split())


def _os_line(error: OSError) -> str:
    path = os.fspath(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else None
    where = f"{path if isinstance(path, str) else os.fsdecode(path)}: " if path is not None else ""
    return where + (_WAYS_OUT.get(error.errno or 0) or error.strerror or one_line(error))
