"""Whole games and single frames against features stored one by one, value by value, as the encodings' words have it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.features import V1
from exphil.features.encode import encode_player, encode_shared, to_blocks
from exphil.features.encodings import Flag, Id, Number
from exphil.features.feature import Feature
from exphil.features.layout import BlockName
from exphil.features.numbers import Steps, ignoring_overflow, store_number
from exphil.features.one_frame import FrameBytes, FrameEncoder
from tests.features.written import dtype_of, places, write

NUM = 5
NUMBERS = [feature.encoding for feature in V1.stored if isinstance(feature.encoding, Number)]
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

    def __init__(self, columns: Mapping[str, Any], present: list[bool], other_port: int = 2) -> None:
        self.columns = columns
        self.present = np.array(present)
        self.num = NUM
        self.stage = 32
        self.other_port = other_port
        self.frame = np.arange(-41, -41 + NUM, dtype=np.int32)
        self.item_count = np.zeros(NUM, np.uint8)

    def get(self, name: str) -> np.ndarray | None:
        return self.columns.get(name)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns.get(name, np.zeros(NUM, np.uint8))


NAMES = st.sets(st.sampled_from(COLUMNS), min_size=len(COLUMNS) // 2)


@st.composite
def _values(
    draw: st.DrawFn, present: bool = True, names: frozenset[str] | None = None, other_port: int = 2
) -> Values:
    there = [True] * NUM if present else draw(st.lists(st.booleans(), min_size=NUM, max_size=NUM))
    columns = {}
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    for name in sorted(draw(NAMES) if names is None else names):
        dtype = dtype_of(name)
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
    return Values(columns, there, other_port)


@st.composite
def _games(draw: st.DrawFn) -> tuple[frozenset[str], list[Values], Values]:
    """The columns of a format, both leaders and both followers, and what belongs to the game."""
    names = frozenset(draw(NAMES))
    fighters = [draw(_values(follows == 0, names, other)) for follows in (0, 1) for other in (3, 1)]
    return names, fighters, draw(_values(True, names))


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
def test_player_of_a_whole_game_is_what_features_store_one_by_one(leader: Values, follower: Values) -> None:
    blocks = _blocks("player")
    with ignoring_overflow():
        encode_player(V1, leader, follower, blocks)
    for feature in V1.stored:
        if feature.scope != "shared":
            expected = _one_by_one(feature, follower if feature.who == "follower" else leader)
            assert _stored(feature, blocks) == expected, feature.name


@settings(max_examples=40)
@given(rows=_values())
def test_rest_of_a_whole_game_is_what_features_store_one_by_one(rows: Values) -> None:
    blocks = _blocks("shared")
    with ignoring_overflow():
        encode_shared(V1, rows, blocks)
    for feature in V1.stored:
        if feature.scope == "shared" and feature.slot is None:
            assert _stored(feature, blocks) == _one_by_one(feature, rows), feature.name


@settings(max_examples=60)
@given(game=_games())
def test_single_frames_are_what_features_store_one_by_one(
    game: tuple[frozenset[str], list[Values], Values],
) -> None:
    names, fighters, shared = game
    held = FrameBytes(places(sorted(names)), places(sorted(names)), {})
    encoder = FrameEncoder(V1, held, stage=32, ports=(1, 3))
    rows = np.zeros((NUM, 1), V1.row_dtype)
    for at in range(NUM):
        for name in names:
            for index, values in enumerate(fighters):
                write(held, held.fighter(index, name), values.columns[name][at])
            write(held, held.shared(name), shared.columns[name][at])
        followers = (bool(fighters[2].present[at]), bool(fighters[3].present[at]))
        rows[at] = encoder.encode(int(shared.frame[at]), followers, []).view(V1.row_dtype)
    blocks = _columns_of(rows[:, 0])
    for feature in V1.stored:
        if feature.slot is not None:
            continue
        for side in (0,) if feature.scope == "shared" else (0, 1):
            whose = fighters[side + 2 * (feature.who == "follower")]
            expected = _one_by_one(feature, shared if feature.scope == "shared" else whose)
            mine = {
                name: block[side] if name.startswith("player") else block for name, block in blocks.items()
            }
            assert _stored(feature, mine) == expected, f"{feature.name} of side {side}"


def _columns_of(rows: np.ndarray) -> dict[BlockName, np.ndarray]:
    """Packed rows as blocks of shape (…, columns, NUM)."""
    return {name: np.moveaxis(block, 0, -1) for name, block in to_blocks(V1, rows).items()}


LIMITS = [0.0, -0.0, 1.0, -1.0, 511.98, 512.0, -512.1, 32.0, 255.0, 255.4, 255.6, 256.0, -0.4, 1e30, 3e38]


@given(value=st.sampled_from(LIMITS) | st.floats(width=32, allow_nan=True, allow_infinity=True))
@settings(max_examples=200)
def test_numbers_of_one_frame_are_stored_as_those_of_many(value: float) -> None:
    for encoding in NUMBERS:
        work = np.array([value], np.float32)
        Steps([encoding]).apply(work, work.view(np.uint32))
        out = np.zeros(1, encoding.dtype)
        with ignoring_overflow():
            store_number(np.array([value], np.float32), encoding, out)
        assert work[0] == out[0], encoding


def test_number_that_does_not_fit_leaves_the_others_alone() -> None:
    position = Number(step=1 / 64)
    work = np.array([1.0, np.nan, 2.0, 1e9], np.float32)
    Steps([position] * 4).apply(work, work.view(np.uint32))
    assert work.tolist() == [64, 0, 128, 32767]
