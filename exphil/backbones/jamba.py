"""Jamba (Lieber et al., 2024) without experts: Mamba layers, and every few layers one of attention."""

from torch import nn

from exphil.backbones.attention import attention_layer
from exphil.backbones.config import JambaConfig
from exphil.backbones.mamba import MambaMixer


def mixers(config: JambaConfig) -> list[nn.Module]:
    """A Mamba layer is one mixer, an attention layer two."""
    found: list[nn.Module] = []
    for layer in config.layer_pattern:
        found += [MambaMixer(config)] if layer == "mamba" else attention_layer(config)
    return found
