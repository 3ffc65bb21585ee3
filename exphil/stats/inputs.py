"""Inputs a minute: what a player's hands did, counted at its onset, from the first frame of play."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.walk import FIRST_FRAME, PLAY_STARTS, Fighter

STICK_THRESHOLD: Final = 0.2875
"""Beyond this a stick's axis counts as pushed."""

TRIGGER_THRESHOLD: Final = 0.3

BUTTON_MASK: Final = 0xFFF
"""The twelve bits of the physical word that are buttons."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Counts of one player."""

    buttons: int
    triggers: int
    cstick: int
    joystick: int

    @property
    def total(self) -> int:
        return self.buttons + self.triggers + self.cstick + self.joystick


def inputs(fighter: Fighter) -> Inputs:
    """Buttons pressed, triggers pulled, and sticks that entered another of their eight outer regions."""
    first = PLAY_STARTS - FIRST_FRAME  # a frame of play is compared with the one before it
    now, before = slice(first, None), slice(first - 1, -1)
    buttons = fighter.buttons
    pressed = ~buttons[before] & buttons[now] & BUTTON_MASK if len(buttons) > first else buttons[:0]
    return Inputs(
        buttons=int(np.bitwise_count(pressed).sum()),
        triggers=sum(
            int(((pull[before] < TRIGGER_THRESHOLD) & (pull[now] >= TRIGGER_THRESHOLD)).sum())
            if len(pull) > first
            else 0
            for pull in (fighter.trigger_l, fighter.trigger_r)
        ),
        cstick=_entries(fighter.c_x, fighter.c_y, first),
        joystick=_entries(fighter.stick_x, fighter.stick_y, first),
    )


def _entries(x: Floats, y: Floats, first: int) -> int:
    """How often a stick came into a region that it was not in; its return to the middle does not count."""
    region = _direction(x) + 3 * _direction(y)
    later = region[first:]
    return int(((later != region[first - 1 : -1]) & (later != 0)).sum()) if len(region) > first else 0


def _direction(axis: Floats) -> NDArray[np.int8]:
    """-1, 0 or 1."""
    return (axis >= STICK_THRESHOLD).astype(np.int8) - (axis <= -STICK_THRESHOLD).astype(np.int8)
