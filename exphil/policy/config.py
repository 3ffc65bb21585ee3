"""Options of the policy around a backbone: free of torch, so that the command line can list them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args

from exphil.backbones.config import BackboneConfig, MambaConfig, config_from_dict, config_to_dict
from exphil.errors import UsageError

HeadsKind = Literal["autoregressive", "independent"]

HEADS: Final[tuple[HeadsKind, ...]] = get_args(HeadsKind)


@dataclass(frozen=True, kw_only=True)
class PolicyConfig:
    """Everything that decides a policy's shape. Equal configurations make interchangeable weights."""

    backbone: BackboneConfig = field(
        default_factory=MambaConfig, metadata={"help": "The backbone and its options."}
    )
    feature_set: str = field(default="v1", metadata={"help": "The feature set that the policy reads."})
    action_embedding_size: int = field(
        default=32, metadata={"help": "Width of the learned embedding of an action state."}
    )
    character_embedding_size: int = field(
        default=16, metadata={"help": "Width of the learned embedding of a character."}
    )
    head_units: int = field(default=32, metadata={"help": "Hidden units of each of the 13 controller heads."})
    heads: HeadsKind = field(
        default="autoregressive",
        metadata={
            "help": "`autoregressive`: each head is told the choices before it; `independent`: none is."
        },
    )
    delay: int = field(
        default=0,
        metadata={
            "help": "Frames between what the policy sees and what it presses, beyond the first;"
            " it sees the inputs that are on their way."
        },
    )

    def __post_init__(self) -> None:
        for name in ("action_embedding_size", "character_embedding_size", "head_units"):
            self._at_least(1, name)
        self._at_least(0, "delay")
        if self.heads not in HEADS:
            raise UsageError(f"policy: heads must be `autoregressive` or `independent`, not {self.heads!r}")

    def _at_least(self, least: int, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UsageError(f"policy: {name} must be a whole number of at least {least}, not {value!r}")

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "backbone": config_to_dict(self.backbone)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "PolicyConfig":
        """Back from `to_dict`."""
        options = dict(saved)
        unknown = set(options) - set(cls.__dataclass_fields__)
        if unknown:
            raise UsageError(f"policy: unknown option {sorted(unknown)[0]!r}")
        if "backbone" in options:
            options["backbone"] = config_from_dict(options["backbone"])
        return cls(**options)
