"""A row of the feature table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from exphil.features.encodings import Encoding, Lookup
from exphil.features.tables import TABLES
from exphil.schema import FRAMES, ITEMS, STAGE_FRAMES, Version

# `player`: of each of the two, appears as self.* and opponent.*. `self`: kept for each, appears for the viewpoint's
# own player alone. `shared`: of the game.
Scope = Literal["player", "self", "shared"]
Who = Literal["leader", "follower"]

_COLUMNS = {
    prefix + column.name: column
    for table, prefix in ((FRAMES, ""), (ITEMS, "item_"), (STAGE_FRAMES, ""))
    for column in table.columns
}


def column_type(name: str) -> str:
    """Type of a source column, as the schema names it; an item's is prefixed `item_`."""
    return _COLUMNS[name].type


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """`source`: the columns it is made of (an item's are prefixed `item_`); `read`: how, where not as they stand.

    `slot`: the item slot that it describes.
    """

    name: str
    scope: Scope
    encoding: Encoding
    source: tuple[str, ...]
    doc: str
    unit: str = ""
    who: Who = "leader"
    slot: int | None = None
    read: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.source if name not in _COLUMNS]
        if unknown:
            raise ValueError(f"feature {self.name} reads unknown columns: {', '.join(unknown)}")

    @property
    def since(self) -> Version:
        """Replay format that brought the newest of its sources; (0, 1, 0) for what every version has."""
        versions = [since for since in (_COLUMNS[name].since for name in self.source) if since is not None]
        return max(versions, default=(0, 1, 0))

    @property
    def observed_sources(self) -> frozenset[str]:
        """The sources as an encoded game names those that hold values: a follower's are its own."""
        prefix = "follower_" if self.who == "follower" else ""
        return frozenset(prefix + name for name in self.source)

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of its dims, without the viewpoint's prefix."""
        if isinstance(self.encoding, Lookup):
            columns = TABLES[self.encoding.table].columns
            return tuple(f"{self.name}.{column}" if column else self.name for column in columns)
        return (self.name,)

    def canonical(self) -> dict[str, object]:
        """What the fingerprint covers: all that changes a stored byte or a dim. The docs are not among it."""
        return {
            "name": self.name,
            "scope": self.scope,
            "who": self.who,
            "slot": self.slot,
            "source": list(self.source),
            "unit": self.unit,
            "since": list(self.since),
            "dims": list(self.dims),
            "read": None if self.read is None else self.read.__name__,
            **self.encoding.canonical(),
        }
