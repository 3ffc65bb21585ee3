"""Progress of a training run on stderr: a bar on a terminal, plain lines in a pipe."""

import sys
import time
from typing import Final

from exphil.cli import output

PLAIN_SECONDS: Final = 5.0


class LineReporter:
    """Plain lines to stderr: remarks, and figures every few seconds."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._total = 0

    def note(self, text: str) -> None:
        output.note(text)

    def begin(self, done: int, total: int) -> None:
        self._total = total
        self._shown = time.monotonic()

    def step(self, done: int, text: str) -> None:
        if time.monotonic() - self._shown >= PLAIN_SECONDS or done == self._total:
            self._shown = time.monotonic()
            output.note(f"step {done} of {self._total}, {text}")

    def end(self) -> None:
        return None


class BarReporter:
    """A bar on a terminal, with remarks above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", visible=False)

    def note(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)

    def begin(self, done: int, total: int) -> None:
        self._bar.update(self._task, total=total, completed=done, visible=True)
        self._bar.start()

    def step(self, done: int, text: str) -> None:
        self._bar.update(self._task, completed=done, description=text)

    def end(self) -> None:
        self._bar.stop()


def watcher() -> LineReporter | BarReporter:
    """The one that suits where stderr goes."""
    return BarReporter() if sys.stderr.isatty() else LineReporter()
