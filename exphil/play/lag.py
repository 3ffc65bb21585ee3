"""How many frames the game takes to act on an input, seen from the game itself.

An input that is put on the controller beside frame t belongs to frame t + 1. Every frame tells which buttons it was
played with; where these change, the inputs that were written tell how long the change was on its way.
"""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from exphil.features import V1
from exphil.play.controller import ControllerState

LONGEST: Final = 12
"""Frames of lag that are looked for."""

ENOUGH: Final = 20
"""Changes that must have been traced to one lag before it is given, and these must be most of all changes."""

_BUTTONS: Final = V1.slots["input.button_a"].column


class LagMeter:
    """Traces the button changes of one player of one game. Frames must come in order, each once."""

    def __init__(self, viewpoint: int) -> None:
        self._viewpoint = viewpoint
        self._written: deque[int] = deque(maxlen=LONGEST + 2)
        self._held: int | None = None
        self._found = np.zeros(LONGEST + 1, np.int64)
        self._changes = 0

    def saw(self, row: npt.NDArray[np.uint8]) -> None:
        """A frame, before anything is written beside it."""
        codes = row.view(V1.row_dtype)["players"]["codes"]
        held = int(codes[0, self._viewpoint, _BUTTONS])
        before, self._held = self._held, held
        if before is None or held == before:
            return
        self._changes += 1
        # _written[-1] was put beside the frame before this one: at no lag it is what this frame was played with
        for lag in range(min(LONGEST + 1, len(self._written) - 1)):
            if self._written[-1 - lag] == held and self._written[-2 - lag] == before:
                self._found[lag] += 1

    def wrote(self, state: ControllerState) -> None:
        """What is on the controller after the frame: its new input, or the last one where that was late."""
        self._written.append(sum(down << bit for bit, down in enumerate(state.buttons)))

    @property
    def frames(self) -> int | None:
        """Frames of lag that most changes took; 0: the next frame is played with what is written.

        None where too few are traced: the game has just begun, or somebody else holds the controller.
        """
        most = int(self._found.argmax())
        traced = int(self._found[most])
        return most if traced >= ENOUGH and 2 * traced > self._changes else None
