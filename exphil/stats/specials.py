"""Which special moves and air jumps begin when, told by states, the B button and the stick.

From 341 on each character has states of its own: most are special moves. A special begins where the player
enters one of them with a fresh press of B, and the stick says which. T frames.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.states import NUM_STATES, Mask, mask
from exphil.stats.walk import Fighter

B: Final = 0x200
FIRST_OWN_STATE: Final = 341
UPWARDS: Final = 0.55
SIDEWAYS: Final = 0.6
"""Stick from which on a special is an up (or down) or a side special; up and down come first."""

NEUTRAL, SIDE, UP, DOWN = 1, 2, 3, 4

FREE_STATES: Final[dict[int, Mask]] = {
    0x04: mask((341, 345)),  # Kirby: jumps
    0x0F: mask((341, 345)),  # Jigglypuff: jumps
    0x09: mask((341, 351)),  # Peach: float and attacks out of it, forward smashes
    0x18: mask((341, 349)),  # Mr. Game & Watch: jabs, down tilt, forward smash, aerials
}
"""Internal character id: own states that are no special."""

AIR_JUMPS: Final = mask((27, 28))
OWN_AIR_JUMPS: Final[dict[int, Mask]] = {0x04: mask((341, 345)), 0x0F: mask((341, 345))}


def specials(fighter: Fighter) -> NDArray[np.int8]:
    """(T,) NEUTRAL, SIDE, UP or DOWN where such a special begins, else 0."""
    found = np.zeros(len(fighter.state), np.int8)
    own = own_moves(fighter)
    pressed = ((fighter.processed | fighter.buttons) & B) != 0
    at = np.flatnonzero(own[1:] & ~own[:-1] & pressed[1:] & ~pressed[:-1]) + 1
    x, y = fighter.stick_x[at], fighter.stick_y[at]
    found[at] = np.select([y >= UPWARDS, y <= -UPWARDS, np.abs(x) >= SIDEWAYS], [UP, DOWN, SIDE], NEUTRAL)
    return found


def own_moves(fighter: Fighter) -> Mask:
    """(T,) frames in a state of the character's own that is a special move."""
    own = (fighter.state >= FIRST_OWN_STATE) & (fighter.state < NUM_STATES - 1)
    for character, free in FREE_STATES.items():
        own &= ~((fighter.character == character) & free[fighter.state])
    return own


def air_jumps(fighter: Fighter) -> Mask:
    """(T,) frames in a jump in the air."""
    found = AIR_JUMPS[fighter.state]
    for character, jumps in OWN_AIR_JUMPS.items():
        found |= (fighter.character == character) & jumps[fighter.state]
    return found
