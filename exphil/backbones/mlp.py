"""The frame-by-frame backbone: no memory, the yardstick for those that have one."""

from torch import nn
from torch.nn.functional import silu

from exphil.backbones.config import MlpConfig
from exphil.backbones.feedforward import FeedForward


def mixers(config: MlpConfig) -> list[nn.Module]:
    """One feed-forward mixer a layer."""
    inner = config.expand_factor * config.hidden_size
    return [FeedForward(config.hidden_size, inner, silu) for _ in range(config.num_layers)]
