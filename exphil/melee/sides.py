"""Action states that come as two, one for the left and one for the right: what a mirror makes of an action.

Most states have one id for both directions, and `facing` tells them apart. Those that die, that a facing chooses,
or whose models would show the wrong hand have two.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.melee.actions import NUM_ACTIONS
from exphil.melee.characters import INTERNAL_NAMES, NUM_CHARACTERS

Pairs = tuple[tuple[int, int], ...]

EVERYBODY: Final[Pairs] = ((1, 2),)
"""Dying at the left and at the right blast zone."""

TAUNT: Final = (264, 265)
"""To the right and to the left. Only some fighters turn for it: the others taunt as 264 on either side."""

_SPACIES: Final[Pairs] = ((370, 371), (372, 373), (374, 375))

OF_CHARACTER: Final[dict[str, Pairs]] = {
    "CAPTAIN_FALCON": (TAUNT,),
    "DR_MARIO": ((341, 342),),
    # The hidden taunt: begin, talk, end.
    "FOX": _SPACIES,
    "FALCO": _SPACIES,
    "GANONDORF": (TAUNT,),
    # Rollout (begin, end; ground, air), then Sing and Rest (ground, air).
    "JIGGLYPUFF": (
        TAUNT, (346, 347), (352, 353), (354, 355), (360, 361), (365, 367), (366, 368), (369, 371), (370, 372),
    ),
    # Rollout as taken from Jigglypuff.
    "KIRBY": (TAUNT, (475, 476), (481, 482), (483, 484), (489, 490)),
    "LINK": (TAUNT,),
    "NESS": (TAUNT,),
    "PEACH": (TAUNT,),
    "PICHU": (TAUNT,),
    "PIKACHU": (TAUNT,),
    "YOUNG_LINK": ((342, 343),),
}  # fmt: skip


def _mirrored() -> NDArray[np.int16]:
    table = np.tile(np.arange(NUM_ACTIONS, dtype=np.int16), (NUM_CHARACTERS + 1, 1))
    for one, other in EVERYBODY:
        table[:, [one, other]] = (other, one)
    for character, name in INTERNAL_NAMES.items():
        for one, other in OF_CHARACTER.get(name, ()):
            table[character, [one, other]] = (other, one)
    return table


MIRRORED_ACTION: Final = _mirrored()
"""(fighter ids, action states) int16: the state on the other side of a mirror."""
