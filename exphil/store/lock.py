"""One writer at a time. The operating system holds the lock, so a killed writer lets go of it."""

import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from exphil.errors import StoreError
from exphil.store import paths
from exphil.store.atomic import write_errors

WAIT_SECONDS = 10.0


@contextmanager
def writer_lock(root: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the store's writer lock; nested use in one thread is fine.

    Raises:
        StoreError: another process still holds it after `wait_seconds`; the message names that process.
    """
    lock = FileLock(root / paths.LOCK, is_singleton=True)
    with write_errors(root / paths.LOCK):
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout:
            raise StoreError(
                f"{root} is being written by {_owner(root)}; wait for it to end, or stop it"
            ) from None
    try:
        (root / paths.LOCK_OWNER).write_text(json.dumps(_self()))
        yield
    finally:
        lock.release()


def _self() -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": platform.node(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": time.strftime("%H:%M:%S"),
    }


def _owner(root: Path) -> str:
    try:
        owner = json.loads((root / paths.LOCK_OWNER).read_text())
        return f"process {owner['pid']} on {owner['host']} (`{owner['command']}`, since {owner['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"
