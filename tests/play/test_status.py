"""The status line: rewritten on a terminal, seldom elsewhere, remarks above it."""

import io

import numpy as np

from exphil.features import V1
from exphil.play.status import PIPE_S, TERMINAL_S, Status, status_line, stocks_of
from exphil.play.watchdog import Watchdog


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def row_with(stocks: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    row = np.zeros(1, V1.row_dtype)
    row["players"]["codes"][0, :, V1.slots["stocks"].column] = stocks
    return row.view(np.uint8)


def test_stocks_are_read_from_the_row() -> None:
    assert stocks_of(row_with((4, 1))) == (4, 1)


def test_the_line_names_frame_latency_misses_and_stocks() -> None:
    watchdog = Watchdog()
    assert status_line(-123, watchdog, (4, 4)) == "frame -123  missed 0  stocks 4-4"
    for _ in range(10):
        watchdog.answered(0.0, 0.0005, late=False)
    watchdog.missed = 3
    line = status_line(77, watchdog, (2, 1))
    assert line == "frame 77  p50 0.50 ms  p99 0.50 ms  missed 3  stocks 2-1"


def test_a_terminal_keeps_one_line() -> None:
    stream, clock = Terminal(), Clock()
    status, watchdog = Status(stream, clock), Watchdog()
    for frame in range(1000, 1010):
        clock.now += TERMINAL_S / 2
        status.update(frame, watchdog, row_with((4, 3)))
    assert stream.getvalue().count("\r") == 5
    assert "\n" not in stream.getvalue()
    status.tell("the game is over")
    assert stream.getvalue().endswith("stocks 4-3\nthe game is over\n")
    clock.now += TERMINAL_S
    status.update(7, watchdog, row_with((4, 3)))
    status.end()
    status.end()
    assert stream.getvalue().endswith("\rframe 7  missed 0  stocks 4-3\n")


def test_a_shorter_line_covers_a_longer_one() -> None:
    stream, clock = Terminal(), Clock()
    status, watchdog = Status(stream, clock), Watchdog()
    for frame in (123456, 7):
        clock.now += TERMINAL_S
        status.update(frame, watchdog, row_with((4, 4)))
    first, second = stream.getvalue().split("\r")[1:]
    assert len(second) == len(first)


def test_a_pipe_gets_a_line_now_and_then() -> None:
    stream, clock = io.StringIO(), Clock()
    status, watchdog = Status(stream, clock), Watchdog()
    for frame in range(100):
        clock.now += PIPE_S / 10
        status.update(frame, watchdog, row_with((4, 4)))
    lines = stream.getvalue().splitlines()
    assert 9 <= len(lines) <= 10
    assert "\r" not in stream.getvalue()
