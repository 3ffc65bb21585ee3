"""The line that tells how a game goes while it is played: frame, latency, misses, stocks."""

import time
from collections.abc import Callable
from typing import Final, TextIO

import numpy as np
import numpy.typing as npt

from exphil.features import V1
from exphil.play.watchdog import Watchdog

TERMINAL_S: Final = 0.25
PIPE_S: Final = 10.0
"""Seconds between two lines: on a terminal, where each takes the place of the one before, and elsewhere."""

_STOCKS: Final = V1.slots["stocks"].column


def stocks_of(row: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Stocks left of both players of a packed row, the lower port first."""
    codes = row.view(V1.row_dtype)["players"]["codes"]
    return int(codes[0, 0, _STOCKS]), int(codes[0, 1, _STOCKS])


def status_line(frame: int, watchdog: Watchdog, stocks: tuple[int, int]) -> str:
    """`frame 1234  p50 0.52 ms  p99 0.81 ms  missed 0  stocks 4-3`."""
    recent = watchdog.latencies.recent()
    times = "" if recent is None else f"p50 {recent[0]:.2f} ms  p99 {recent[1]:.2f} ms  "
    return f"frame {frame}  {times}missed {watchdog.missed}  stocks {stocks[0]}-{stocks[1]}"


class Status:
    """Prints the line, seldom enough to cost nothing."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._replaces = stream.isatty()
        self._every = TERMINAL_S if self._replaces else PIPE_S
        self._shown_at = clock()
        self._width = 0

    def update(self, frame: int, watchdog: Watchdog, row: npt.NDArray[np.uint8]) -> None:
        """Show the line if the last one is old enough."""
        now = self._clock()
        if now - self._shown_at < self._every:
            return
        self._shown_at = now
        self._show(status_line(frame, watchdog, stocks_of(row)))

    def tell(self, text: str) -> None:
        """A remark on a line of its own; the status goes on below it."""
        self.end()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the last line standing."""
        if self._width:
            self._stream.write("\n")
            self._width = 0

    def _show(self, line: str) -> None:
        if self._replaces:
            self._stream.write(f"\r{line.ljust(self._width)}")
            self._width = len(line)
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()
