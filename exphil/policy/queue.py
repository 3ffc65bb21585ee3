"""Inputs on their way: decided, and not yet on the controller, because what is decided arrives late.

Shapes: B batch, N the delay, 13 heads. A queue is (B, N, 13) int64, the input that is due next first. Beside
frame t it holds the inputs of frames t + 1 to t + N; what the policy decides there is that of frame t + 1 + N.
"""

import torch
from torch import Tensor

from exphil.melee.controller import NEUTRAL, NUM_HEADS


def neutral_queue(batch: int, delay: int, device: torch.device | None = None) -> Tensor:
    """(B, N, 13): what is on its way before the policy has decided anything."""
    return torch.tensor(NEUTRAL, device=device).expand(batch, delay, NUM_HEADS).clone()


def push(queue: Tensor, decided: Tensor) -> tuple[Tensor, Tensor]:
    """Add the newest decision, (B, 13): gives the input of the next frame, (B, 13), and the queue beside it.

    Without a delay the queue is empty, and what is decided is due at once.
    """
    waiting = torch.cat((queue, decided.unsqueeze(1)), dim=1)
    return waiting[:, 0], waiting[:, 1:]
