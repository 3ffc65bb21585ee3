"""Rotary positions (Su et al., 2021): a frame's number turns pairs of its query's and key's numbers.

A score then depends on how far two frames are apart, never on where in the game they are. Angles are kept as
whole parts of a turn and wrap as integers do, so that an hour into a game they are as exact as in a window.
"""

import math

import torch
from torch import Tensor, nn

TURN = 2**32
"""Parts of a whole turn. A frame's number times parts a frame stays below 2**63 for every number below 2**33."""

SLOWEST = 100.0
"""How many times slower than the first pair the pairs turn towards the last.

The paper's 10,000 is for thousands of words: over a second of frames most pairs would hardly turn. On 50 games
attention learnt faster with 100 (150 steps: 1.71 nats a frame against 1.78).
"""


class Rotary(nn.Module):
    """Turns vectors of `dim` numbers, even; the first half of them is paired with the second."""

    parts_a_frame: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        pairs = dim // 2
        turns = [SLOWEST ** -(pair / pairs) / (2 * math.pi) for pair in range(pairs)]
        parts = torch.tensor([round(turn * TURN) for turn in turns], dtype=torch.int64)
        self.register_buffer("parts_a_frame", parts, persistent=False)

    def forward(self, x: Tensor, frames: Tensor) -> Tensor:
        """(..., dim) at frame numbers (...) int64, which broadcast -> (..., dim), float32 at least."""
        parts = frames.unsqueeze(-1) * self.parts_a_frame % TURN
        angle = parts.float() * (2 * math.pi / TURN)
        cos, sin = angle.cos(), angle.sin()
        left, right = x.chunk(2, dim=-1)
        return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)
