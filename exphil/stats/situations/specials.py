"""Which special moves and air jumps begin when, told by states, the B button and the stick.

From 341 on each character has states of its own: most are special moves. A special begins where the player
enters one of them with a fresh press of B, and the stick says which. T frames.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.walk import Fighter

B: Final = 0x200
FIRST_OWN_STATE: Final = 341
UPWARDS: Final = 0.55
SIDEWAYS: Final = 0.6
"""Stick from which on a special is an up (or down) or a side special; up and down come first."""

NEUTRAL, SIDE, UP, DOWN = 1, 2, 3, 4

FREE_STATES: Final[dict[int, tuple[int, int]]] = {
    0x04: (341, 345),  # Kirby: jumps
    0x0F: (341, 345),  # Jigglypuff: jumps
    0x09: (341, 351),  # Peach: float and attacks out of it, forward smashes
    0x18: (341, 352),  # Mr. Game & Watch: jabs, down tilt, forward smash, aerials and their landings
}
"""Internal character id: first and last of the own states that are no special."""

OWN_AIR_JUMPS: Final = (0x04, 0x0F)
"""Characters whose free states are jumps."""

Ints = NDArray[np.int64]


def specials(fighter: Fighter) -> NDArray[np.int8]:
    """(T,) NEUTRAL, SIDE, UP or DOWN where such a special begins, else 0."""
    found = np.zeros(len(fighter.state), np.int8)
    at = _in_own_states(fighter)
    at = at[at > 0]
    before = at - 1
    at = at[_special(fighter, at) & ~_special(fighter, before)]
    before = at - 1
    buttons = [fighter.processed[place] | fighter.buttons[place] for place in (at, before)]
    at = at[((buttons[0] & B) != 0) & ((buttons[1] & B) == 0)]
    x, y = fighter.stick_x[at], fighter.stick_y[at]
    found[at] = np.select([y >= UPWARDS, y <= -UPWARDS, np.abs(x) >= SIDEWAYS], [UP, DOWN, SIDE], NEUTRAL)
    return found


def jumps_of_own(fighter: Fighter) -> Ints:
    """Frames in a jump in the air that is one of the character's own states."""
    at = _in_own_states(fighter)
    jumping = np.zeros(len(at), bool)
    for character in OWN_AIR_JUMPS:
        jumping |= _free(fighter, at, character)
    return at[jumping]


def _in_own_states(fighter: Fighter) -> Ints:
    return np.flatnonzero(fighter.state >= FIRST_OWN_STATE)


def _special(fighter: Fighter, at: Ints) -> NDArray[np.bool_]:
    """Which of the frames are in a special."""
    found = fighter.state[at] >= FIRST_OWN_STATE
    for character in FREE_STATES:
        found &= ~_free(fighter, at, character)
    return found


def _free(fighter: Fighter, at: Ints, character: int) -> NDArray[np.bool_]:
    """Which of the frames are in an own state of that character that is no special."""
    first, last = FREE_STATES[character]
    state = fighter.state[at]
    of_character = np.equal(fighter.character[at], character)
    return of_character & (state >= first) & (state <= last)
