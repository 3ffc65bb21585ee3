"""The uniform numbers that inputs are drawn from: a pure function of seed, game, frame and head.

No generator runs along with the game. A frame that comes again after a rollback gets the numbers it had, and a
game that is played again from its recording draws the same inputs.
"""

import hashlib
from typing import Final

import numpy as np

from exphil.melee.controller import NUM_HEADS
from exphil.play.engine import Floats

BITS: Final = 23
"""Of a number: below 24, so that in float32 noise times any sum stays below the sum."""

_WORD_BYTES: Final = 4


class Noise:
    """Numbers for every frame of one player in one game."""

    def __init__(self, seed: int, game: bytes = b"", player: int = 0) -> None:
        """`game`: anything that tells games apart, as the bytes of its start event; `player`: the viewpoint."""
        self._begun = hashlib.blake2b(digest_size=NUM_HEADS * _WORD_BYTES)
        self._begun.update(f"{seed}/{player}/{len(game)}/".encode())
        self._begun.update(game)

    def of(self, frame: int) -> Floats:
        """(13,) float32 in [0, 1)."""
        hashed = self._begun.copy()
        hashed.update(frame.to_bytes(8, "little", signed=True))
        words = np.frombuffer(hashed.digest(), "<u4")
        return (words >> np.uint32(32 - BITS)).astype(np.float32) * np.float32(2.0**-BITS)
