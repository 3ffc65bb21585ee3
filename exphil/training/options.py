"""An option of a training run: default, help, group and range in one place, and the checks on its value."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from exphil.backbones.config import did_you_mean
from exphil.errors import UsageError

GROUPS: Final = (
    "Data",
    "Windows",
    "Backbone",
    "Policy",
    "Loss",
    "Optimisation",
    "Stability",
    "Augmentation",
    "Run",
)
"""The groups of `exphil train --help`, in its order."""


def option(
    default: Any,
    doc: str,
    *,
    group: str,
    at_least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> Any:
    """A field with its default, its help text, its place in the help and its range."""
    limits = {"at_least": at_least, "above": above, "below": below, "at_most": at_most}
    return field(default=default, metadata={"help": doc, "group": group, **limits})


def flag_of(name: str) -> str:
    """`window_size` as people type it: `--window-size`."""
    return f"--{name.replace('_', '-')}"


def check(name: str, value: Any, kind: Any, metadata: Mapping[str, Any]) -> None:
    """Hold `value` against the type and the range of its option.

    Raises:
        UsageError: it does not fit; the message names the flag.
    """
    _check_type(name, value, kind)
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_range(flag_of(name), value, metadata)


def near(word: str, known: Iterable[str], listed: str = "`exphil train --help` lists them") -> str:
    """The end of an error message: the nearest known names, or where they are listed."""
    found = get_close_matches(word, known, n=2)
    return f"did you mean {' or '.join(found)}?" if found else listed


def choices(kind: Any) -> tuple[str, ...]:
    """The words that a type allows; empty if it is no `Literal`."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def _check_type(name: str, value: Any, kind: Any) -> None:
    allowed = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    words = [word for item in allowed for word in choices(item)]
    if words and isinstance(value, str):
        if value not in words:
            raise UsageError(f"{flag_of(name)} {value}: {did_you_mean(value, dict.fromkeys(words))}")
        return
    if not any(_fits(value, item) for item in allowed):
        shown = " or ".join(
            "null" if item is NoneType else getattr(item, "__name__", "str") for item in allowed
        )
        raise UsageError(f"{name} must be of type {shown}, not {value!r}")


def _fits(value: Any, kind: Any) -> bool:
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, int | float) if kind is float else not choices(kind) and isinstance(value, kind)


def _check_range(flag: str, value: float, limits: Mapping[str, Any]) -> None:
    least, above = limits.get("at_least"), limits.get("above")
    below, most = limits.get("below"), limits.get("at_most")
    if least is not None and not (value >= least and math.isfinite(value)):
        raise UsageError(f"{flag} {value} must be at least {least}")
    if above is not None and not (value > above and math.isfinite(value)):
        raise UsageError(f"{flag} {value} must be above {above}")
    if below is not None and not value < below:
        raise UsageError(f"{flag} {value} must be below {below}")
    if most is not None and not value <= most:
        raise UsageError(f"{flag} {value} must be at most {most}")
