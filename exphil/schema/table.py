"""What a column and a table are, and their Arrow schema."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `type` is an Arrow type's name (`float`, `uint8`, ...), `unit` empty for ids and flags."""

    name: str
    type: str
    doc: str
    unit: str = ""
    since: Version | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `asset` is the Dagster asset (and folder) it belongs to, `key` what identifies a row."""

    name: str
    asset: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    doc: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def arrow_schema(table: Table, *, encoded: bool = False) -> "pa.Schema":
    """The table's columns as Arrow fields, each with its doc, unit and first version as metadata.

    `encoded` makes `replay_id` a dictionary of strings: in memory a game's rows share one string.
    """
    import pyarrow as pa

    fields = []
    for column in table.columns:
        type = pa.type_for_alias(column.type)
        if encoded and column.name == "replay_id":
            type = pa.dictionary(pa.int32(), type)
        fields.append(pa.field(column.name, type, metadata=_metadata(column)))
    return pa.schema(fields, metadata={"doc": table.doc, "key": ",".join(table.key)})


def _metadata(column: Column) -> dict[str, str]:
    since = ".".join(map(str, column.since)) if column.since else ""
    return {
        key: value for key, value in (("doc", column.doc), ("unit", column.unit), ("since", since)) if value
    }
