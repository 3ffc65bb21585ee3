"""What Dolphin and the game make of the lines in a controller's pipe."""

import math
import os
from pathlib import Path
from typing import Any

STICKS = {"MAIN": ("x", "y"), "C": ("cx", "cy")}


class FakePad:
    """One controller: reads its pipe as Dolphin does, and keeps what is held as whole numbers of the game's steps."""

    def __init__(self, path: Path) -> None:
        self._pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._rest = b""
        self.flushes = 0
        self.state: dict[str, Any] = {"held": set(), "x": 0, "y": 0, "cx": 0, "cy": 0, "L": 0, "R": 0}

    def read(self) -> bool:
        """Take what has come; whether a whole input was among it."""
        try:
            self._rest += os.read(self._pipe, 1 << 16)
        except BlockingIOError:
            return False
        *lines, self._rest = self._rest.split(b"\n")
        before = self.flushes
        for line in lines:
            self.take(line.decode())
        return self.flushes > before

    def take(self, line: str) -> None:
        words = line.split(" ")
        if words == ["FLUSH"]:
            self.flushes += 1
        elif words[0] == "PRESS":
            self.state["held"].add(words[1])
        elif words[0] == "RELEASE":
            self.state["held"].discard(words[1])
        elif words[0] == "SET" and words[1] in STICKS:
            for name, word in zip(STICKS[words[1]], words[2:], strict=True):
                self.state[name] = stick_steps(float(word))
        elif words[0] == "SET" and words[1] in ("L", "R"):
            self.state[words[1]] = trigger_steps(float(words[2]))
        else:
            raise AssertionError(f"Dolphin does not know {line!r}")

    def snapshot(self) -> dict[str, Any]:
        """The state for JSON."""
        return {**self.state, "held": sorted(self.state["held"])}

    def close(self) -> None:
        os.close(self._pipe)


def stick_steps(place: float) -> int:
    """An axis from 0 to 1 as the game reads it: Dolphin makes a byte around 128, the game keeps 80 steps a side."""
    axis = (min(max(place, 0.0), 1.0) - 0.5) * 2
    byte = int(0x80 + axis * 0x7F)
    return min(80, max(-80, byte - 0x80))


def trigger_steps(place: float) -> int:
    """A trigger from 0 to 1 as the game reads it: a byte, of which 140 steps count."""
    return min(140, math.floor(min(max(place, 0.0), 1.0) * 255))
