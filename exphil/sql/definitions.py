"""Every statement that defines the tables, views and functions of a store: what a connection or a catalog runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pyarrow.parquet as pq

from exphil import schema
from exphil.errors import StoreError
from exphil.schema import Column, Table
from exphil.sql.macros import MACROS
from exphil.sql.names import Row
from exphil.sql.quoting import quoted_name, quoted_text
from exphil.sql.tables import FIXED_ROWS, PEOPLE, told
from exphil.sql.view import View
from exphil.sql.views import VIEWS

SQL_TYPES: Final = {
    "bool": "BOOLEAN",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "date32": "DATE",
    "timestamp[us]": "TIMESTAMP",
}


def definitions(paths: Mapping[str, Sequence[str]], people: Iterable[tuple[str, str]] = ()) -> Iterator[str]:
    """Statements in order, each without its semicolon: what can be asked, then what is said of it.

    Args:
        paths: committed Parquet parts by table of `exphil.schema`; a table without any has no rows.
        people: pairs of person and connect code.
    """
    yield from objects(paths, people)
    yield from comments()


def objects(paths: Mapping[str, Sequence[str]], people: Iterable[tuple[str, str]] = ()) -> Iterator[str]:
    """Statements that make the tables, views and functions."""
    for table in schema.TABLES:
        yield _over_parts(table, paths.get(table.name, ()))
    yield from _filled(PEOPLE, people)
    for table, rows in FIXED_ROWS:
        yield from _filled(table, rows())
    for macro in MACROS:
        yield f"CREATE MACRO {macro.call} AS {macro.sql}"
    for view in VIEWS:
        yield f"CREATE VIEW {quoted_name(view.name)} AS SELECT {_select_list(view)} {view.source}"


def comments() -> Iterator[str]:
    """Statements that say what each of them holds, column by column: half of the time that all of them take."""
    for table in (*schema.TABLES, *(view.table for view in VIEWS)):
        yield from _comments(table, "VIEW")
    for table in (PEOPLE, *(table for table, _ in FIXED_ROWS)):
        yield from _comments(table, "TABLE")
    for macro in MACROS:
        yield f"COMMENT ON MACRO {quoted_name(macro.name)} IS {quoted_text(macro.doc)}"


def _over_parts(table: Table, paths: Sequence[str]) -> str:
    """DDL of one view; a table without parts has no rows and the same typed columns.

    Parts that an earlier version made may lack columns. Batches are renewed in order, so the first and the last part
    tell: they differ while a renewal is under way.
    """
    if not paths:
        nothing = ", ".join(_null(column) for column in table.columns)
        return f"CREATE VIEW {quoted_name(table.name)} AS SELECT {nothing} WHERE false"
    of_first, of_last = (_columns_of(path) for path in (paths[0], paths[-1]))
    columns = ", ".join(
        quoted_name(column.name) if column.name in of_first | of_last else _null(column)
        for column in table.columns
    )
    parts = f"[{', '.join(map(quoted_text, paths))}]"
    differ = ", union_by_name = true" if of_first != of_last else ""
    return f"CREATE VIEW {quoted_name(table.name)} AS SELECT {columns} FROM read_parquet({parts}{differ})"


def _columns_of(path: str) -> frozenset[str]:
    """Columns of a part.

    Raises:
        StoreError: it is gone, or no Parquet file.
    """
    try:
        return frozenset(pq.read_schema(path).names)
    except FileNotFoundError as error:
        raise StoreError(f"{path} is gone; if a run just replaced it, ask again") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {' '.join(str(error).split())}") from error


def _filled(table: Table, rows: Iterable[Row]) -> Iterator[str]:
    columns = ", ".join(f"{quoted_name(column.name)} {SQL_TYPES[column.type]}" for column in table.columns)
    yield f"CREATE TABLE {quoted_name(table.name)} ({columns})"
    by_column = list(zip(*rows, strict=True))
    if by_column:
        yield f"INSERT INTO {quoted_name(table.name)} SELECT {', '.join(map(_lines, by_column))}"


def _lines(values: Sequence[str | float | None]) -> str:
    """A column of values as lines of one text, none of them empty: VALUES take ten times as long to read."""
    text = "\n".join("" if value is None else str(value) for value in values)
    return f"nullif(unnest(string_split({quoted_text(text)}, chr(10))), '')"


def _select_list(view: View) -> str:
    """Each column with its declared type: a cast to the type that it has costs nothing."""
    return ", ".join(
        f"({made.sql})::{SQL_TYPES[made.column.type]} AS {quoted_name(made.column.name)}"
        for made in view.columns
    )


def _comments(table: Table, kind: str) -> Iterator[str]:
    yield f"COMMENT ON {kind} {quoted_name(table.name)} IS {quoted_text(table.doc)}"
    for column in table.columns:
        name = f"{quoted_name(table.name)}.{quoted_name(column.name)}"
        yield f"COMMENT ON COLUMN {name} IS {quoted_text(told(column))}"


def _null(column: Column) -> str:
    return f"NULL::{SQL_TYPES[column.type]} AS {quoted_name(column.name)}"
