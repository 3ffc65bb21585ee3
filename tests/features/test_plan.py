"""The batches of a plan against features stored one by one, value by value, as the encodings' own words have it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.features import V1
from exphil.features.encode import encode_player, encode_shared
from exphil.features.encodings import Flag, Id, Number
from exphil.features.feature import Feature, column_type
from exphil.features.layout import BlockName
from exphil.features.numbers import ignoring_overflow

NUM = 5
COLUMNS = sorted(
    {
        name
        for feature in V1.features
        for name in feature.source
        if not name.startswith("item_") and name != "frame"
    }
)


class Values:
    """Rows of NUM frames with any values; columns that are not given read as absent."""

    def __init__(self, columns: Mapping[str, Any], present: list[bool]) -> None:
        self.columns = columns
        self.present = np.array(present)
        self.num = NUM
        self.stage = 32
        self.other_port = 2
        self.frame = np.arange(-41, -41 + NUM, dtype=np.int32)
        self.item_count = np.zeros(NUM, np.uint8)

    def get(self, name: str) -> np.ndarray | None:
        return self.columns.get(name)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns.get(name, np.zeros(NUM, np.uint8))


@st.composite
def _values(draw: st.DrawFn, present: bool = True) -> Values:
    there = [True] * NUM if present else draw(st.lists(st.booleans(), min_size=NUM, max_size=NUM))
    columns = {}
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    for name in draw(st.sets(st.sampled_from(COLUMNS), min_size=len(COLUMNS) // 2)):
        dtype = np.dtype("float32" if column_type(name) == "float" else column_type(name))
        if dtype.kind == "f":
            values = rng.choice(
                np.array(
                    [0, -0.0, 0.5, -1, 1, 7.3, 60, 1e3, -1e4, 1e9, 3e38, np.inf, -np.inf, np.nan], dtype
                ),
                NUM,
            )
        else:
            info = np.iinfo(dtype)
            values = rng.choice(
                np.array([0, 1, 2, 3, 4, 6, 9, 16, 34, 527, info.max, info.max // 2]).astype(dtype), NUM
            )
        # Where a fighter has no row, its columns read as 0.
        columns[name] = np.where(there, values, dtype.type(0))
    return Values(columns, there)


def _source(feature: Feature, rows: Values) -> list[Any] | None:
    if feature.read is not None:
        if feature.source != ("frame",) and all(name not in rows.columns for name in feature.source):
            return None
        return np.asarray(feature.read(rows)).tolist()
    values = rows.get(feature.source[0])
    return None if values is None else values.tolist()


def _one_by_one(feature: Feature, rows: Values) -> list[int]:
    """What each frame stores, by the encoding's definition."""
    encoding, values = feature.encoding, _source(feature, rows)
    if isinstance(encoding, Id):
        beyond = [encoding.none] * NUM if values is None else [
            value if value < encoding.size else encoding.none for value in values
        ]  # fmt: skip
        return [value if here or feature.who == "leader" else encoding.none
                for value, here in zip(beyond, rows.present, strict=True)]  # fmt: skip
    if isinstance(encoding, Number):
        return [_steps(value, encoding) for value in (values or [0.0] * NUM)]
    if values is None:
        return [0] * NUM
    if isinstance(encoding, Flag) and encoding.mask is not None:
        return [int(value & encoding.mask != 0) for value in values]
    if isinstance(encoding, Flag) and encoding.equals is not None:
        return [int(value == encoding.equals) for value in values]
    return [int(value != 0) if isinstance(encoding, Flag) else int(value) for value in values]


def _steps(value: float, encoding: Number) -> int:
    low, high = {"int16": (-32768, 32767), "uint8": (0, 255)}[encoding.dtype]
    low = low if encoding.low is None else max(low, round(encoding.low / encoding.step) + encoding.offset)
    high = (
        high if encoding.high is None else min(high, round(encoding.high / encoding.step) + encoding.offset)
    )
    with np.errstate(over="ignore"):
        scaled = float(np.float32(value) * np.float32(1 / encoding.step))
    if not math.isfinite(scaled):
        return encoding.offset
    return int(min(max(np.rint(scaled) + encoding.offset, low), high))


def _stored(feature: Feature, blocks: Mapping[BlockName, np.ndarray]) -> list[int]:
    slot = V1.slots[feature.name]
    column = blocks[slot.block][slot.column]
    values = column if slot.bit is None else (column >> slot.bit) & 1
    return [int(value) for value in values]


def _blocks(prefix: str) -> dict[BlockName, np.ndarray]:
    return {
        name: np.zeros((shape[-1], NUM), dtype)
        for name, (dtype, shape) in V1.blocks.items() if name.startswith(prefix)
    }  # fmt: skip


@settings(max_examples=40)
@given(leader=_values(), follower=_values(present=False))
def test_player_s_batches_store_what_features_store_one_by_one(leader: Values, follower: Values) -> None:
    blocks = _blocks("player")
    with ignoring_overflow():
        encode_player(V1, leader, follower, blocks, NUM)
    for feature in V1.features:
        if feature.scope != "shared" and feature.name in V1.slots:
            expected = _one_by_one(feature, follower if feature.who == "follower" else leader)
            assert _stored(feature, blocks) == expected, feature.name


@settings(max_examples=40)
@given(rows=_values())
def test_game_s_batches_store_what_features_store_one_by_one(rows: Values) -> None:
    blocks = _blocks("shared")
    with ignoring_overflow():
        encode_shared(V1, rows, blocks, NUM)
    for feature in V1.features:
        if feature.scope == "shared" and feature.name in V1.slots and feature.slot is None:
            assert _stored(feature, blocks) == _one_by_one(feature, rows), feature.name


@pytest.mark.parametrize("scope", ["player", "shared"])
def test_no_two_batches_write_the_same_column(scope: str) -> None:
    written: list[tuple[str, int]] = []
    for batch in getattr(V1.plan, scope):
        columns = [row for row, *_ in batch.sources.columns + batch.sources.computed] if not hasattr(
            batch, "columns"
        ) else np.arange(100)[batch.columns].tolist()  # fmt: skip
        written += [(batch.block, column) for column in columns]
    if scope == "player":
        written.append(V1.plan.buttons)
    assert len(set(written)) == len(written)
    items = {V1.slots[f.name] for f in V1.features if f.slot is not None and f.name in V1.slots}
    slots = {(slot.block, slot.column) for slot in items} | set(written)
    stored = {
        (name, column) for name, columns in V1.columns.items() if name.startswith(scope)
        for column in range(len(columns))
    }  # fmt: skip
    assert {place for place in slots if place[0].startswith(scope)} == stored
