"""Packed rows to a policy's inputs in few, wide operations: what a step's graph begins with.

Says the same as `exphil.policy.decode.FeatureDecoder`, its slow twin, in an order of its own: columns of a kind lie
together, so that each kind is read by one operation, however many features it holds. 16-bit columns are put
together from their bytes by arithmetic, which every runtime can do; torch's view of bytes as shorts none can.

Shapes: B batch, R bytes a row, F features in the order of this file, I ids, 81 numbers of an input's code.
"""

from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor, nn

from exphil.export.formulas import GEOMETRY_DIMS, RELATION_DIMS, SURFACES, Geometry, Relation, stage_table
from exphil.features.decode import SHOULDER_BIN_OF_UNIT, STICK_BIN_OF_UNIT, scale_and_shift
from exphil.features.encodings import Flag, Lookup, Number
from exphil.features.feature import Feature, Scope
from exphil.features.layout import BLOCK_DTYPES, BlockName, FeatureSet, first_flag_byte
from exphil.features.tables import TABLES
from exphil.melee.controller import BUTTONS, STICK_UNIT, STICKS
from exphil.policy.build import id_kinds
from exphil.policy.inputs import NUM_IDS

PREFIXES: Final = ("self.", "opponent.")
UNUSED: Final = -1
"""Dim of a column that no dim shows."""

WORKING_SIZES: Final = (2, 2, SURFACES, 1, 4, 4, 10, 2)
"""Columns that formulas take, in the order of `RowReader._working_columns`."""


@dataclass(slots=True)
class Columns:
    """Stored columns in the order in which they are read; a value is low + 256 * high, less 65536 from `wraps` on."""

    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    wraps: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.low)

    def add(
        self, low: int, high: int | None = None, *, signed: bool = False, scale: float = 1, shift: float = 0
    ) -> None:
        """Read one more: the byte at `low`, or the two at `low` and `high`."""
        self.low.append(low)
        self.high.append(low if high is None else high)
        self.factor.append(0.0 if high is None else 256.0)
        self.wraps.append(32768.0 if signed else float("inf"))
        self.scale.append(scale)
        self.shift.append(shift)


class RowReader(nn.Module):
    """Rows of one feature set to its dims, its ids, and the code of the input that self holds.

    Attributes:
        dims: (F,) which of the dense dims each number of `forward` is; `UNUSED` for those that are none.
    """

    def __init__(self, features: FeatureSet) -> None:
        super().__init__()
        self.features = features
        dense = {index: place for place, index in enumerate(features.dense_dims)}
        self._dense = {name: dense[at] for at, name in enumerate(features.names) if at in dense}
        self._columns = Columns()
        self.dims: list[int] = []
        self._read_numbers()
        num_shown = len(self._columns)
        self._read_working()
        num_numbers = len(self._columns)
        self._read_held()
        num_held = len(self._columns) - num_numbers
        self._index_sizes: list[int] = []
        self._last: list[float] = []
        self._of_second: list[float] = []
        self._index_flags()
        self._index_ids()
        self._num_lookups = self._index_lookups()
        self._index_stage()
        self.dims += [self._dense[prefix + name] for prefix in PREFIXES for name in GEOMETRY_DIMS]
        self.dims += [self._dense[PREFIXES[0] + name] for name in RELATION_DIMS]
        self._number_sizes = (num_shown, *WORKING_SIZES)
        self._raw_sizes = (num_numbers, num_held, len(self._last))
        self.geometry, self.relation = Geometry(), Relation()
        columns = self._columns
        for name, values in (("factor", columns.factor), ("wraps", columns.wraps)):
            self._buffer(name, np.array(values, np.float32))
        for name, values in (("scale", columns.scale), ("shift", columns.shift)):
            self._buffer(name, np.array(values[:num_numbers], np.float32))
        self._buffer("low", np.array(columns.low))
        self._buffer("high", np.array(columns.high))
        self._buffer("last", np.array(self._last, np.float32))
        self._buffer("of_second", np.array(self._of_second, np.float32))
        self._buffer("swapped", self._swapped())

    def forward(self, rows: Tensor, viewpoint: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, R) uint8, (B,) int64 -> features (B, F), the held input's code (B, 81), and ids (B, I) int64.

        An id that is not known comes out as the first number that is none.
        """
        get = self.get_buffer
        second = (viewpoint != 0).unsqueeze(-1)
        data = torch.where(second, rows.index_select(1, get("swapped")), rows).float()
        raw = data.index_select(1, get("low")) + data.index_select(1, get("high")) * get("factor")
        raw = torch.where(raw >= get("wraps"), raw - 65536, raw)
        stored, held, codes = raw.split(self._raw_sizes, dim=1)
        numbers = torch.addcmul(get("shift"), stored, get("scale"))
        shown, x, y, moving, randall_x, minuend, subtrahend, speeds, facing = numbers.split(
            self._number_sizes, dim=1
        )
        index = torch.minimum(codes, get("last")) + second.float() * get("of_second")
        flags, ids, *looked_up, stage = index.long().split(self._index_sizes, dim=1)
        bits = get("bits")[flags].flatten(1)
        lookups = [get(f"lookup_{group}")[codes].flatten(1) for group, codes in enumerate(looked_up)]
        geometry = self.geometry(x, y, moving, randall_x, get("stages")[stage.squeeze(1)])
        airborne = bits.index_select(1, get("airborne"))
        relation = self.relation(minuend, subtrahend, speeds, airborne, facing)
        features = torch.cat((shown, bits, *lookups, geometry.flatten(1), relation), dim=1)
        in_bin = ((held >= get("bin_first")) & (held <= get("bin_last"))).float()
        return features, torch.cat((bits[:, : len(BUTTONS)], in_bin), dim=1), ids

    def _buffer(self, name: str, values: Any) -> None:
        self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)), persistent=False)

    def _place(self, prefix: str, block: BlockName, column: int) -> int:
        """Where in a row, seen from the first player, the (first) byte of a stored column lies."""
        row, size = self.features.row_dtype, BLOCK_DTYPES[block].itemsize
        side, name = block.split("_")
        if side == "shared":
            struct, start = row["shared"], _offset(row, "shared")
        else:
            struct = row["players"].subdtype[0]  # type: ignore[index]
            start = struct.itemsize * PREFIXES.index(prefix)
        return start + _offset(struct, name) + size * column

    def _swapped(self) -> Any:
        """(R,) where each byte comes from when the second player is self."""
        size = self.features.row_dtype["players"].subdtype[0].itemsize  # type: ignore[index]
        order = np.arange(self.features.row_dtype.itemsize)
        order[: 2 * size] = np.roll(order[: 2 * size], size)
        return order

    def _add_number(self, prefix: str, name: str, sign: int = 1) -> None:
        """Read a stored number, scaled as its dim is."""
        slot = self.features.slots[name]
        scale, shift = (part[slot.column] for part in scale_and_shift(self.features, slot.block))
        low = self._place(prefix, slot.block, slot.column)
        wide = slot.block.endswith("scalars")
        self._columns.add(
            low, low + 1 if wide else None, signed=wide, scale=sign * float(scale), shift=sign * float(shift)
        )

    def _read_numbers(self) -> None:
        """Every number that is a dim."""
        for prefix, feature in self._features(Number):
            self._add_number(prefix, feature.name)
            self.dims.append(self._dense[prefix + feature.name])

    def _read_working(self) -> None:
        """What the formulas take, once more and as they take it; in the order of `WORKING_SIZES`."""
        me, other = PREFIXES
        for name in ("x", "y"):
            for prefix in PREFIXES:
                self._add_number(prefix, name)
        for surface in (None, "fountain.left_height", "fountain.right_height", None, "randall.y"):
            if surface is None:
                self._columns.add(0, scale=0.0)
            else:
                self._add_number("", surface)
        self._add_number("", "randall.x")
        for first, second in ((other, me), (me, other)):
            for name in ("x", "y", "percent"):
                self._add_number(first, name)
            self._add_number(second, "stocks")
        for name in ("velocity_air_x", "velocity_ground_x", "knockback_x"):
            for prefix in (other, me):
                self._add_number(prefix, name)
        for prefix in (other, me):
            for name in ("velocity_y", "knockback_y"):
                self._add_number(prefix, name)
        self._add_number(me, "facing")
        self._add_number(other, "facing", sign=-1)

    def _read_held(self) -> None:
        """Sticks and shoulder that self holds, a column a bin, and which stored values fall into it."""
        first, last = [], []
        shoulder = self.features.slots["input.shoulder"]
        bins: list[tuple[str, Any, int]] = [
            (f"input.{stick}", STICK_BIN_OF_UNIT, STICK_UNIT) for stick in STICKS
        ]
        bins.append(("input.shoulder", SHOULDER_BIN_OF_UNIT, 0))
        for name, bin_of_unit, zero in bins:
            slot = self.features.slots[name]
            low, wide = self._place(PREFIXES[0], slot.block, slot.column), name != "input.shoulder"
            for number in range(int(bin_of_unit.max()) + 1):
                self._columns.add(low, low + 1 if wide else None, signed=wide)
                units = np.flatnonzero(bin_of_unit == number) - zero
                first.append(units[0])
                last.append(units[-1])
        assert shoulder.bit is None
        self._buffer("bin_first", np.array(first, np.float32))
        self._buffer("bin_last", np.array(last, np.float32))

    def _add_index(self, prefix: str, block: BlockName, column: int, last: int, of_second: int = 0) -> None:
        """Read a code that names a row of a table: at most `last`, and `of_second` more for the second player."""
        low = self._place(prefix, block, column)
        self._columns.add(low, low + 1 if block == "player_ids" else None)
        self._last.append(last)
        self._of_second.append(of_second)

    def _index_flags(self) -> None:
        """Bytes of flags. Self's buttons come first: they are the beginning of an input's code."""
        slots, columns = self.features.slots, self.features.columns
        buttons = slots["input.button_a"].column
        first = first_flag_byte(columns["player_codes"])
        own = range(first, len(columns["player_codes"]))
        order: list[tuple[str, BlockName, int]] = [(PREFIXES[0], "player_codes", buttons)]
        order += [(PREFIXES[0], "player_codes", byte) for byte in own if byte != buttons]
        order += [(PREFIXES[1], "player_codes", byte) for byte in own if byte != buttons]
        order += [
            ("", "shared_codes", byte)
            for byte in range(first_flag_byte(columns["shared_codes"]), len(columns["shared_codes"]))
        ]
        for prefix, block, byte in order:
            self._add_index(prefix, block, byte, 255)
        self._index_sizes.append(len(order))
        places = {key: 8 * at for at, key in enumerate(order)}
        dims = [UNUSED] * (8 * len(order))
        for prefix, feature in self._features(Flag):
            slot = slots[feature.name]
            dims[places[prefix, slot.block, slot.column] + cast(int, slot.bit)] = self._dense[
                prefix + feature.name
            ]
        self.dims += dims
        airborne = slots["airborne"]
        self._buffer(
            "airborne",
            np.array(
                [
                    places[prefix, airborne.block, airborne.column] + cast(int, airborne.bit)
                    for prefix in reversed(PREFIXES)
                ]
            ),
        )
        self._buffer("bits", ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.float32))

    def _index_ids(self) -> None:
        kinds = id_kinds(self.features)
        for index, kind in zip(self.features.id_dims, kinds, strict=True):
            name, feature = self.features.dims[index]
            prefix = next(prefix for prefix in PREFIXES if name.startswith(prefix))
            slot = self.features.slots[feature.name]
            self._add_index(prefix, slot.block, slot.column, NUM_IDS[kind])
        self._index_sizes.append(len(kinds))

    def _index_lookups(self) -> int:
        """Tables that codes look up; those that one code looks up lie side by side. Returns their number."""
        of_code: dict[tuple[str, BlockName, int], list[tuple[str, Feature, Lookup]]] = {}
        for prefix, feature in self._features(Lookup):
            encoding = cast(Lookup, feature.encoding)
            slot = self.features.slots[encoding.of or feature.name]
            of_code.setdefault((prefix, slot.block, slot.column), []).append((prefix, feature, encoding))
        groups: dict[tuple[Lookup, ...], list[tuple[str, BlockName, int]]] = {}
        for code, found in of_code.items():
            groups.setdefault(tuple(encoding for _, _, encoding in found), []).append(code)
        for group, (encodings, codes) in enumerate(groups.items()):
            tables = [TABLES[encoding.table].values for encoding in encodings]
            num_codes = len(tables[0])
            signs = [-1.0 if encoding.sided else 1.0 for encoding in encodings]
            seen_by_second = [table * np.float32(sign) for table, sign in zip(tables, signs, strict=True)]
            sides = [np.concatenate(part, axis=1) for part in (tables, seen_by_second)]
            is_sided = min(signs) < 0
            self._buffer(f"lookup_{group}", np.concatenate(sides) if is_sided else sides[0])
            for code in codes:
                self._add_index(*code, num_codes - 1, num_codes if is_sided else 0)
                for prefix, feature, _ in of_code[code]:
                    self.dims += [self._dense[prefix + name] for name in feature.dims]
            self._index_sizes.append(len(codes))
        return len(groups)

    def _index_stage(self) -> None:
        slot = self.features.slots["stage"]
        self._add_index("", slot.block, slot.column, 255)
        self._index_sizes.append(1)
        self.register_buffer("stages", stage_table(), persistent=False)

    def _features(self, kind: type) -> list[tuple[str, Feature]]:
        """Features of a kind of encoding, with the prefix of each side that has them."""
        scopes: tuple[tuple[str, tuple[Scope, ...]], ...] = (
            ("self.", ("player", "self")), ("opponent.", ("player",)), ("", ("shared",)),
        )  # fmt: skip
        return [
            (prefix, feature)
            for prefix, wanted in scopes
            for feature in self.features.features
            if feature.scope in wanted and isinstance(feature.encoding, kind)
        ]


def _offset(struct: np.dtype[Any], name: str) -> int:
    return int(cast(Any, struct.fields)[name][1])
