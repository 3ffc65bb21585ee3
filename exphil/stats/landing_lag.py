"""Frames of landing after each aerial, by character: what an edge cancel is measured against."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.states import States

FIRST_LANDING: Final = 0x46
"""Landing of the neutral aerial; forward, back, up and down follow."""

# Internal character id: landing lag of neutral, forward, back, up and down aerial, in frames.
_FRAMES: Final = {
    0x00: (16, 21, 15, 15, 23),  # Mario
    0x01: (15, 22, 20, 18, 18),  # Fox
    0x02: (15, 19, 18, 15, 24),  # Captain Falcon
    0x03: (20, 30, 15, 25, 31),  # Donkey Kong
    0x04: (15, 20, 15, 15, 20),  # Kirby
    0x05: (30, 30, 35, 30, 40),  # Bowser
    0x06: (15, 15, 15, 30, 50),  # Link
    0x07: (16, 16, 16, 24, 20),  # Sheik
    0x08: (22, 18, 18, 18, 28),  # Ness
    0x09: (17, 25, 15, 15, 15),  # Peach
    0x0A: (20, 20, 20, 32, 25),  # Popo
    0x0B: (20, 20, 20, 32, 25),  # Nana
    0x0C: (15, 20, 30, 26, 40),  # Pikachu
    0x0D: (15, 15, 15, 15, 15),  # Samus
    0x0E: (15, 21, 15, 19, 26),  # Yoshi
    0x0F: (20, 20, 20, 20, 30),  # Jigglypuff
    0x10: (26, 25, 28, 20, 28),  # Mewtwo
    0x11: (15, 25, 15, 15, 18),  # Luigi
    0x12: (15, 15, 24, 15, 32),  # Marth
    0x13: (18, 18, 18, 25, 24),  # Zelda
    0x14: (15, 15, 15, 30, 50),  # Young Link
    0x15: (18, 25, 18, 18, 24),  # Dr. Mario
    0x16: (15, 22, 20, 18, 18),  # Falco
    0x17: (12, 15, 18, 18, 26),  # Pichu
    0x18: (15, 25, 18, 15, 20),  # Mr. Game & Watch
    0x19: (25, 25, 25, 25, 35),  # Ganondorf
    0x1A: (20, 20, 24, 18, 32),  # Roy
}

_LAG: Final = np.zeros((256, 5), np.int64)
for _character, _frames in _FRAMES.items():
    _LAG[_character] = _frames


def landing_lag(character: NDArray[np.uint8], landing: States) -> NDArray[np.int64]:
    """Frames of landing without an L-cancel (half of it, rounded down, with one); 0 for unknown characters.

    Args:
        character: (N,) internal ids.
        landing: (N,) aerial landing states, 0x46 to 0x4A.
    """
    return _LAG[character, landing.astype(np.int64) - FIRST_LANDING]
