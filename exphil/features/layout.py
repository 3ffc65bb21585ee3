"""From the rows of the feature table to everything that follows: dims, blocks, the packed row, the fingerprint."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exphil.features.encodings import Derived, Flag, Id, Lookup, Number
from exphil.features.feature import Feature, Scope
from exphil.features.formulas import REVISIONS
from exphil.features.tables import TABLES

if TYPE_CHECKING:
    from exphil.features.encode import Blocks, Encoded

BlockName = Literal["player_scalars", "player_ids", "player_codes", "shared_scalars", "shared_codes"]
BLOCK_DTYPES: dict[BlockName, np.dtype[np.generic]] = {
    "player_scalars": np.dtype("<i2"),
    "player_ids": np.dtype("<u2"),
    "player_codes": np.dtype("u1"),
    "shared_scalars": np.dtype("<i2"),
    "shared_codes": np.dtype("u1"),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a feature is stored: a column of a block; `bit` for a flag."""

    block: BlockName
    column: int
    bit: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive dims that are read in one go.

    number: columns [start, stop) of `block`. flag: bits [start, stop) of `block`'s flag bytes.
    lookup: columns [start, stop) of `block` through `table`. derived: the `names` of group `table`.
    """

    kind: Literal["number", "flag", "lookup", "derived"]
    block: BlockName
    start: int
    stop: int
    table: str = ""
    sided: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeatureSet:
    """A named, versioned feature table and what derives from it. A released set never changes."""

    name: str
    features: tuple[Feature, ...]
    slots: dict[str, Slot] = field(init=False, repr=False)
    columns: dict[BlockName, tuple[str, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        if len(set(names)) != len(names):
            raise ValueError(f"feature set {self.name} names a feature twice")
        slots, columns = _place(self.features)
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "columns", columns)

    def of_scope(self, scope: Scope) -> tuple[Feature, ...]:
        return tuple(feature for feature in self.features if feature.scope == scope)

    @cached_property
    def dims(self) -> tuple[tuple[str, Feature], ...]:
        """Every dim of a viewpoint: its name and the feature it belongs to."""
        prefixes: tuple[tuple[Scope, str], ...] = (
            ("player", "self."), ("player", "opponent."), ("self", "self."), ("shared", ""),
        )  # fmt: skip
        return tuple(
            (prefix + dim, feature)
            for scope, prefix in prefixes
            for feature in self.of_scope(scope)
            for dim in feature.dims
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.dims)

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def padded_width(self) -> int:
        """The width rounded up to what tensor cores want."""
        return -(-self.width // 8) * 8

    @cached_property
    def id_dims(self) -> tuple[int, ...]:
        """Indices of the dims that are ids, for the policy to embed."""
        return tuple(
            index for index, (_, feature) in enumerate(self.dims) if isinstance(feature.encoding, Id)
        )

    @cached_property
    def dense_dims(self) -> tuple[int, ...]:
        """Indices of the other dims, in table order."""
        return tuple(sorted(set(range(self.width)) - set(self.id_dims)))

    @cached_property
    def id_sizes(self) -> tuple[int, ...]:
        """How many values each id of `id_dims` may take."""
        encodings = [self.dims[index][1].encoding for index in self.id_dims]
        return tuple(encoding.size for encoding in encodings if isinstance(encoding, Id))

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Dims of each feature under its full name: `slices["self.action_class"]`."""
        found: dict[str, slice] = {}
        start = 0
        for scope, prefix in (
            ("player", "self."),
            ("player", "opponent."),
            ("self", "self."),
            ("shared", ""),
        ):
            for feature in self.features:
                if feature.scope == scope:
                    found[prefix + feature.name] = slice(start, start + len(feature.dims))
                    start += len(feature.dims)
        return found

    @cached_property
    def blocks(self) -> dict[BlockName, tuple[np.dtype[np.generic], tuple[int, ...]]]:
        """Type and shape of a game frame in each block: player blocks are (2, columns), shared ones (columns,)."""
        return {
            name: (BLOCK_DTYPES[name], ((2,) if name.startswith("player") else ()) + (len(columns),))
            for name, columns in self.columns.items()
        }

    @cached_property
    def row_dtype(self) -> np.dtype[np.void]:
        """A game frame in a pack: {players: 2 x {scalars, ids, codes}, shared: {scalars, codes}}, of even size."""
        player = _struct(
            [(name, self.blocks[f"player_{name}"]) for name in ("scalars", "ids", "codes")]  # type: ignore[index]
        )
        shared = _struct([(name, self.blocks[f"shared_{name}"]) for name in ("scalars", "codes")])  # type: ignore[index]
        return np.dtype([("players", player, (2,)), ("shared", shared)])

    def encode(
        self, frames: pa.Table, items: pa.Table, stage_frames: pa.Table, *, stage: int, ports: tuple[int, int]
    ) -> "Encoded":
        """Encode one game; see `exphil.features.encode.encode`."""
        from exphil.features.encode import encode

        return encode(self, frames, items, stage_frames, stage=stage, ports=ports)

    def to_rows(self, blocks: "Blocks") -> NDArray[np.void]:
        """Blocks to packed rows, (T,) of `row_dtype`."""
        from exphil.features.encode import to_rows

        return to_rows(self, blocks)

    def decode(self, data: "Blocks | NDArray[np.void]", viewpoint: Literal[0, 1]) -> NDArray[np.float32]:
        """Blocks or packed rows to dims as one of the two players sees them, (T, width) float32."""
        from exphil.features.decode import decode

        return decode(self, data, viewpoint)

    def actions(self, data: "Blocks | NDArray[np.void]", viewpoint: Literal[0, 1]) -> NDArray[np.uint8]:
        """The input of each frame as the classes of the 13 heads, (T, 13) uint8."""
        from exphil.features.decode import actions

        return actions(self, data, viewpoint)

    @cached_property
    def canonical(self) -> str:
        """The table as JSON with sorted keys: what the fingerprint hashes."""
        tables = sorted(
            {f.encoding.table for f in self.features if isinstance(f.encoding, Lookup)} | {"hidden_geometry"}
        )
        groups = {f.encoding.group for f in self.features if isinstance(f.encoding, Derived)}
        return json.dumps(
            {
                "name": self.name,
                "features": [feature.canonical() for feature in self.features],
                "tables": {
                    name: {
                        "columns": list(TABLES[name].columns),
                        "digest": hashlib.blake2b(
                            TABLES[name].values.astype("<f4").tobytes(), digest_size=8
                        ).hexdigest(),
                    }
                    for name in tables
                },
                "formulas": {group: REVISIONS[group] for group in sorted(groups)},
                "columns": {name: list(columns) for name, columns in self.columns.items()},
                "row_bytes": self.row_dtype.itemsize,
            },
            sort_keys=True,
            separators=(",", ":"),
        )

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits that name this table: equal only where stored bytes mean the same."""
        return hashlib.blake2b(self.canonical.encode(), digest_size=16).hexdigest()

    @cached_property
    def stored(self) -> tuple[Feature, ...]:
        """The features that take room in a row, in table order."""
        return tuple(feature for feature in self.features if feature.name in self.slots)

    @cached_property
    def pieces(self) -> dict[Scope, tuple[Piece, ...]]:
        """How the dense dims of each scope are read, in table order."""
        return {scope: _pieces(self, scope) for scope in ("player", "self", "shared")}


def _struct(fields: Sequence[tuple[str, tuple[np.dtype[np.generic], tuple[int, ...]]]]) -> np.dtype[np.void]:
    # Padding is a field of its own: numpy drops gaps between fields when it joins arrays.
    packed: list[tuple[str, np.dtype[np.generic], tuple[int, ...]]] = [
        (name, dtype, shape[-1:]) for name, (dtype, shape) in fields
    ]
    odd = sum(dtype.itemsize * shape[0] for _, dtype, shape in packed) % 2
    return np.dtype(packed + [("padding", np.dtype("u1"), (1,))] * odd)


def _place(features: Sequence[Feature]) -> tuple[dict[str, Slot], dict[BlockName, tuple[str, ...]]]:
    """Columns in table order: numbers, then bytes to look up, then flags, eight a byte; a scope starts a new byte."""
    columns: dict[BlockName, list[str]] = {name: [] for name in BLOCK_DTYPES}
    slots: dict[str, Slot] = {}

    def store(feature: Feature, block: BlockName) -> None:
        slots[feature.name] = Slot(block, len(columns[block]))
        columns[block].append(feature.name)

    def codes(scope: Scope) -> BlockName:
        return "shared_codes" if scope == "shared" else "player_codes"

    for feature in features:
        if isinstance(feature.encoding, Id):
            store(feature, "player_ids")
        elif isinstance(feature.encoding, Number) and feature.encoding.dtype == "int16":
            store(feature, "shared_scalars" if feature.scope == "shared" else "player_scalars")
        elif isinstance(feature.encoding, Number):
            store(feature, codes(feature.scope))
    for feature in features:
        if isinstance(feature.encoding, Lookup) and feature.encoding.of is None:
            store(feature, codes(feature.scope))
    scopes: tuple[Scope, ...] = ("player", "self", "shared")
    for scope in scopes:
        block = codes(scope)
        flags = [f for f in features if f.scope == scope and isinstance(f.encoding, Flag)]
        for bit, feature in enumerate(flags):
            if bit % 8 == 0:
                columns[block].append(f"{scope}.flags{bit // 8}")
            slots[feature.name] = Slot(block, len(columns[block]) - 1, bit % 8)
    return slots, {name: tuple(names) for name, names in columns.items()}


def first_flag_byte(columns: Sequence[str]) -> int:
    """Index of the first flag byte of a block's columns; all later ones are flag bytes too."""
    return next((index for index, name in enumerate(columns) if ".flags" in name), len(columns))


def _piece(feature_set: FeatureSet, feature: Feature) -> Piece | None:
    encoding = feature.encoding
    if isinstance(encoding, Id):
        return None
    if isinstance(encoding, Derived):
        return Piece("derived", "player_scalars", 0, 0, encoding.group, names=feature.dims)
    of = feature.name
    if isinstance(encoding, Lookup) and encoding.of is not None:
        of = encoding.of
    slot = feature_set.slots[of]
    if isinstance(encoding, Lookup):
        return Piece("lookup", slot.block, slot.column, slot.column + 1, encoding.table, encoding.sided)
    if isinstance(encoding, Number):
        return Piece("number", slot.block, slot.column, slot.column + 1)
    bit = 8 * (slot.column - first_flag_byte(feature_set.columns[slot.block])) + (slot.bit or 0)
    return Piece("flag", slot.block, bit, bit + 1)


def _pieces(feature_set: FeatureSet, scope: Scope) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for feature in feature_set.of_scope(scope):
        piece = _piece(feature_set, feature)
        if piece is None:
            continue
        last = merged[-1] if merged else None
        alike = last is not None and (last.kind, last.block, last.table, last.sided) == (
            piece.kind, piece.block, piece.table, piece.sided,
        )  # fmt: skip
        if last is not None and alike and (last.stop == piece.start or piece.kind == "derived"):
            stop = last.stop if piece.kind == "derived" else piece.stop
            merged[-1] = Piece(
                piece.kind, piece.block, last.start, stop, piece.table, piece.sided, last.names + piece.names
            )
        else:
            merged.append(piece)
    return tuple(merged)
