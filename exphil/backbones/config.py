"""Options of every backbone: documented, checked, and free of torch: the command line lists them."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Final

from exphil.errors import UsageError


def _option(default: Any, doc: str) -> Any:
    """A field with its default and its help text in one place."""
    return field(default=default, metadata={"help": doc})


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """What every backbone has; the residual stack reads these."""

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""

    hidden_size: int = _option(256, "Width of the residual stream.")
    num_layers: int = _option(2, "Number of mixers in the residual stack.")
    dropout: float = _option(0.1, "Share of each mixer's output dropped in training.")

    def __post_init__(self) -> None:
        self._at_least(1, "hidden_size", "num_layers")
        if not 0.0 <= self.dropout < 1.0:
            raise UsageError(f"{self.name}: dropout must be at least 0 and below 1, not {self.dropout}")

    def _at_least(self, least: int, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UsageError(
                    f"{self.name}: {name} must be a whole number of at least {least}, not {value!r}"
                )


@dataclass(frozen=True, kw_only=True)
class MlpConfig(BackboneConfig):
    """Options of `mlp`."""

    name: ClassVar[str] = "mlp"
    summary: ClassVar[str] = "sees the current frame only; the fastest, and the yardstick for the others"

    expand_factor: int = _option(2, "Width inside a mixer, as a multiple of hidden_size.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "expand_factor")


@dataclass(frozen=True, kw_only=True)
class MambaConfig(BackboneConfig):
    """Options of `mamba`."""

    name: ClassVar[str] = "mamba"
    summary: ClassVar[str] = "selective state space; remembers without a window and steps at a fixed cost"

    state_size: int = _option(16, "Numbers remembered for each inner channel (N in the paper).")
    expand_factor: int = _option(2, "Inner channels, as a multiple of hidden_size (E in the paper).")
    conv_size: int = _option(4, "Frames that the short causal convolution sees.")

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


CONFIGS: Final[Mapping[str, type[BackboneConfig]]] = {kind.name: kind for kind in (MlpConfig, MambaConfig)}


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
    for option in options:
        if option not in known:
            raise UsageError(f"backbone {name} has no option {option!r}; {did_you_mean(option, known)}")
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
