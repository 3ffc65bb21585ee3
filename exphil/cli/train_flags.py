"""The flags of `exphil train`: one for each option of the trainer, its policy and its backbones."""

import inspect
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, Final

from cyclopts import Group, Parameter

from exphil.backbones.config import CONFIGS
from exphil.policy.config import PolicyConfig
from exphil.training.config import TrainConfig
from exphil.training.config_names import BACKBONE_OPTIONS, backbone_options
from exphil.training.options import GROUPS
from exphil.training.presets import PRESETS

HELP_GROUPS: Final = {name: Group(name, sort_key=place) for place, name in enumerate(GROUPS, 1)}

NO_FLAG: Final = frozenset({"policy", "backbone", "feature_set"})
"""Fields that are no single option, and the feature set: there is one."""


def option_flags() -> list[inspect.Parameter]:
    """A flag for each option; help, range and default come from where the option is defined.

    They default to None here, so that what was not typed leaves a preset's or a file's value alone.
    """
    found = [_backbone_flag(), *(_mixer_flag(name) for name in BACKBONE_OPTIONS)]
    found += [_flag(item, "Policy") for item in _fields(PolicyConfig)]
    found += [_flag(item, item.metadata["group"]) for item in _fields(TrainConfig)]
    return found


def named_flag(name: str, kind: Any, doc: str, flag: str | None = None) -> inspect.Parameter:
    """A flag that is no option of a run."""
    return _parameter(name, kind, Parameter(name=flag, help=doc, show_default=False))


def _fields(owner: type) -> Iterator[Field[Any]]:
    return (item for item in fields(owner) if item.name not in NO_FLAG)


def _backbone_flag() -> inspect.Parameter:
    doc = f"What remembers: {', '.join(CONFIGS)}. [default: {PolicyConfig().backbone.name}]"
    return _parameter("backbone", str, Parameter(help=doc, group=HELP_GROUPS["Backbone"], show_default=False))


def _mixer_flag(name: str) -> inspect.Parameter:
    """An option of some backbones, which its help names; defaults that differ are listed."""
    owners = {
        backbone: backbone_options(backbone)[name]
        for backbone in CONFIGS
        if name in backbone_options(backbone)
    }
    texts = {backbone: item.metadata["help"] for backbone, item in owners.items()}
    whose = f" ({', '.join(owners)})" if len(owners) < len(CONFIGS) and len(set(texts.values())) == 1 else ""
    defaults = {backbone: _shown(item.default) for backbone, item in owners.items()}
    doc = f"{_joined(texts)}{whose} [default: {_with_exceptions(defaults, name)}]"
    kind = next(iter(owners.values())).type
    return _parameter(name, kind, Parameter(help=doc, group=HELP_GROUPS["Backbone"], show_default=False))


def _flag(item: Field[Any], group: str) -> inspect.Parameter:
    default = None if item.default is MISSING else item.default
    shown = _with_exceptions(dict.fromkeys(CONFIGS, _shown(default)), item.name)
    doc = item.metadata["help"] + (f" [default: {shown}]" if shown else "")
    return _parameter(item.name, item.type, Parameter(help=doc, group=HELP_GROUPS[group], show_default=False))


def _parameter(name: str, kind: Any, parameter: Parameter) -> inspect.Parameter:
    annotation = Annotated[kind | None, parameter]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _joined(texts: dict[str, str]) -> str:
    """The one text, or each behind the backbones that it is of."""
    owners: dict[str, list[str]] = {}
    for backbone, text in texts.items():
        owners.setdefault(text, []).append(backbone)
    if len(owners) == 1:
        return next(iter(owners))
    return " ".join(f"{text[:-1]} ({', '.join(names)})." for text, names in owners.items())


def _with_exceptions(defaults: dict[str, str], name: str) -> str:
    """The default of most backbones, then the others': their own presets count."""
    for backbone in defaults:
        if name in PRESETS[backbone].options:
            defaults[backbone] = _shown(PRESETS[backbone].options[name])
    values = list(defaults.values())
    usual = max(values, key=values.count)
    others = [f"{backbone} {value}" for backbone, value in defaults.items() if value != usual]
    return "; ".join([usual, *([", ".join(others)] if others else [])])


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
