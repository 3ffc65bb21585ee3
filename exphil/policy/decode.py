"""Packed rows to model inputs, in torch: the twin of `exphil.features.decode`, on any device.

B batch, L window length, R bytes a row, N dense dims (281 for v1), I ids (6), H heads (13).
"""

from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import embedding

from exphil.features.decode import (
    SHOULDER_BIN_OF_UNIT,
    STICK_BIN_OF_UNIT,
    formula_inputs,
    scale_and_shift,
)
from exphil.features.formulas import FORMULAS
from exphil.features.layout import BlockName, FeatureSet, Piece, first_flag_byte
from exphil.features.tables import TABLES
from exphil.melee.actions import LAST_LIFELESS_ACTION
from exphil.melee.controller import STICK_UNIT, STICKS

Side = Literal["player", "shared"]


def _bit_table() -> Tensor:
    return ((torch.arange(256)[:, None] >> torch.arange(8)) & 1).float()


class FeatureDecoder(nn.Module):
    """Rows of one feature set to dense dims and ids. Holds no parameters, only tables that move with the module."""

    def __init__(self, feature_set: FeatureSet) -> None:
        super().__init__()
        self.feature_set = feature_set
        row = feature_set.row_dtype
        self.row_bytes = row.itemsize
        self._player_bytes = row["players"].subdtype[0].itemsize  # type: ignore[index]
        self._shared_start = row.fields["shared"][1]  # type: ignore[index]
        self._columns: dict[tuple[Side, str], tuple[int, int]] = {}
        players: list[tuple[Side, np.dtype[Any]]] = [
            ("player", row["players"].subdtype[0]), ("shared", row["shared"])  # type: ignore[index]
        ]  # fmt: skip
        for side, struct in players:
            for name, (dtype, offset) in cast(Any, struct.fields).items():
                self._columns[side, name] = (offset, offset + dtype.itemsize)
        self._buffer("bits", _bit_table())
        for table in sorted(
            {p.table for pieces in feature_set.pieces.values() for p in pieces if p.kind == "lookup"}
        ):
            self._buffer(f"table_{table}", torch.from_numpy(TABLES[table].values.copy()))
        self._buffer("table_hidden_geometry", torch.from_numpy(TABLES["hidden_geometry"].values.copy()))
        for block in ("player_scalars", "player_codes", "shared_scalars", "shared_codes"):
            scale, shift = scale_and_shift(feature_set, block)
            self._buffer(f"{block}_scale", torch.from_numpy(scale))
            self._buffer(f"{block}_shift", torch.from_numpy(shift))
        self._buffer("stick_bins", torch.from_numpy(STICK_BIN_OF_UNIT.astype(np.int64)))
        self._buffer("shoulder_bins", torch.from_numpy(SHOULDER_BIN_OF_UNIT.astype(np.int64)))

    def _buffer(self, name: str, value: Tensor) -> None:
        self.register_buffer(name, value, persistent=False)

    def _players(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        """Both players' bytes, self first: (B, L, 2, player bytes)."""
        players = rows[..., : self._shared_start].reshape(*rows.shape[:-1], 2, self._player_bytes)
        swapped = players.flip(-2)
        return torch.where((viewpoint == 0).view(-1, 1, 1, 1), players, swapped)

    def _field(self, data: Tensor, side: Side, name: str) -> Tensor:
        start, stop = self._columns[side, name]
        return data[..., start:stop]

    def _shorts(self, data: Tensor, side: Side, name: str) -> Tensor:
        """Little-endian 16-bit columns: int16, a view of contiguous bytes."""
        return self._field(data, side, name).contiguous().view(torch.int16)

    def _expanded(self, data: Tensor, side: Side) -> dict[str, Tensor]:
        codes = self._field(data, side, "codes")
        block: BlockName = "player_codes" if side == "player" else "shared_codes"
        first = first_flag_byte(self.feature_set.columns[block])
        bits = embedding(codes[..., first:].int(), self.get_buffer("bits")).flatten(-2)
        out = {"raw": codes, "bits": bits}
        for name, values in (("scalars", self._shorts(data, side, "scalars")), ("codes", codes[..., :first])):
            scale = self.get_buffer(f"{side}_{name}_scale")[: values.shape[-1]]
            shift = self.get_buffer(f"{side}_{name}_shift")[: values.shape[-1]]
            out[name] = torch.addcmul(shift, values.float(), scale)
        if side == "player":
            out["ids"] = self._shorts(data, side, "ids")
        else:
            stage = codes[..., self.feature_set.slots["stage"].column]
            out["geometry"] = embedding(stage.int(), self.get_buffer("table_hidden_geometry"))
        return out

    def _dims(
        self,
        piece: Piece,
        arrays: dict[str, Tensor],
        who: int | None,
        derived: dict[str, Tensor],
        sign: Tensor,
    ) -> Tensor:
        def part(key: str) -> Tensor:
            return arrays[key] if who is None else arrays[key][..., who, :]

        if piece.kind == "number":
            return part("scalars" if piece.block.endswith("scalars") else "codes")[
                ..., piece.start : piece.stop
            ]
        if piece.kind == "flag":
            return part("bits")[..., piece.start : piece.stop]
        if piece.kind == "derived":
            return torch.stack([derived[name] for name in piece.names], dim=-1)
        codes = part("ids" if piece.block == "player_ids" else "raw")[..., piece.start : piece.stop]
        values = embedding(codes.int(), self.get_buffer(f"table_{piece.table}")).flatten(-2)
        return values * sign if piece.sided else values

    def forward(self, rows: Tensor, viewpoint: Tensor) -> tuple[Tensor, Tensor]:
        """rows (B, L, R) uint8, viewpoint (B,) 0 or 1 -> dense (B, L, N) float32 in table order, ids (B, L, I)."""
        pieces = self.feature_set.pieces
        player = self._expanded(self._players(rows, viewpoint), "player")
        shared = self._expanded(rows[..., self._shared_start :], "shared")
        sign = (1 - 2 * viewpoint).float().view(-1, 1, 1)
        named = {key: player[key] for key in ("scalars", "codes", "bits")}
        me, other = (
            formula_inputs(self.feature_set, {k: v[..., who, :] for k, v in named.items()}, "player")
            for who in (0, 1)
        )
        stage = formula_inputs(self.feature_set, shared, "shared")
        dense: list[Tensor] = []
        for who, (own, against) in enumerate(((me, other), (other, me))):
            derived = FORMULAS["geometry"](torch, own, against, stage)
            dense += [self._dims(piece, player, who, derived, sign) for piece in pieces["player"]]
        relation = FORMULAS["relation"](torch, me, other, stage)
        dense += [self._dims(piece, player, 0, relation, sign) for piece in pieces["self"]]
        dense += [self._dims(piece, shared, None, {}, sign) for piece in pieces["shared"]]
        # Joining contiguous parts is one copy a row; joining views of wider tensors goes element by element.
        parts = [part.contiguous() for part in dense]
        return torch.cat(parts, dim=-1), player["ids"].flatten(-2).long()

    def actions(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        """The input of each frame as classes of the 13 heads, (B, L, H) int64."""
        slots = self.feature_set.slots
        own = self._players(rows, viewpoint)[..., 0, :]
        scalars, codes = self._shorts(own, "player", "scalars"), self._field(own, "player", "codes")
        held = codes[..., slots["input.button_a"].column]
        buttons = embedding(held.int(), self.get_buffer("bits")).long()
        columns = [slots[f"input.{stick}"].column for stick in STICKS]
        units = scalars[..., columns[0] : columns[-1] + 1].long() + STICK_UNIT
        sticks = self.get_buffer("stick_bins")[units]
        shoulder = self.get_buffer("shoulder_bins")[codes[..., slots["input.shoulder"].column].long()]
        return torch.cat((buttons, sticks, shoulder.unsqueeze(-1)), dim=-1)

    def alive(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        """Whether self is neither dying nor on the way back, (B, L) bool."""
        own = self._players(rows, viewpoint)[..., 0, :]
        action = self._shorts(own, "player", "ids")[..., self.feature_set.slots["action"].column]
        return action > LAST_LIFELESS_ACTION


def rows_as_bytes(rows: NDArray[np.void]) -> NDArray[np.uint8]:
    """Packed rows (..., ) as (..., R) bytes, a view."""
    return rows.view(np.uint8).reshape(*rows.shape, rows.dtype.itemsize)
