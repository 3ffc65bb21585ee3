"""Packed rows to a policy's inputs in few, wide operations: what a step's graph begins with.

Says the same as `exphil.policy.decode.FeatureDecoder` and `InputEmbedding`, its slow twins, in an order of its own:
columns of a kind lie together, so that each kind is read by one operation, however many features it holds. 16-bit
columns are put together from their bytes by arithmetic, which every runtime can do; torch's view of bytes as shorts
none can.

Shapes: B batch, R bytes a row, F numbers in the order of this file, 81 numbers of an input's code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor, nn

from exphil.export.banks import UNUSED, Bank
from exphil.export.formulas import (
    GEOMETRY_DIMS,
    ME,
    NOTHING,
    OTHER,
    RELATION_DIMS,
    Geometry,
    Relation,
    Term,
    geometry_terms,
    relation_terms,
    stage_table,
)
from exphil.features.decode import SHOULDER_BIN_OF_UNIT, STICK_BIN_OF_UNIT, scale_and_shift
from exphil.features.encodings import Flag, Lookup, Number
from exphil.features.feature import Feature, Scope
from exphil.features.layout import BLOCK_DTYPES, BlockName, FeatureSet, first_flag_byte
from exphil.features.tables import TABLES
from exphil.melee.controller import BUTTONS, STICK_UNIT, STICKS
from exphil.policy.build import id_kinds
from exphil.policy.inputs import NUM_IDS, IdKind

NARROW: Final = 8
"""Most columns of a table of the narrow bank: flags have 8, classes of attacks 7, items 6."""

STAGE_CODES: Final = 256

Code = tuple[str, BlockName, int]
"""Whose, block and column."""


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
    """Rows of one feature set to what a policy's backbone takes, but for the codes of known inputs.

    Attributes:
        places: (F,) which of the policy's inputs each number of `forward` is; `UNUSED` for those that are none.
            Dense dims come first there, then embeddings of ids: codes of inputs do not count.
    """

    def __init__(self, features: FeatureSet, embeddings: Mapping[IdKind, Tensor]) -> None:
        """`embeddings`: of each kind of id, a vector an id, the last for those not known."""
        super().__init__()
        self.features = features
        dense = {index: place for place, index in enumerate(features.dense_dims)}
        self._dense = {name: dense[at] for at, name in enumerate(features.names) if at in dense}
        self._columns = Columns()
        self._last: list[float] = []
        self._offset: tuple[list[float], list[float]] = ([], [])
        wide = max(
            stage_table().shape[1], *(table.shape[1] for table in embeddings.values()), *_lookup_widths()
        )
        self._narrow, self._wide = Bank(NARROW), Bank(wide)
        shown = self._add_numbers()
        geometry, relation = self._add_terms(geometry_terms()), self._add_terms(relation_terms())
        held = self._add_held()
        self._add_flags()
        self._add_lookups(narrow=True)
        self._add_lookups(narrow=False)
        self._add_ids(embeddings)
        self._add_stage()
        codes = len(self._columns) - shown - geometry - relation - held
        self._raw_sizes = (shown + geometry + relation, held, codes)
        self._number_sizes = (shown, geometry, relation)
        self._code_sizes = (len(self._narrow.first), len(self._wide.first))
        self.places = self._number_places + [place for row in self._narrow.places for place in row]
        self.places += [place for row in self._wide.places[:-1] for place in row]
        self.places += [self._dense[who + name] for who in (ME, OTHER) for name in GEOMETRY_DIMS]
        self.places += [self._dense[ME + name] for name in RELATION_DIMS]
        self.geometry, self.relation = Geometry(wide), Relation()
        self._keep_tables(shown + geometry + relation)

    def forward(self, rows: Tensor, viewpoint: Tensor) -> tuple[list[Tensor], Tensor]:
        """(B, R) uint8, (B,) int64 -> numbers (B, F) in parts to be joined, and the held input's code (B, 81)."""
        get = self.get_buffer
        low, high = rows.gather(1, get("bytes")[viewpoint]).float().split(sum(self._raw_sizes), dim=1)
        raw = low + high * get("factor")
        raw = torch.where(raw >= get("wraps"), raw - 65536, raw)
        stored, held, codes = raw.split(self._raw_sizes, dim=1)
        numbers = torch.addcmul(get("shift"), stored, get("scale"))
        shown, geometry, relation = numbers.split(self._number_sizes, dim=1)
        index = torch.minimum(codes, get("last")) + get("offset")[viewpoint]
        narrow_index, wide_index = index.long().split(self._code_sizes, dim=1)
        narrow = get("narrow")[narrow_index].flatten(1)
        wide, stage = get("wide")[wide_index].split((self._code_sizes[1] - 1, 1), dim=1)
        relation = self.relation(relation, narrow.index_select(1, get("airborne")))
        geometry = self.geometry(geometry.reshape(-1, 2, self._number_sizes[1] // 2), stage)
        in_bin = ((held >= get("bin_first")) & (held <= get("bin_last"))).float()
        parts = [shown, narrow, wide.flatten(1), geometry.flatten(1), relation]
        return parts, torch.cat((narrow[:, : len(BUTTONS)], in_bin), dim=1)

    def _buffer(self, name: str, values: Any, dtype: type = np.float32) -> None:
        self.register_buffer(name, torch.from_numpy(np.array(values, dtype)), persistent=False)

    def _keep_tables(self, num_numbers: int) -> None:
        columns = self._columns
        read = np.array([columns.low, columns.high]).reshape(-1)
        self._buffer("bytes", np.stack([read, self._swapped()[read]]), np.int64)
        self._buffer("factor", columns.factor)
        self._buffer("wraps", columns.wraps)
        self._buffer("scale", columns.scale[:num_numbers])
        self._buffer("shift", columns.shift[:num_numbers])
        self._buffer("last", self._last)
        self._buffer("offset", self._offset)
        self.register_buffer("narrow", self._narrow.values(), persistent=False)
        self.register_buffer("wide", self._wide.values(), persistent=False)

    def _place(self, who: str, block: BlockName, column: int) -> int:
        """Where in a row, seen from the first player, the (first) byte of a stored column lies."""
        row, size = self.features.row_dtype, BLOCK_DTYPES[block].itemsize
        side, name = block.split("_")
        if side == "shared":
            struct, start = row["shared"], _offset(row, "shared")
        else:
            struct = row["players"].subdtype[0]  # type: ignore[index]
            start = struct.itemsize * (ME, OTHER).index(who)
        return start + _offset(struct, name) + size * column

    def _swapped(self) -> Any:
        """(R,) which byte stands where another does when the second player is self."""
        size = self.features.row_dtype["players"].subdtype[0].itemsize  # type: ignore[index]
        order = np.arange(self.features.row_dtype.itemsize)
        order[: 2 * size] = np.roll(order[: 2 * size], size)
        return order

    def _features(self, kind: type) -> list[tuple[str, Feature]]:
        """Features of a kind of encoding, with whose they are."""
        scopes: tuple[tuple[str, tuple[Scope, ...]], ...] = (
            (ME, ("player", "self")), (OTHER, ("player",)), ("", ("shared",)),
        )  # fmt: skip
        return [
            (who, feature)
            for who, wanted in scopes
            for feature in self.features.features
            if feature.scope in wanted and isinstance(feature.encoding, kind)
        ]

    def _add_number(self, term: Term) -> None:
        """Read a stored number as its dim is scaled."""
        if term == NOTHING:
            self._columns.add(0, scale=0.0)
            return
        who, name, sign = term
        slot = self.features.slots[name]
        scale, shift = (
            sign * float(part[slot.column]) for part in scale_and_shift(self.features, slot.block)
        )
        low = self._place(who, slot.block, slot.column)
        wide = slot.block.endswith("scalars")
        self._columns.add(low, low + 1 if wide else None, signed=wide, scale=scale, shift=shift)

    def _add_numbers(self) -> int:
        """Every number that is a dim."""
        found = self._features(Number)
        self._number_places = [self._dense[who + feature.name] for who, feature in found]
        return self._add_terms([(who, feature.name, 1) for who, feature in found])

    def _add_terms(self, terms: list[Term]) -> int:
        for term in terms:
            self._add_number(term)
        return len(terms)

    def _add_held(self) -> int:
        """Sticks and shoulder that self holds: a column a bin, and which stored values fall into it."""
        first, last = [], []
        bins: list[tuple[str, Any, int]] = [(name, STICK_BIN_OF_UNIT, STICK_UNIT) for name in STICKS]
        for name, bin_of_unit, zero in (*bins, ("shoulder", SHOULDER_BIN_OF_UNIT, 0)):
            slot = self.features.slots[f"input.{name}"]
            low, wide = self._place(ME, slot.block, slot.column), name != "shoulder"
            for number in range(int(bin_of_unit.max()) + 1):
                self._columns.add(low, low + 1 if wide else None, signed=wide)
                units = np.flatnonzero(bin_of_unit == number) - zero
                first.append(units[0])
                last.append(units[-1])
        self._buffer("bin_first", first)
        self._buffer("bin_last", last)
        return len(first)

    def _add_code(
        self, code: Code, bank: Bank, first: int, last: int, places: list[int], second: int = 0
    ) -> None:
        """Read a code that names a row of a table, `last` at most; the second player's rows come `second` later."""
        low = self._place(*code)
        self._columns.add(low, low + 1 if code[1] == "player_ids" else None)
        self._last.append(last)
        for side, more in zip(self._offset, (0, second), strict=True):
            side.append(first + more)
        bank.look_up(first, places)

    def _add_flags(self) -> None:
        """Bytes of flags. Self's buttons come first: they are the beginning of an input's code."""
        slots, columns = self.features.slots, self.features.columns
        players: BlockName = "player_codes"
        buttons = slots["input.button_a"].column
        others = set(range(first_flag_byte(columns[players]), len(columns[players]))) - {buttons}
        order: list[Code] = [(ME, players, buttons)]
        order += [(who, players, byte) for who in (ME, OTHER) for byte in sorted(others)]
        shared: BlockName = "shared_codes"
        order += [
            ("", shared, byte) for byte in range(first_flag_byte(columns[shared]), len(columns[shared]))
        ]
        places = {code: [UNUSED] * 8 for code in order}
        for who, feature in self._features(Flag):
            slot = slots[feature.name]
            places[who, slot.block, slot.column][cast(int, slot.bit)] = self._dense[who + feature.name]
        table = self._narrow.add((torch.arange(256)[:, None] >> torch.arange(8)) & 1)
        for code in order:
            self._add_code(code, self._narrow, table, 255, places[code])
        slot = slots["airborne"]
        bits = [
            NARROW * order.index((who, slot.block, slot.column)) + cast(int, slot.bit) for who in (OTHER, ME)
        ]
        self._buffer("airborne", np.repeat(bits, 2), np.int64)

    def _add_lookups(self, *, narrow: bool) -> None:
        """Codes that tables say something of; what several tables say of one code lies side by side."""
        of_code: dict[Code, list[tuple[str, Feature, Lookup]]] = {}
        for who, feature in self._features(Lookup):
            encoding = cast(Lookup, feature.encoding)
            slot = self.features.slots[encoding.of or feature.name]
            of_code.setdefault((who, slot.block, slot.column), []).append((who, feature, encoding))
        bank = self._narrow if narrow else self._wide
        known: dict[tuple[str, ...], int] = {}
        for code, found in of_code.items():
            names = tuple(encoding.table for _, _, encoding in found)
            tables = [TABLES[name].values for name in names]
            if (sum(table.shape[1] for table in tables) <= NARROW) != narrow:
                continue
            is_sided = any(encoding.sided for _, _, encoding in found)
            if names not in known:
                signs = [np.float32(-1 if encoding.sided else 1) for _, _, encoding in found]
                sides = [tables, [table * sign for table, sign in zip(tables, signs, strict=True)]]
                both = [torch.from_numpy(np.concatenate(side, axis=1)) for side in sides]
                known[names] = bank.add(torch.cat(both) if is_sided else both[0])
            places = [self._dense[who + dim] for who, feature, _ in found for dim in feature.dims]
            num_codes = len(tables[0])
            self._add_code(code, bank, known[names], num_codes - 1, places, num_codes if is_sided else 0)

    def _add_ids(self, embeddings: Mapping[IdKind, Tensor]) -> None:
        """Ids with their learned vectors."""
        first = {kind: self._wide.add(table) for kind, table in embeddings.items()}
        place = len(self._dense)
        for index, kind in zip(self.features.id_dims, id_kinds(self.features), strict=True):
            name, feature = self.features.dims[index]
            slot, size = self.features.slots[feature.name], embeddings[kind].shape[1]
            code = (name.removesuffix(feature.name), slot.block, slot.column)
            self._add_code(code, self._wide, first[kind], NUM_IDS[kind], list(range(place, place + size)))
            place += size

    def _add_stage(self) -> None:
        """What the formulas know of the stage; the last code, because it is no input of the policy's."""
        slot = self.features.slots["stage"]
        first = self._wide.add(stage_table())
        self._add_code(("", slot.block, slot.column), self._wide, first, STAGE_CODES - 1, [])


def _lookup_widths() -> list[int]:
    return [table.values.shape[1] for table in TABLES.values()]


def _offset(struct: np.dtype[Any], name: str) -> int:
    return int(cast(Any, struct.fields)[name][1])
