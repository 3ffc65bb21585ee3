"""The frame-by-frame backbone: no memory, the yardstick for those that have one."""

from torch import Tensor, nn

from exphil.backbones.base import MixerState
from exphil.backbones.config import MlpConfig


class FeedForward(nn.Module):
    """Widen, bend, narrow: each frame by itself."""

    def __init__(self, hidden_size: int, inner_size: int) -> None:
        super().__init__()
        self.widen = nn.Linear(hidden_size, inner_size)
        self.narrow = nn.Linear(inner_size, hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """(..., H) -> (..., H)"""
        out: Tensor = self.narrow(nn.functional.silu(self.widen(x)))
        return out

    def initial_state(self, batch: int) -> MixerState:
        return ()

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        return self(x), ()


def mixers(config: MlpConfig) -> list[nn.Module]:
    """One feed-forward mixer a layer."""
    return [
        FeedForward(config.hidden_size, config.expand_factor * config.hidden_size)
        for _ in range(config.num_layers)
    ]
