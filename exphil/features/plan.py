"""Which features are stored together: numbers, flags and ids of a block, each kind in a few passes over arrays.

One plan serves a whole game and a single frame of one that is being played, so both store the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Flag, Id, Lookup, Number
from exphil.features.feature import Feature, column_type
from exphil.features.numbers import Steps
from exphil.features.rows import Rows

if TYPE_CHECKING:
    from exphil.features.layout import BlockName, FeatureSet

Index = slice | NDArray[np.intp]
Blocks = Mapping["BlockName", NDArray[Any]]
"""Arrays of shape (columns, num) that hold zeros so far."""

_ALWAYS_THERE: Final = (("frame",), ("item_type",))
_BUTTONS: Final = ("pre_buttons_physical",)


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


Batch = Numbers | Flags | Ids | Codes


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is stored of each player and of the game, items aside."""

    player: tuple[Batch, ...]
    shared: tuple[Batch, ...]
    buttons: tuple["BlockName", int]
    """Block and column of the byte that holds the eight buttons."""
    items: "ItemPlan"


@dataclass(frozen=True, slots=True, eq=False)
class ItemPlan:
    """What is stored of an item. columns: (K, 1), those of slot 0; a slot's are `stride` further for each slot."""

    numbers: tuple[str, ...]
    block: "BlockName"
    columns: NDArray[np.intp]
    stride: int
    steps: Steps
    code_block: "BlockName"
    code_column: int
    code_stride: int


def make_plan(feature_set: "FeatureSet") -> Plan:
    """Group the stored features of a set by block and kind."""
    stored = [f for f in feature_set.features if f.name in feature_set.slots and f.slot is None]
    buttons = [f for f in stored if f.scope == "self" and f.source == _BUTTONS]
    names = {feature.name for feature in buttons}
    rest = [feature for feature in stored if feature.name not in names]
    first = feature_set.slots[buttons[0].name]
    return Plan(
        player=_batches(feature_set, [f for f in rest if f.scope != "shared"]),
        shared=_batches(feature_set, [f for f in rest if f.scope == "shared"]),
        buttons=(first.block, first.column),
        items=_item_plan(feature_set),
    )


def _batches(feature_set: "FeatureSet", features: Sequence[Feature]) -> tuple[Batch, ...]:
    kinds: dict[tuple[BlockName, Literal["number", "flag", "id", "code"]], list[Feature]] = {}
    for feature in features:
        kind: Literal["number", "flag", "id", "code"] = "code"
        if isinstance(feature.encoding, Number):
            kind = "number"
        elif isinstance(feature.encoding, Flag):
            kind = "flag"
        elif isinstance(feature.encoding, Id):
            kind = "id"
        kinds.setdefault((feature_set.slots[feature.name].block, kind), []).append(feature)
    batches: list[Batch] = []
    for (block, kind), group in kinds.items():
        columns = [feature_set.slots[feature.name].column for feature in group]
        sources = Sources.of(list(enumerate(group)))
        if kind == "number":
            steps = Steps.of([f.encoding for f in group if isinstance(f.encoding, Number)])
            batches.append(Numbers(block, _index(columns), sources, steps))
        elif kind == "flag":
            batches.append(_flags(feature_set, block, group))
        elif kind == "id":
            ids = [feature.encoding for feature in group if isinstance(feature.encoding, Id)]
            wide = np.result_type(np.uint16, *(_source_dtype(feature) for feature in group))
            size, none = (
                np.array([[getattr(encoding, name)] for encoding in ids], wide) for name in ("size", "none")
            )
            followers = tuple(row for row, feature in enumerate(group) if feature.who == "follower")
            batches.append(Ids(block, _index(columns), sources, followers, size, none))
        else:
            batches.append(Codes(block, Sources.of(list(zip(columns, group, strict=True)))))
    return tuple(batches)


def _flags(feature_set: "FeatureSet", block: "BlockName", group: Sequence[Feature]) -> Flags:
    columns = [feature_set.slots[feature.name].column for feature in group]
    first, last = min(columns), max(columns)
    dtype = np.result_type(np.uint8, *(_source_dtype(f) for f in group if not _is_truth(f)))
    num = 8 * (last + 1 - first)
    # A bit that no feature has: 0 is never 1.
    mask, equals = np.zeros((num, 1), dtype), np.ones((num, 1), dtype)
    inverted = np.zeros((num, 1), np.bool_)
    masked: list[tuple[int, Feature]] = []
    truths: list[tuple[int, Feature]] = []
    for feature in group:
        slot, flag = feature_set.slots[feature.name], feature.encoding
        bit = 8 * (slot.column - first) + (slot.bit or 0)
        (truths if _is_truth(feature) else masked).append((bit, feature))
        if isinstance(flag, Flag) and flag.mask is not None:
            mask[bit], equals[bit], inverted[bit] = flag.mask, 0, True
        elif isinstance(flag, Flag) and flag.equals is not None:
            mask[bit], equals[bit] = np.iinfo(dtype).max, flag.equals
    return Flags(
        block, slice(first, last + 1), Sources.of(masked), Sources.of(truths), mask, equals, inverted
    )


def _is_truth(feature: Feature) -> bool:
    """Whether a flag is set wherever its value is not 0."""
    flag = feature.encoding
    return isinstance(flag, Flag) and flag.mask is None and flag.equals is None


def _source_dtype(feature: Feature) -> np.dtype[Any]:
    return np.dtype(column_type(feature.source[0]))


def _index(columns: Sequence[int]) -> Index:
    """A slice where the columns follow one another."""
    first = columns[0]
    if list(columns) == list(range(first, first + len(columns))):
        return slice(first, first + len(columns))
    return np.array(columns, np.intp)


def _item_plan(feature_set: "FeatureSet") -> ItemPlan:
    slots = feature_set.slots
    mine = [f for f in feature_set.of_scope("shared") if f.slot == 0 and f.name in slots]
    numbers = [feature for feature in mine if isinstance(feature.encoding, Number)]
    (code,) = [feature for feature in mine if isinstance(feature.encoding, Lookup)]

    def stride(feature: Feature) -> int:
        return slots[feature.name.replace("item0", "item1")].column - slots[feature.name].column

    (block,) = {slots[feature.name].block for feature in numbers}
    (step,) = {stride(feature) for feature in numbers}
    return ItemPlan(
        numbers=tuple(feature.source[0].removeprefix("item_") for feature in numbers),
        block=block,
        columns=np.array([[slots[feature.name].column] for feature in numbers], np.intp),
        stride=step,
        steps=Steps.of([f.encoding for f in numbers if isinstance(f.encoding, Number)]),
        code_block=slots[code.name].block,
        code_column=slots[code.name].column,
        code_stride=stride(code),
    )
