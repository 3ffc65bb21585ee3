"""Attack ids: which move a fighter last landed, by name and as coarse classes."""

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


_OWN: Final[dict[int, tuple[str, str]]] = {
    1: ("misc", "Miscellaneous: no move of its own, as a thrown item"),
    2: ("jab", "Jab"),
    3: ("jab", "Second jab"),
    4: ("jab", "Third jab"),
    5: ("rapid-jab", "Rapid jab"),
    6: ("dash-attack", "Dash attack"),
    7: ("forward-tilt", "Forward tilt"),
    8: ("up-tilt", "Up tilt"),
    9: ("down-tilt", "Down tilt"),
    10: ("forward-smash", "Forward smash"),
    11: ("up-smash", "Up smash"),
    12: ("down-smash", "Down smash"),
    13: ("nair", "Neutral aerial"),
    14: ("fair", "Forward aerial"),
    15: ("bair", "Back aerial"),
    16: ("uair", "Up aerial"),
    17: ("dair", "Down aerial"),
    18: ("neutral-special", "Neutral special"),
    19: ("side-special", "Side special"),
    20: ("up-special", "Up special"),
    21: ("down-special", "Down special"),
    50: ("getup-attack", "Getup attack, face up"),
    51: ("getup-attack", "Getup attack, face down"),
    52: ("pummel", "Pummel"),
    53: ("forward-throw", "Forward throw"),
    54: ("back-throw", "Back throw"),
    55: ("up-throw", "Up throw"),
    56: ("down-throw", "Down throw"),
    57: ("cargo-forward-throw", "Cargo forward throw"),
    58: ("cargo-back-throw", "Cargo back throw"),
    59: ("cargo-up-throw", "Cargo up throw"),
    60: ("cargo-down-throw", "Cargo down throw"),
    61: ("ledge-attack", "Ledge attack at 100 % and more"),
    62: ("ledge-attack", "Ledge attack below 100 %"),
}

_COPIED: Final = (
    "Mario", "Fox", "Captain Falcon", "Donkey Kong", "Bowser", "Link", "Sheik", "Ness", "Peach", "Ice Climbers",
    "Pikachu", "Samus", "Yoshi", "Jigglypuff", "Mewtwo", "Luigi", "Marth", "Zelda", "Young Link", "Dr. Mario", "Falco",
    "Pichu", "Mr. Game & Watch", "Ganondorf", "Roy", "Giga Bowser",
)  # fmt: skip
"""Whose neutral special Kirby copied, from id 22 on."""

_SWUNG: Final = ("Beam Sword", "Home-Run Bat", "Parasol", "Fan", "Star Rod", "Lip's Stick")
_SWINGS: Final = ("jab", "tilt", "smash", "dash")
_OTHER_ITEMS: Final = (
    "Parasol, open", "Ray Gun", "Fire Flower", "Screw Attack", "Super Scope", "Super Scope, charged", "Hammer",
    "Warp Star",
)  # fmt: skip


def _moves() -> dict[int, tuple[str, str]]:
    """Name and title of every attack id that is a move, in order of the ids."""
    items = [f"{item}, {swing}" for item in _SWUNG for swing in _SWINGS] + list(_OTHER_ITEMS)
    moves = {
        **_OWN,
        **{22 + i: ("neutral-special", f"Kirby's copy of {whose}") for i, whose in enumerate(_COPIED)},
        **{63 + i: ("item", item) for i, item in enumerate(items)},
    }
    return dict(sorted(moves.items()))


_MOVES: Final = _moves()

MOVE_NAMES: Final[dict[int, str]] = {attack: name for attack, (name, _) in _MOVES.items()}
"""Attack id -> name. What does the same shares a name: the three jabs, both getup attacks, all items."""

MOVE_TITLES: Final[dict[int, str]] = {attack: title for attack, (_, title) in _MOVES.items()}
"""Attack id -> what a page calls it; one of its own for each id."""


def move_name(attack: int) -> str:
    """Name of an attack id; `move-<id>` where there is none."""
    return MOVE_NAMES.get(attack, f"move-{attack}")
