"""Options by their flags' names: those of the trainer, the policy and the backbone in one flat mapping."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, Final

from exphil.backbones.config import CONFIGS, config_class
from exphil.errors import UsageError

CARRIED: Final = ("hidden_size", "dropout", "pre_norm")
"""What another backbone takes over. Depth is not among it: two layers of Mamba are no Jamba."""


def carried(options: Mapping[str, Any], backbone: str | None) -> dict[str, Any]:
    """Of `options`, chosen with a backbone of their own in mind, what still holds with `backbone` instead."""
    if backbone is None or options.get("backbone", backbone) == backbone:
        return dict(options)
    return {
        name: value
        for name, value in options.items()
        if name in CARRIED or (name not in BACKBONE_OPTIONS and name != "backbone")
    }


def backbone_options(name: str) -> Mapping[str, Field[Any]]:
    """The options of a backbone by their names.

    Raises:
        UsageError: there is no such backbone.
    """
    return {item.name: item for item in fields(config_class(name))}


BACKBONE_OPTIONS: Final = tuple(dict.fromkeys(item for name in CONFIGS for item in backbone_options(name)))
"""Every option that some backbone has, those of all backbones first."""


def missing_from(backbone: str, name: str) -> str:
    """What to say of an option that the backbone lacks."""
    owners = [other for other in CONFIGS if name in backbone_options(other)]
    return f"backbone {backbone} has no option {name!r}; {', '.join(owners)} {'have' if owners[1:] else 'has'} it"


def flatten(saved: Mapping[str, Any]) -> dict[str, Any]:
    """Options as `config.json` nests them, or by their flags' names, by their flags' names.

    Raises:
        UsageError: `policy` or its `backbone` holds no options.
    """
    options = dict(saved)
    policy = _mapping("policy", options.pop("policy", {}))
    backbone = policy.pop("backbone", options.pop("backbone", {}))
    backbone = {"name": backbone} if isinstance(backbone, str) else _mapping("backbone", backbone)
    if "name" in backbone:
        backbone["backbone"] = backbone.pop("name")
    if not isinstance(backbone.get("backbone", ""), str):
        raise UsageError(f"a backbone is called by a word, not {backbone['backbone']!r}")
    return {**options, **policy, **backbone}


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} must hold options, not {value!r}")
    return dict(value)
