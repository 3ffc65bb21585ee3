"""Columns of one game as numpy arrays, aligned to the frames that are encoded."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Index = slice | NDArray[np.intp]
_WHOLE = slice(None)


class Columns(Protocol):
    """Columns of a table by name; None for one that the replay lacks."""

    def __getitem__(self, name: str, /) -> NDArray[Any] | None: ...


class Rows(Protocol):
    """What features read: `rows[column]` is (num,), and 0 where `rows.get(column)` is None."""

    @property
    def present(self) -> NDArray[np.bool_]: ...

    def __getitem__(self, name: str, /) -> NDArray[Any]: ...

    def get(self, name: str, /) -> NDArray[Any] | None: ...


class TableColumns:
    """Columns of a table as numpy; None for a column that holds nothing but null. Other nulls read as 0."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._columns: dict[str, NDArray[Any] | None] = {}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def names(self) -> list[str]:
        return list(self._table.column_names)

    def is_null(self, name: str) -> bool:
        """Whether the column holds nothing but null."""
        return bool(self._table.column(name).null_count == len(self))

    def where_held(self, names: Sequence[str]) -> NDArray[np.bool_] | None:
        """Rows in which none of the columns is null; None where that is every row."""
        held = None
        for name in names:
            column = self._table.column(name)
            if column.null_count:
                valid = np.asarray(column.is_valid().to_numpy(), bool)
                held = valid if held is None else held & valid
        return held

    def __getitem__(self, name: str) -> NDArray[Any] | None:
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> NDArray[Any] | None:
        column = self._table.column(name)
        nulls = column.null_count
        if nulls == len(column):
            return None
        if nulls:
            column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
        if column.num_chunks == 1:
            return np.asarray(column.chunk(0).to_numpy(zero_copy_only=False))
        return np.asarray(column.to_numpy())


class PlayerRows:
    """One fighter's rows: `rows[column]` is (num,) in frame order, 0 where the fighter or the field is absent."""

    def __init__(
        self, columns: TableColumns, index: Index, place: Index, num: int, stage: int, other_port: int
    ) -> None:
        """`index` picks the fighter's rows of the table, `place` puts them among the num encoded frames."""
        self._columns = columns
        self._index = index
        self._place = place
        self.num = num
        self.stage = stage
        self.other_port = other_port

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.get(name)
        return np.zeros(self.num, np.uint8) if values is None else values

    def get(self, name: str) -> NDArray[Any] | None:
        """None where the replay has no such field, or no such fighter."""
        if self.is_absent:
            return None
        column = self._columns[name]
        if column is None:
            return None
        picked = column[self._index]
        if isinstance(self._place, slice):
            return picked
        placed = np.zeros(self.num, picked.dtype)
        placed[self._place] = picked
        return placed

    @property
    def is_absent(self) -> bool:
        return not isinstance(self._place, slice) and len(self._place) == 0

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Where the fighter has a row."""
        present = np.zeros(self.num, bool)
        present[self._place] = True
        return present


class SharedRows:
    """What belongs to the game, frame by frame; `rows[column]` reads the stage frames."""

    def __init__(
        self,
        columns: Columns,
        index: Index,
        frame: NDArray[np.int32],
        stage: int,
        item_count: NDArray[Any],
    ) -> None:
        self._columns = columns
        self._index = index
        self.frame = frame
        self.num = len(frame)
        self.stage = stage
        self.item_count = item_count

    @property
    def present(self) -> NDArray[np.bool_]:
        return np.ones(self.num, bool)

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.get(name)
        return np.zeros(self.num, np.uint8) if values is None else values

    def get(self, name: str) -> NDArray[Any] | None:
        """None where the replay has no such field. A frame without a row of stage frames reads 0."""
        column = self._columns[name]
        if column is None:
            return None
        if isinstance(self._index, slice):
            return column[self._index]
        values = column[np.maximum(self._index, 0)]
        values[self._index < 0] = 0
        return values


def positions_of(wanted: NDArray[np.int32], among: NDArray[np.int32]) -> Index:
    """Where each wanted id is among sorted ids, -1 for nowhere; the whole slice when both are the same."""
    if len(wanted) == len(among) and np.array_equal(wanted, among):
        return _WHOLE
    if not len(among):
        return np.full(len(wanted), -1, np.intp)
    place = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    place[among[place] != wanted] = -1
    return place
