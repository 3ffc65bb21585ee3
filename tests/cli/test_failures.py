"""What a person reads of each kind of failure."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.cli.failures import explain
from exphil.errors import ExphilError, FingerprintError, ReplayError, StoreError, UsageError


@pytest.mark.parametrize(
    ("error", "told", "code"),
    [
        (UsageError("no such asset"), "no such asset", 2),
        (StoreError("locked"), "locked", 1),
        (FingerprintError("changed: x"), "changed: x", 1),
        (ReplayError("cut", 12), "cut", 1),
        (KeyboardInterrupt(), "stopped by Ctrl-C", 130),
        (MemoryError(), "out of memory", 1),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x"), "/data/x: the disk is full", 1),
        (
            OSError(errno.EROFS, os.strerror(errno.EROFS), "/data/x"),
            "/data/x: the file system is read-only",
            1,
        ),
        (
            PermissionError(errno.EACCES, os.strerror(errno.EACCES), b"/data/x"),
            "/data/x: permission denied",
            1,
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "a"),
            "a: No such file or directory",
            1,
        ),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero", 1),
        (ValueError("two\nlines"), "two lines", 1),
    ],
)
def test_a_failure_is_told_with_its_code(error: BaseException, told: str, code: int) -> None:
    line, found = explain(error)
    assert told in line
    assert found == code


@given(text=st.text(), kind=st.sampled_from([ExphilError, UsageError, ValueError, OSError]))
def test_a_failure_is_always_one_line(text: str, kind: type[Exception]) -> None:
    line, code = explain(kind(text))
    assert len(line.splitlines()) == 1
    assert code in (1, 2)
