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

BLOCK: Final = 64
"""Frames whose numbers are made together: one hash of many bytes costs little more than one of few."""

_WORD_BYTES: Final = 4


class Noise:
    """Numbers for every frame of one player in one game."""

    def __init__(self, seed: int, game: bytes = b"", player: int = 0) -> None:
        """`game`: anything that tells games apart, as the bytes of its start event; `player`: the viewpoint."""
        self._begun = hashlib.shake_128(f"{seed}/{player}/{len(game)}/".encode())
        self._begun.update(game)
        self._block: int | None = None
        self._numbers: list[Floats] = []

    def of(self, frame: int) -> Floats:
        """(13,) float32 in [0, 1)."""
        block, place = divmod(frame, BLOCK)
        if block != self._block:
            self._block, self._numbers = block, list(self._of_block(block))
        return self._numbers[place]

    def _of_block(self, block: int) -> Floats:
        """(64, 13)"""
        hashed = self._begun.copy()
        hashed.update(block.to_bytes(8, "little", signed=True))
        words = np.frombuffer(hashed.digest(BLOCK * NUM_HEADS * _WORD_BYTES), "<u4").reshape(BLOCK, NUM_HEADS)
        numbers = (words >> np.uint32(32 - BITS)).astype(np.float32) * np.float32(2.0**-BITS)
        numbers.flags.writeable = False
        return numbers
