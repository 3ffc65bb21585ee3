"""How long a player did nothing: the longest stretch of play in which no input of theirs changed."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.inputs import BUTTON_MASK, STICK_THRESHOLD, TRIGGER_THRESHOLD
from exphil.stats.walk import FIRST_FRAME, PLAY_STARTS, Fighter

BEFORE_PLAY: Final = PLAY_STARTS - FIRST_FRAME
"""Frames of a walk that come before play."""


def idle_frames(fighter: Fighter) -> int:
    """Most frames of play in a row on which no button, trigger or stick region differs from the frame before."""
    still = ~_changed(fighter)[BEFORE_PLAY:]
    return longest_run(still)


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Length of the longest run of true."""
    ends = np.flatnonzero(~np.concatenate([[False], flags, [False]]))
    return int(np.diff(ends).max()) - 1


def _changed(fighter: Fighter) -> NDArray[np.bool_]:
    """(T,) frames on which an input differs from the frame before; the first frame never does."""
    changed = np.zeros(len(fighter.state), bool)
    changed[1:] = _differs(fighter.buttons & BUTTON_MASK)
    for pull in (fighter.trigger_l, fighter.trigger_r):
        changed[1:] |= _differs(pull >= TRIGGER_THRESHOLD)
    for axis in (fighter.stick_x, fighter.stick_y, fighter.c_x, fighter.c_y):
        changed[1:] |= _differs(axis >= STICK_THRESHOLD) | _differs(axis <= -STICK_THRESHOLD)
    return changed


def _differs(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(values[1:] != values[:-1], bool)
