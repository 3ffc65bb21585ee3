"""From stored blocks or packed rows back to the dims of a viewpoint, in numpy. `exphil.policy.decode` is its twin."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from exphil.features.encode import Blocks, to_blocks
from exphil.features.encodings import Number
from exphil.features.formulas import FORMULAS
from exphil.features.layout import BlockName, FeatureSet, Piece, first_flag_byte
from exphil.features.tables import HIDDEN_GEOMETRY, TABLES
from exphil.melee.controller import SHOULDER_UNIT, STICK_UNIT, STICKS, shoulder_bins, stick_bins

_BITS: Final = np.arange(8, dtype=np.uint8)
# What formulas know of the stage beside its fixed geometry.
MOVING_PARTS: Final = {
    "fountain_left": "fountain.left_height",
    "fountain_right": "fountain.right_height",
    "randall_x": "randall.x",
    "randall_y": "randall.y",
}


def scale_and_shift(
    feature_set: FeatureSet, block: BlockName
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Per column of a block: value = stored * scale + shift. Columns that hold no numbers get 1 and 0."""
    by_name = {feature.name: feature.encoding for feature in feature_set.features}
    scale, shift = [], []
    for name in feature_set.columns[block]:
        encoding = by_name.get(name)
        factor = encoding.step / encoding.scale if isinstance(encoding, Number) else 1.0
        scale.append(factor)
        shift.append(-encoding.offset * factor if isinstance(encoding, Number) else 0.0)
    return np.array(scale, np.float32), np.array(shift, np.float32)


class NamedColumns(Mapping[str, Any]):
    """Columns by feature name, over an array whose last axis they are: what formulas read. For numpy and torch."""

    def __init__(self, parts: dict[str, tuple[Any, int]]) -> None:
        """`parts`: feature name to (array, index on its last axis)."""
        self._parts = parts

    def __getitem__(self, name: str) -> Any:
        array, index = self._parts[name]
        return array[..., index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def formula_inputs(
    feature_set: FeatureSet, arrays: dict[str, Any], side: Literal["player", "shared"]
) -> NamedColumns:
    """Numbers and flags of a player, or the stage's parts, by the names that formulas use.

    arrays: `scalars` and `codes` scaled, `bits` flags one a column, `geometry` rows of the hidden geometry.
    """
    columns = feature_set.columns
    parts: dict[str, tuple[Any, int]] = {}
    if side == "shared":
        parts.update({name: (arrays["geometry"], index) for index, name in enumerate(HIDDEN_GEOMETRY)})
        for name, feature in MOVING_PARTS.items():
            parts[name] = (arrays["scalars"], feature_set.slots[feature].column)
        return NamedColumns(parts)
    first = first_flag_byte(columns["player_codes"])
    for name, slot in feature_set.slots.items():
        if slot.block == "player_scalars":
            parts[name] = (arrays["scalars"], slot.column)
        elif slot.block == "player_codes" and slot.bit is not None:
            parts[name] = (arrays["bits"], 8 * (slot.column - first) + slot.bit)
        elif slot.block == "player_codes":
            parts[name] = (arrays["codes"], slot.column)
    return NamedColumns(parts)


def _expanded(feature_set: FeatureSet, blocks: Blocks, side: Literal["player", "shared"]) -> dict[str, Any]:
    scalars: BlockName = "player_scalars" if side == "player" else "shared_scalars"
    codes: BlockName = "player_codes" if side == "player" else "shared_codes"
    first = first_flag_byte(feature_set.columns[codes])
    out: dict[str, Any] = {}
    for key, name in (("scalars", scalars), ("codes", codes)):
        scale, shift = scale_and_shift(feature_set, name)
        out[key] = blocks[name] * scale + shift
    flags = np.ascontiguousarray(blocks[codes][..., first:])
    out["bits"] = ((flags[..., None] >> _BITS) & 1).reshape(*flags.shape[:-1], 8 * flags.shape[-1])
    out["bits"] = out["bits"].astype(np.float32)
    out["raw"] = blocks[codes]
    if side == "player":
        out["ids"] = blocks["player_ids"]
    else:
        stage = blocks[codes][..., feature_set.slots["stage"].column]
        out["geometry"] = TABLES["hidden_geometry"].values[stage]
    return out


def _part(arrays: dict[str, Any], key: str, who: int | None) -> Any:
    return arrays[key] if who is None else arrays[key][:, who]


def _dims(
    piece: Piece, arrays: dict[str, Any], who: int | None, derived: dict[str, Any], sign: float
) -> NDArray[np.float32]:
    if piece.kind == "number":
        key = "scalars" if piece.block.endswith("scalars") else "codes"
        return np.asarray(_part(arrays, key, who)[:, piece.start : piece.stop])
    if piece.kind == "flag":
        return np.asarray(_part(arrays, "bits", who)[:, piece.start : piece.stop])
    if piece.kind == "derived":
        return np.stack([derived[name] for name in piece.names], axis=-1)
    key = "ids" if piece.block == "player_ids" else "raw"
    codes = _part(arrays, key, who)[:, piece.start : piece.stop]
    table = TABLES[piece.table].values
    values = table[codes].reshape(len(codes), codes.shape[1] * table.shape[1])
    return np.asarray(values * np.float32(sign) if piece.sided else values)


def decode(
    feature_set: FeatureSet, data: Blocks | NDArray[np.void], viewpoint: Literal[0, 1]
) -> NDArray[np.float32]:
    """Blocks or packed rows to the dims of a viewpoint, (T, width) float32, ids among them as whole numbers."""
    blocks = data if isinstance(data, dict) else to_blocks(feature_set, data)
    player, shared = _expanded(feature_set, blocks, "player"), _expanded(feature_set, blocks, "shared")
    sides = (viewpoint, 1 - viewpoint)
    inputs = [
        formula_inputs(feature_set, {k: v[:, side] for k, v in player.items()}, "player") for side in sides
    ]
    stage = formula_inputs(feature_set, shared, "shared")
    sign = 1.0 - 2.0 * viewpoint
    out: list[NDArray[np.float32]] = []
    for side in sides:
        me, other = (inputs[0], inputs[1]) if side == viewpoint else (inputs[1], inputs[0])
        out.append(blocks["player_ids"][:, side].astype(np.float32))
        derived = FORMULAS["geometry"](np, me, other, stage)
        out += [_dims(piece, player, side, derived, sign) for piece in feature_set.pieces["player"]]
    relation = FORMULAS["relation"](np, inputs[0], inputs[1], stage)
    out += [_dims(piece, player, viewpoint, relation, sign) for piece in feature_set.pieces["self"]]
    out += [_dims(piece, shared, None, {}, sign) for piece in feature_set.pieces["shared"]]
    return np.concatenate(out, axis=1, dtype=np.float32)


def actions(
    feature_set: FeatureSet, data: Blocks | NDArray[np.void], viewpoint: Literal[0, 1]
) -> NDArray[np.uint8]:
    """The input of each frame as classes of the 13 heads, (T, 13): eight buttons, four stick axes, shoulder."""
    blocks = data if isinstance(data, dict) else to_blocks(feature_set, data)
    slots = feature_set.slots
    held = blocks["player_codes"][:, viewpoint, slots["input.button_a"].column]
    out = np.empty((len(held), 8 + len(STICKS) + 1), np.uint8)
    out[:, :8] = (held[:, None] >> _BITS) & 1
    for index, stick in enumerate(STICKS):
        units = blocks["player_scalars"][:, viewpoint, slots[f"input.{stick}"].column]
        out[:, 8 + index] = STICK_BIN_OF_UNIT[units.astype(np.int64) + STICK_UNIT]
    out[:, -1] = SHOULDER_BIN_OF_UNIT[blocks["player_codes"][:, viewpoint, slots["input.shoulder"].column]]
    return out


def _bins() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    sticks = stick_bins(np.arange(-STICK_UNIT, STICK_UNIT + 1, dtype=np.int16))
    shoulders = shoulder_bins(np.minimum(np.arange(256), SHOULDER_UNIT).astype(np.uint8))
    return sticks.astype(np.uint8), shoulders.astype(np.uint8)


STICK_BIN_OF_UNIT, SHOULDER_BIN_OF_UNIT = _bins()
