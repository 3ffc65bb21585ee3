"""Groups of options that backbones are put together from: documented, checked, and free of torch."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from exphil.errors import UsageError


def option(default: Any, doc: str) -> Any:
    """A field with its default and its help text in one place."""
    return field(default=default, metadata={"help": doc})


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """What every backbone has; the residual stack reads these."""

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""

    hidden_size: int = option(256, "Width of the residual stream.")
    num_layers: int = option(2, "Number of layers in the residual stack.")
    dropout: float = option(0.1, "Share of each mixer's output dropped in training.")
    pre_norm: bool = option(True, "Norm each mixer's input (stable); without, the sum after it.")

    def __post_init__(self) -> None:
        self._at_least(1, "hidden_size", "num_layers")
        self._share("dropout")
        self._flag("pre_norm")

    def _at_least(self, least: int, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UsageError(
                    f"{self.name}: {name} must be a whole number of at least {least}, not {value!r}"
                )

    def _share(self, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0.0 <= value < 1.0:
                raise UsageError(f"{self.name}: {name} must be at least 0 and below 1, not {value!r}")

    def _flag(self, *names: str) -> None:
        for name in names:
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{self.name}: {name} must be true or false, not {getattr(self, name)!r}")


@dataclass(frozen=True, kw_only=True)
class AttentionOptions(BackboneConfig):
    """What an attention layer reads: attention over the last frames, then a feed-forward mixer."""

    num_heads: int = option(4, "Attention heads.")
    head_dim: int = option(64, "Width of a head; even, because positions turn pairs of numbers.")
    attention_window: int = option(60, "Frames that a frame attends to, itself among them.")
    use_sliding_window: bool = option(
        True, "Keep to attention_window in training too; without, a frame sees its whole training window."
    )
    qk_layernorm: bool = option(False, "Norm queries and keys: bounds the scores, against divergence.")
    attention_dropout: float = option(0.0, "Share of the attention weights dropped in training.")
    flash_attention: bool = option(
        True, "Fused attention kernels; without, the plain formula. The same numbers."
    )
    ffn_factor: int = option(4, "Width of the feed-forward mixer, as a multiple of hidden_size.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "num_heads", "attention_window", "ffn_factor")
        self._at_least(2, "head_dim")
        if self.head_dim % 2:
            raise UsageError(f"{self.name}: head_dim must be even, not {self.head_dim}")
        self._flag("use_sliding_window", "qk_layernorm", "flash_attention")
        self._share("attention_dropout")

    @property
    def attention_size(self) -> int:
        """Numbers of all heads together; it need not be hidden_size."""
        return self.num_heads * self.head_dim


@dataclass(frozen=True, kw_only=True)
class MambaOptions(BackboneConfig):
    """What a Mamba layer reads."""

    state_size: int = option(16, "Numbers remembered for each inner channel (N in the paper).")
    expand_factor: int = option(2, "Inner channels, as a multiple of hidden_size (E in the paper).")
    conv_size: int = option(4, "Frames that the short causal convolution sees.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "state_size", "expand_factor", "conv_size")

    @property
    def inner_size(self) -> int:
        return self.expand_factor * self.hidden_size

    @property
    def dt_rank(self) -> int:
        """Rank of the time-step projection, as mamba_ssm chooses it: hidden_size / 16, rounded up."""
        return -(-self.hidden_size // 16)
