"""What a controller holds for a frame: the 13 choices of a policy as buttons, sticks and shoulder."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from exphil.melee.controller import (
    BUTTONS,
    NUM_HEADS,
    SHOULDER_BINS,
    STICK_BINS,
    shoulder_bins,
    shoulder_units,
    shoulder_values,
    stick_bins,
    stick_units,
    stick_values,
)

NUM_BUTTONS: Final = len(BUTTONS)

_DOWN: Final = (False, True)
_STICK: Final = tuple(stick_values(np.arange(STICK_BINS)).tolist())
_SHOULDER: Final = tuple(shoulder_values(np.arange(SHOULDER_BINS)).tolist())


@dataclass(frozen=True, slots=True)
class ControllerState:
    """One frame's input.

    Attributes:
        buttons: whether each is held, in the order of `exphil.melee.controller.BUTTONS` (A B X Y Z L R D-up).
        main: main stick, x and y, -1 to 1.
        c: c-stick, the same.
        shoulder: the analog trigger, 0 to 1. The clicks at its end are the buttons L and R.
    """

    buttons: tuple[bool, ...] = (False,) * NUM_BUTTONS
    main: tuple[float, float] = (0.0, 0.0)
    c: tuple[float, float] = (0.0, 0.0)
    shoulder: float = 0.0

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the buttons that are held: `("A", "D_UP")`."""
        return tuple(name for name, down in zip(BUTTONS, self.buttons, strict=True) if down)

    def classes(self) -> npt.NDArray[np.int64]:
        """(13,): the class of each head, a stick or shoulder by its nearest bin."""
        out = np.empty(NUM_HEADS, np.int64)
        out[:NUM_BUTTONS] = self.buttons
        out[NUM_BUTTONS:-1] = stick_bins(stick_units(np.array((*self.main, *self.c), np.float32)))
        pressed = np.array([self.shoulder], np.float32)
        out[-1:] = shoulder_bins(shoulder_units(pressed, pressed))
        return out


NEUTRAL: Final = ControllerState()
"""A controller that nobody touches."""


def controller_state(classes: npt.NDArray[np.int64]) -> ControllerState:
    """(13,) classes -> the input whose sticks and shoulder are the centres of their bins, ends and middle exact.

    Raises:
        ValueError: a class that its head does not have.
    """
    chosen = classes.tolist()
    try:
        a, b, x, y, z, left, right, up, main_x, main_y, c_x, c_y, shoulder = chosen
        if min(chosen) < 0:
            raise IndexError
        return ControllerState(
            (_DOWN[a], _DOWN[b], _DOWN[x], _DOWN[y], _DOWN[z], _DOWN[left], _DOWN[right], _DOWN[up]),
            (_STICK[main_x], _STICK[main_y]),
            (_STICK[c_x], _STICK[c_y]),
            _SHOULDER[shoulder],
        )
    except (ValueError, IndexError):
        raise ValueError(f"{chosen} are no classes of the 13 heads") from None
