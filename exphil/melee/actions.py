"""Action states: what a fighter is doing, as ids and as coarse classes.

Ids up to 340 mean the same for all fighters; from 341 on each fighter has specials of its own.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LAST_ACTION: Final = 525
# Stands for "nobody there" (no follower) and for ids that no game has.
NO_ACTION: Final = LAST_ACTION + 1
NUM_ACTIONS: Final = NO_ACTION + 1

# Up to here a fighter is dying, waiting to return or on the way back: nothing to learn from the input.
LAST_LIFELESS_ACTION: Final = 0x0D
FIRST_SPECIAL_ACTION: Final = 341

# Class, then the ranges of ids in it (both ends included). What is in no range is `other`.
ACTION_CLASSES: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "out": ((0, 13), (322, 324)),
    "standing": ((14, 14),),
    "walking": ((15, 19),),
    "running": ((20, 23),),
    "jumpsquat": ((24, 24),),
    "jumping": ((25, 26),),
    "double_jumping": ((27, 28),),
    "falling": ((29, 34),),
    "helpless": ((35, 37),),
    "tumbling": ((38, 38),),
    "crouching": ((39, 41),),
    "landing": ((42, 42),),
    "landing_special": ((43, 43),),
    "ground_attack": ((44, 57),),
    "smash": ((58, 64),),
    "aerial": ((65, 69),),
    "aerial_landing": ((70, 74),),
    "flinching": ((75, 86),),
    "launched": ((87, 91),),
    "shielding": ((178, 182),),
    "knocked_down": ((183, 204),),
    "grabbing": ((212, 222),),
    "grabbed": ((223, 232), (239, 243)),
    "dodging": ((233, 236),),
    "ledge": ((252, 263),),
    "special": ((FIRST_SPECIAL_ACTION, LAST_ACTION),),
    "other": (),
}


def _class_of_action() -> NDArray[np.uint8]:
    names = list(ACTION_CLASSES)
    table = np.full(NUM_ACTIONS, names.index("other"), np.uint8)
    for index, ranges in enumerate(ACTION_CLASSES.values()):
        for first, last in ranges:
            table[first : last + 1] = index
    return table


CLASS_OF_ACTION: Final = _class_of_action()
