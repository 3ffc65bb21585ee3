"""Options of the policy around a backbone: free of torch, so that the command line can list them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from exphil.backbones.config import BackboneConfig, MambaConfig, config_from_dict, config_to_dict
from exphil.errors import UsageError


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

    def __post_init__(self) -> None:
        for name in ("action_embedding_size", "character_embedding_size", "head_units"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(f"policy: {name} must be a whole number of at least 1, not {value!r}")

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
