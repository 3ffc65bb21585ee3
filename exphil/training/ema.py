"""An exponential moving average of the weights: a steadier policy than the last step's, to validate and to use."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class Ema:
    """The average, beside the weights that are trained.

    Its decay grows with the steps, (1 + n) / (10 + n) after n of them, up to the one asked for: the first
    weights, which nothing was learnt into, do not weigh on it.
    """

    def __init__(self, policy: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.weights: dict[str, Tensor] = {
            name: tensor.detach().clone() for name, tensor in policy.state_dict().items()
        }

    @torch.no_grad()
    def update(self, policy: nn.Module) -> None:
        """Take in the weights as they are after a step."""
        self.steps += 1
        kept = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, tensor in policy.state_dict().items():
            if tensor.is_floating_point():
                self.weights[name].lerp_(tensor, 1.0 - kept)
            else:
                self.weights[name].copy_(tensor)

    @contextmanager
    def in_place(self, policy: nn.Module) -> Iterator[None]:
        """While the block runs, `policy` has the average for its weights."""
        trained = {name: tensor.clone() for name, tensor in policy.state_dict().items()}
        policy.load_state_dict(self.weights)
        try:
            yield
        finally:
            policy.load_state_dict(trained)

    def state_dict(self) -> dict[str, Any]:
        return {"weights": self.weights, "steps": self.steps}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        self.steps = saved["steps"]
        for name, tensor in saved["weights"].items():
            self.weights[name].copy_(tensor)
