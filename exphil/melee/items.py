"""Items by what they mean to a player: what flies, what can be thrown, what the stage sends, mere props."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# A spawn id keeps its slot for life, so that an item never hops between feature columns.
NUM_SLOTS: Final = 5

# 0 is "no item". Types that are in no range are `prop`: carried or worn, they hit nobody by themselves.
ITEM_KINDS: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    # Fireballs, lasers, boomerangs, arrows, PK attacks, needles, thunder, eggs, shots, missiles, flames.
    "projectile": (
        (48, 50), (54, 55), (60, 61), (64, 73), (78, 79), (81, 82), (86, 86), (88, 92), (94, 95), (98, 98),
        (100, 100), (105, 109), (111, 112), (122, 122), (130, 137), (144, 155),
    ),
    # Common items and what fighters pull out to throw: bombs, turnips, bomb drops.
    "throwable": ((0, 47), (58, 59), (93, 93), (99, 99)),
    # Enemies and actors of a stage, Shy Guys among them.
    "stage": ((160, 400),),
    "prop": (),
}  # fmt: skip
NUM_ITEM_TYPES: Final = 401


def _kind_of_item() -> NDArray[np.uint8]:
    names = list(ITEM_KINDS)
    table = np.full(NUM_ITEM_TYPES, names.index("prop") + 1, np.uint8)
    for index, ranges in enumerate(ITEM_KINDS.values()):
        for first, last in ranges:
            table[first : last + 1] = index + 1
    return table


KIND_OF_ITEM: Final = _kind_of_item()
