"""Backbones small enough for tests, with every part that the full-size ones have."""

from typing import Any, Final

from exphil.backbones.config import BackboneConfig, backbone_config

ATTENTION: Final = {"num_heads": 2, "head_dim": 8, "attention_window": 7, "ffn_factor": 2}
MAMBA: Final = {"state_size": 8}

OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "attention": ATTENTION,
    "sliding_window": ATTENTION,
    "mamba": MAMBA,
    "jamba": {**ATTENTION, **MAMBA, "num_layers": 4, "attention_every": 2},
}


def small(name: str, **options: Any) -> BackboneConfig:
    """Hidden size 24, two layers (Jamba four, every second attention), attention over seven frames."""
    return backbone_config(name, **{"hidden_size": 24, "num_layers": 2, **OPTIONS.get(name, {}), **options})
