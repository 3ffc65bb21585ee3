"""`exphil sql`: ask the store."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from exphil.cli.options import StoreOption
from exphil.errors import UsageError


def sql(
    query: str | None = None,
    /,
    *,
    store: StoreOption = None,
    format: Literal["table", "csv", "json", "parquet"] | None = None,
    output: Path | None = None,
    limit: Annotated[int, Parameter(show_default=True)] = 100,
) -> None:
    """Ask the store in SQL (DuckDB's dialect).

    Without a query: the tables and their columns. The query only reads, and reads only the tables.

    For example:

        exphil sql
        exphil sql "SELECT mode, count(*) AS games FROM replays GROUP BY mode"
        exphil sql "FROM players WHERE character_name = 'FOX'" --output fox.csv

    Parameters
    ----------
    query
        One query: SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, ...
    format
        How to print the answer; by default as --output ends, else a table.
    output
        File to write the answer to.
    limit
        Most rows that a table shows.
    """
    chosen = format or _by_suffix(output)
    if chosen == "table" and output is not None:
        raise UsageError("a table is for reading: with --output choose --format csv, json or parquet")
    if limit < 1:
        raise UsageError(f"--limit is {limit}; it must be at least 1")
    if query is None:
        _print_tables(chosen)
        return

    from exphil.cli import formats
    from exphil.cli.output import note
    from exphil.config.roots import store_root
    from exphil.sql.database import Database
    from exphil.store.store import Store

    with Database(Store.open(store_root(store))) as database:
        answer = database.query(query)
        if chosen == "table":
            formats.show(answer.schema, answer, limit)
            return
        count = formats.write(answer.schema, answer, chosen, output)
    if output is not None:
        note(f"{output}: {count} rows")


def _by_suffix(output: Path | None) -> Literal["table", "csv", "json", "parquet"]:
    match output.suffix.lower() if output is not None else "":
        case ".csv":
            return "csv"
        case ".json":
            return "json"
        case ".parquet":
            return "parquet"
        case "":
            return "table"
        case other:
            raise UsageError(f"--output ends in {other}: choose --format csv, json or parquet")


def _print_tables(format: str) -> None:
    """The tables and their columns, from the schema."""
    from exphil.cli.output import json_document, say, table
    from exphil.sql.tables import TABLES, told

    if format == "json":
        json_document(
            [
                {
                    "table": found.name,
                    "doc": found.doc,
                    "columns": [{"name": c.name, "type": c.type, "doc": told(c)} for c in found.columns],
                }
                for found in TABLES
            ]
        )
        return
    for found in TABLES:
        say(f"{found.name}: {found.doc}")
        table(("column", "type", "meaning"), [(c.name, c.type, told(c)) for c in found.columns])
        say()
