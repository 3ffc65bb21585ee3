"""How a job tells the process that started it how far it is: lines on its standard output."""

import json
import time
from collections.abc import Callable
from typing import Final

MARK: Final = "@progress "
EVERY_SECONDS: Final = 1.0


class Progress:
    """A `Reporter` that writes lines, at most one a second and one a remark."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._total = 0
        self._shown = float("-inf")

    def note(self, text: str) -> None:
        self._write(text)

    def begin(self, done: int, total: int) -> None:
        self._total = total
        self._shown = float("-inf")
        self.step(done, "")

    def step(self, done: int, text: str) -> None:
        now = time.monotonic()
        if now - self._shown >= EVERY_SECONDS or done == self._total:
            self._shown = now
            self._write(MARK + json.dumps([done, self._total, text]))

    def end(self) -> None:
        return None


def read_progress(line: str) -> tuple[int, int, str] | None:
    """(done, total, text) of a line that tells progress; None of any other."""
    if not line.startswith(MARK):
        return None
    try:
        done, total, text = json.loads(line[len(MARK) :])
        return int(done), int(total), str(text)
    except (ValueError, TypeError):
        return None
