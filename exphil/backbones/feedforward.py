"""The mixer that works on each frame by itself: all of `mlp`, and the second half of an attention layer."""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from exphil.backbones.base import Kind, MixerState


class FeedForward(nn.Module):
    """Widen, bend, narrow: each frame by itself."""

    kind: ClassVar[Kind] = "feedforward"

    def __init__(self, hidden_size: int, inner_size: int, bend: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.widen = nn.Linear(hidden_size, inner_size)
        self.narrow = nn.Linear(inner_size, hidden_size)
        self.bend = bend

    def forward(self, x: Tensor) -> Tensor:
        """(..., H) -> (..., H)"""
        out: Tensor = self.narrow(self.bend(self.widen(x)))
        return out

    def output_layer(self) -> nn.Linear:
        return self.narrow

    def initial_state(self, batch: int) -> MixerState:
        return ()

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        return self(x), ()
