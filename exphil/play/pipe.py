"""The controller as Dolphin reads it: lines of text in a named pipe, a whole input in one write.

Dolphin takes an axis from 0 to 1 and gives the game the whole number below 254 times its distance from the middle,
which the game divides by 80; a trigger it takes from 0 to 1 of 255, and the game divides by 140. An axis written
here lies a tenth of a step above the number that is meant, so that rounding on the way cannot miss it.
"""

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from exphil.errors import PlayError
from exphil.melee.controller import BUTTONS
from exphil.play.controller import NEUTRAL, ControllerState

STICK_STEPS: Final = 80
TRIGGER_STEPS: Final = 140
_STICK_RANGE: Final = 254
_TRIGGER_RANGE: Final = 255
_NUDGE: Final = 0.1

UNUSED: Final = ("START", "D_DOWN", "D_LEFT", "D_RIGHT")
"""Buttons that no policy presses; a menu may have left them down."""

FLUSH: Final = b"FLUSH\n"
"""Ends an input: a Dolphin that waits for inputs goes on."""

_RETRY_S: Final = 0.02


@cache
def _stick(name: str, x: int, y: int) -> bytes:
    places = (0.5 + (steps + _NUDGE) / _STICK_RANGE for steps in (x, y))
    return f"SET {name} {' '.join(map(str, places))}\n".encode()


@cache
def _trigger(name: str, steps: int) -> bytes:
    return f"SET {name} {(steps + _NUDGE) / _TRIGGER_RANGE}\n".encode()


@cache
def _buttons(held: tuple[bool, ...]) -> bytes:
    lines = (f"{'PRESS' if down else 'RELEASE'} {name}\n" for name, down in zip(BUTTONS, held, strict=True))
    return "".join(lines).encode()


def _side_of(held: tuple[bool, ...]) -> tuple[str, str]:
    """(trigger that the shoulder goes to, the other): the one whose button is down, else the left."""
    names = list(BUTTONS)
    return ("R", "L") if held[names.index("R")] and not held[names.index("L")] else ("L", "R")


def input_lines(state: ControllerState) -> bytes:
    """A whole input as Dolphin reads it, about 250 bytes: every button, both sticks, both triggers."""
    near, far = _side_of(state.buttons)
    return b"".join(
        (
            _buttons(state.buttons),
            _stick("MAIN", round(state.main[0] * STICK_STEPS), round(state.main[1] * STICK_STEPS)),
            _stick("C", round(state.c[0] * STICK_STEPS), round(state.c[1] * STICK_STEPS)),
            _trigger(near, round(state.shoulder * TRIGGER_STEPS)),
            _trigger(far, 0),
            FLUSH,
        )
    )


RELEASED: Final = b"".join(f"RELEASE {name}\n".encode() for name in UNUSED) + input_lines(NEUTRAL)
"""Nothing pressed, the buttons of menus included."""


class Pad(Protocol):
    """Where inputs go."""

    def put(self, state: ControllerState) -> bool:
        """Put an input on the controller; False where the console did not take it."""
        ...

    def release(self) -> bool:
        """Press nothing any more."""
        ...


class PipeWriter:
    """Writes inputs to a named pipe, each in one write that never waits: a reader that lags misses inputs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        """Inputs that the reader had no room for, or that came while nobody read."""
        self._pipe: int | None = None

    def connect(
        self,
        timeout_s: float,
        ended: Callable[[], int | None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open the pipe as soon as somebody reads it.

        Args:
            timeout_s: how long the reader may take.
            ended: gives the exit code of the reader's process once that has ended.
            sleep: waits between two tries.

        Raises:
            PlayError: nobody reads it.
        """
        waited = 0.0
        while not self.reopen():
            code = ended()
            if code is not None:
                raise PlayError(
                    f"{self.path}: Dolphin ended with exit code {code} before it read its controller"
                )
            if waited >= timeout_s:
                raise PlayError(
                    f"{self.path}: nobody has read this pipe for {timeout_s:.0f} s; does Dolphin take its"
                    " controllers from this user folder?"
                )
            sleep(_RETRY_S)
            waited += _RETRY_S

    def reopen(self) -> bool:
        """Open the pipe if it is not; whether it now is."""
        if self._pipe is not None:
            return True
        flags = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._pipe = os.open(self.path, flags)
        except OSError:  # no reader yet (ENXIO), or Dolphin has not made it yet
            return False
        return True

    def put(self, state: ControllerState) -> bool:
        """Put an input on the controller; False where the reader had no room or is gone."""
        return self.send(input_lines(state))

    def release(self) -> bool:
        """Press nothing any more, in menus either."""
        return self.send(RELEASED)

    def send(self, lines: bytes) -> bool:
        """Write lines, whole or not at all, without waiting: they are far below what a pipe takes in one piece."""
        if not self.reopen():
            self.dropped += 1
            return False
        assert self._pipe is not None
        try:
            written = os.write(self._pipe, lines)
        except BlockingIOError:
            self.dropped += 1
            return False
        except OSError:  # the reader is gone; the next input tries to find a new one
            self.close()
            self.dropped += 1
            return False
        return written == len(lines)

    def close(self) -> None:
        """Give the pipe up; twice does no harm."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
