"""Features of one kind and block, read and stored in a few passes over arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.feature import Feature
from exphil.features.numbers import Steps
from exphil.features.rows import Rows

if TYPE_CHECKING:
    from exphil.features.layout import BlockName

Index = slice | NDArray[np.intp]
Blocks = Mapping["BlockName", NDArray[Any]]
"""Arrays of shape (columns, num) that hold zeros so far."""

_ALWAYS_THERE: Final = (("frame",), ("item_type",))


def _computed(feature: Feature, rows: Rows) -> NDArray[Any] | None:
    """What the feature's own function makes of its columns; None where the replay lacks every one of them."""
    assert feature.read is not None
    if feature.source not in _ALWAYS_THERE and all(rows.get(name) is None for name in feature.source):
        return None
    return np.asarray(feature.read(rows))


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Where the values of some features come from, each with its row in an array of them, and by whose it is."""

    columns: tuple[tuple[int, str, bool], ...]
    """(row, column, whether the follower's): taken as they stand."""
    computed: tuple[tuple[int, Feature, bool], ...]

    @classmethod
    def of(cls, features: Sequence[tuple[int, Feature]]) -> "Sources":
        return cls(
            tuple((row, f.source[0], f.who == "follower") for row, f in features if f.read is None),
            tuple((row, f, f.who == "follower") for row, f in features if f.read is not None),
        )

    def fill(self, out: NDArray[Any], leader: Rows, follower: Rows) -> list[int]:
        """Write the values into the rows of `out`; returns the rows that the replay has none for, left alone."""
        absent = []
        for row, column, follows in self.columns:
            values = (follower if follows else leader).get(column)
            if values is None:
                absent.append(row)
            else:
                out[row] = values
        for row, feature, follows in self.computed:
            values = _computed(feature, follower if follows else leader)
            if values is None:
                absent.append(row)
            else:
                out[row] = values
        return absent


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers of one block."""

    block: "BlockName"
    columns: Index
    sources: Sources
    steps: Steps

    def store(self, leader: Rows, follower: Rows, blocks: Blocks, num: int) -> None:
        work = np.zeros((len(self.steps), num), np.float32)
        self.sources.fill(work, leader, follower)
        blocks[self.block][self.columns] = self.steps.apply(work)


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """Flags of one block's bytes: a bit is set where (value & mask == equals) differs from `inverted`.

    mask, equals, inverted: (8 * bytes, 1), by bit. truths: those set wherever their value is not 0.
    """

    block: "BlockName"
    columns: slice
    masked: Sources
    truths: Sources
    mask: NDArray[Any]
    equals: NDArray[Any]
    inverted: NDArray[np.bool_]

    def store(self, leader: Rows, follower: Rows, blocks: Blocks, num: int) -> None:
        work = np.zeros((len(self.mask), num), self.mask.dtype)
        absent = self.masked.fill(work, leader, follower)
        work &= self.mask
        bits = (work == self.equals) != self.inverted
        absent += self.truths.fill(bits, leader, follower)
        if absent:
            bits[absent] = False
        blocks[self.block][self.columns] = np.packbits(bits, axis=0, bitorder="little")


@dataclass(frozen=True, slots=True, eq=False)
class Ids:
    """Ids of one block; size, none: (K, 1). Beyond the size, or absent, is `none`."""

    block: "BlockName"
    columns: Index
    sources: Sources
    followers: tuple[int, ...]
    """Rows that are the follower's."""
    size: NDArray[Any]
    none: NDArray[Any]

    def store(self, leader: Rows, follower: Rows, blocks: Blocks, num: int) -> None:
        work = np.empty((len(self.size), num), self.size.dtype)
        for row in self.sources.fill(work, leader, follower):
            work[row] = self.none[row]
        for row in self.followers:
            work[row, ~follower.present] = self.none[row]
        np.copyto(work, self.none, where=work >= self.size)
        blocks[self.block][self.columns] = work


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Bytes of one block, stored as they stand for tables to look up; a source's row is its column."""

    block: "BlockName"
    sources: Sources

    def store(self, leader: Rows, follower: Rows, blocks: Blocks, num: int) -> None:
        self.sources.fill(blocks[self.block], leader, follower)
