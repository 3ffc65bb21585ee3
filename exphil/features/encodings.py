"""How a feature is stored and what it becomes when read. Everything stored is a whole number.

Number: value = (stored - offset) * step / scale, in an int16 or a byte.
Flag:   one bit of a byte.
Id:     kept as an integer, for the policy to embed.
Lookup: a stored byte (or an id) names a row of a table; its columns are the dims (one-hot classes among them).
Derived: computed on reading from other features; takes no room.

A value that the replay's version lacks is stored so that it reads as the feature's default, 0 (an id's own `none`).
"""

from dataclasses import dataclass
from typing import Literal

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """`step`: what one stored unit is worth in `unit`; `scale`: how many `unit` make 1.0 in the dim.

    `low`, `high`: values beyond are clipped; None where the stored type is the only limit.
    """

    step: float
    scale: float = 1.0
    offset: int = 0
    dtype: Literal["int16", "uint8"] = "int16"
    low: float | None = None
    high: float | None = None

    def canonical(self) -> Json:
        return {
            "kind": "number",
            "step": self.step,
            "scale": self.scale,
            "offset": self.offset,
            "dtype": self.dtype,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True where the source has `mask`'s bit, or equals `equals`, or (neither given) is not 0."""

    mask: int | None = None
    equals: int | None = None

    def canonical(self) -> Json:
        return {"kind": "flag", "mask": self.mask, "equals": self.equals}


@dataclass(frozen=True, slots=True, kw_only=True)
class Id:
    """Integers from 0 to size - 1. What lies beyond, or is absent, becomes `none`."""

    size: int
    none: int

    def canonical(self) -> Json:
        return {"kind": "id", "size": self.size, "none": self.none}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """`table`: a name in `exphil.features.tables`. `of`: the id feature to look up; None for a byte of its own.

    `sided`: the value is from the first player's side and changes sign for the second.
    """

    table: str
    of: str | None = None
    sided: bool = False

    def canonical(self) -> Json:
        return {"kind": "lookup", "table": self.table, "of": self.of, "sided": self.sided}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Computed on reading by the group of formulas so named in `exphil.features.formulas`."""

    group: str

    def canonical(self) -> Json:
        return {"kind": "derived", "group": self.group}


Encoding = Number | Flag | Id | Lookup | Derived
