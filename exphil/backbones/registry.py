"""From a configuration to a backbone. The modules behind the names are imported when one is built."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from exphil.backbones.config import CONFIGS, BackboneConfig, config_class

if TYPE_CHECKING:
    from torch import nn

    from exphil.backbones.base import Backbone

MIXER_MODULES: Final[Mapping[str, str]] = {
    "mlp": "exphil.backbones.mlp",
    "lstm": "exphil.backbones.recurrent",
    "gru": "exphil.backbones.recurrent",
    "attention": "exphil.backbones.attention",
    "sliding_window": "exphil.backbones.attention",
    "mamba": "exphil.backbones.mamba",
    "jamba": "exphil.backbones.jamba",
}
"""Backbone name to the module whose `mixers(config)` gives its layers."""

BACKBONES: Final = tuple(CONFIGS)


def build_backbone(config: BackboneConfig, input_size: int) -> "Backbone":
    """A fresh backbone that takes `input_size` numbers a frame."""
    from exphil.backbones.base import ResidualStack

    config_class(config.name)  # names the known ones where this one is not
    mixers: Callable[[Any], Sequence[nn.Module]] = import_module(MIXER_MODULES[config.name]).mixers
    return ResidualStack(input_size, config.hidden_size, mixers(config), config.dropout, config.pre_norm)
