"""Which features are stored together: numbers, flags and ids of a block.

One plan serves a whole game and a single frame of one that is being played, so both store the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from exphil.features.batches import Codes, Flags, Ids, Index, Numbers, Sources
from exphil.features.encodings import Flag, Id, Lookup, Number
from exphil.features.feature import Feature, column_type
from exphil.features.numbers import Steps

if TYPE_CHECKING:
    from exphil.features.layout import BlockName, FeatureSet

_BUTTONS: Final = ("pre_buttons_physical",)

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
