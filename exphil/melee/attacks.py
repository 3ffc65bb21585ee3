"""Attack ids: which move a fighter last landed, as coarse classes."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

NUM_ATTACKS: Final = 256

ATTACK_CLASSES: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "none": ((0, 0),),
    "jab_or_tilt": ((2, 9),),
    "smash": ((10, 12),),
    "aerial": ((13, 17),),
    "special": ((18, 21),),
    "throw": ((52, 56),),
    "other": (),
}


def _class_of_attack() -> NDArray[np.uint8]:
    names = list(ATTACK_CLASSES)
    table = np.full(NUM_ATTACKS, names.index("other"), np.uint8)
    for index, ranges in enumerate(ATTACK_CLASSES.values()):
        for first, last in ranges:
            table[first : last + 1] = index
    return table


CLASS_OF_ATTACK: Final = _class_of_attack()
