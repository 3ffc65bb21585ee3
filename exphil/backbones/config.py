"""The seven backbones' options, by name. Free of torch: the command line lists them."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Final, Literal

from exphil.backbones.options import AttentionOptions, BackboneConfig, MambaOptions, option
from exphil.errors import UsageError

__all__ = [
    "CONFIGS",
    "AttentionConfig",
    "BackboneConfig",
    "GruConfig",
    "JambaConfig",
    "LstmConfig",
    "MambaConfig",
    "MlpConfig",
    "SlidingWindowConfig",
    "backbone_config",
    "config_class",
    "config_from_dict",
    "config_to_dict",
    "did_you_mean",
    "layer_pattern",
    "option_rows",
]


@dataclass(frozen=True, kw_only=True)
class MlpConfig(BackboneConfig):
    """Options of `mlp`."""

    name: ClassVar[str] = "mlp"
    summary: ClassVar[str] = "sees the current frame only; the fastest, and the yardstick for the others"

    expand_factor: int = option(2, "Width inside a mixer, as a multiple of hidden_size.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "expand_factor")


@dataclass(frozen=True, kw_only=True)
class LstmConfig(BackboneConfig):
    """Options of `lstm`."""

    name: ClassVar[str] = "lstm"
    summary: ClassVar[str] = "gated recurrence with a memory cell; a small state and a cheap step"


@dataclass(frozen=True, kw_only=True)
class GruConfig(BackboneConfig):
    """Options of `gru`."""

    name: ClassVar[str] = "gru"
    summary: ClassVar[str] = "gated recurrence without a memory cell; three quarters of an LSTM's weights"


@dataclass(frozen=True, kw_only=True)
class AttentionConfig(AttentionOptions):
    """Options of `attention`."""

    name: ClassVar[str] = "attention"
    summary: ClassVar[str] = "compares the frame with the last attention_window frames; exact recall, no more"


@dataclass(frozen=True, kw_only=True)
class SlidingWindowConfig(AttentionOptions):
    """Options of `sliding_window`, the other name of `attention`."""

    name: ClassVar[str] = "sliding_window"
    summary: ClassVar[str] = "the same mechanism as attention, under its other name"


@dataclass(frozen=True, kw_only=True)
class MambaConfig(MambaOptions):
    """Options of `mamba`."""

    name: ClassVar[str] = "mamba"
    summary: ClassVar[str] = "selective state space; remembers without a window and steps at a fixed cost"


Layer = Literal["mamba", "attention"]


def layer_pattern(num_layers: int, attention_every: int) -> tuple[Layer, ...]:
    """Jamba's layers from first to last: every `attention_every`th is attention, the others are Mamba."""
    return tuple(
        "attention" if number % attention_every == 0 else "mamba" for number in range(1, num_layers + 1)
    )


@dataclass(frozen=True, kw_only=True)
class JambaConfig(AttentionOptions, MambaOptions):
    """Options of `jamba`."""

    name: ClassVar[str] = "jamba"
    summary: ClassVar[str] = "Mamba layers with attention every few: long memory and exact recall"

    num_layers: int = option(6, "Number of layers in the residual stack, Mamba and attention together.")
    attention_every: int = option(3, "Every how many layers one is attention; the others are Mamba.")
    qk_layernorm: bool = option(True, "Norm queries and keys: bounds the scores, against divergence.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(2, "attention_every")
        if self.num_layers < self.attention_every:
            raise UsageError(
                f"jamba: num_layers {self.num_layers} is below attention_every {self.attention_every}: "
                "no layer would be attention"
            )

    @property
    def layer_pattern(self) -> tuple[Layer, ...]:
        return layer_pattern(self.num_layers, self.attention_every)


CONFIGS: Final[Mapping[str, type[BackboneConfig]]] = {
    kind.name: kind
    for kind in (
        MlpConfig,
        LstmConfig,
        GruConfig,
        AttentionConfig,
        SlidingWindowConfig,
        MambaConfig,
        JambaConfig,
    )
}


def did_you_mean(word: str, known: Mapping[str, object]) -> str:
    """The end of an error message: the nearest known word if one is near, then all of them."""
    near = get_close_matches(word, known, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{guess}Known: {', '.join(known)}"


def config_class(name: str) -> type[BackboneConfig]:
    """The options of a backbone by its name."""
    if name not in CONFIGS:
        raise UsageError(f"no backbone is called {name!r}; {did_you_mean(name, CONFIGS)}")
    return CONFIGS[name]


def backbone_config(name: str, **options: Any) -> BackboneConfig:
    """A checked configuration; what is not given keeps its default."""
    kind = config_class(name)
    known = {f.name: f for f in fields(kind)}
    for given in options:
        if given not in known:
            raise UsageError(f"backbone {name} has no option {given!r}; {did_you_mean(given, known)}")
    return kind(**options)


def config_to_dict(config: BackboneConfig) -> dict[str, Any]:
    """For JSON: the backbone's name and every option."""
    return {"name": config.name, **asdict(config)}


def config_from_dict(saved: Mapping[str, Any]) -> BackboneConfig:
    """Back from `config_to_dict`."""
    options = dict(saved)
    return backbone_config(str(options.pop("name", "")), **options)


def option_rows(kind: type[BackboneConfig]) -> list[tuple[str, Any, str]]:
    """Name, default and help of each option, for pages and help texts."""
    return [
        (f.name, None if f.default is MISSING else f.default, str(f.metadata.get("help", "")))
        for f in fields(kind)
    ]
