"""`exphil sql`: ask the store."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from exphil.cli.options import StoreOption
from exphil.errors import UsageError

if TYPE_CHECKING:
    from exphil.store.store import Store

Format = Literal["table", "csv", "json", "parquet"]


def sql(
    query: str | None = None,
    /,
    *,
    store: StoreOption = None,
    format: Format | None = None,
    output: Path | None = None,
    limit: Annotated[int, Parameter(show_default=True)] = 100,
    write_catalog: Annotated[Path | None, Parameter(show_default=False)] = None,
) -> None:
    """Ask the store in SQL (DuckDB's dialect).

    Without a query on a terminal: a prompt, with history (EXPHIL_HISTORY, else the user's state folder) and
    completion. Without a query in a pipe: what is piped in; else the tables and their columns. A query only reads,
    and reads only the tables.

    For example:

        exphil sql
        exphil sql "SELECT mode, count(*) AS games FROM replays GROUP BY mode"
        exphil sql "FROM players WHERE character_name = 'FOX'" --output fox.csv
        exphil sql < question.sql
        exphil sql --write-catalog melee.duckdb

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
    write_catalog
        Write a file (NAME.duckdb, or a script NAME.sql) through which the DuckDB program, a notebook or another
        tool sees the same tables, views and functions. It is of the store as it is now: write it again, over the
        old one, after the store has changed.
    """
    if limit < 1:
        raise UsageError(f"--limit is {limit}; it must be at least 1")
    if write_catalog is not None:
        if query is not None or format is not None or output is not None:
            raise UsageError(
                "--write-catalog writes a file of its own: leave out the query, --format and --output"
            )
        _write_catalog(_opened(store), write_catalog)
        return
    if query is None and sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        _prompt(_opened(store), format, output, limit)
        return
    asked = query if query is not None else _piped()
    if asked is None:
        from exphil.cli.prompt.listing import print_tables

        print_tables(_chosen(format, output))
        return
    _answer(_opened(store), asked, _chosen(format, output), output, limit)


def _opened(given: Path | None) -> "Store":
    from exphil.config.roots import store_root
    from exphil.store.store import Store

    return Store.open(store_root(given))


def _answer(store: "Store", query: str, format: Format, output: Path | None, limit: int) -> None:
    from exphil.cli import formats
    from exphil.cli.output import note
    from exphil.cli.prompt.hints import missing_statistics
    from exphil.sql.database import Database

    with Database(store) as database:
        answer = database.query(query)
        if hint := missing_statistics(store, query):
            note(hint)
        if format == "table":
            _, more = formats.show(answer.schema, answer, limit)
            if more:
                note(f"only the first {limit} rows; --limit shows more, --format csv|json|parquet writes all")
            return
        count = formats.write(answer.schema, answer, format, output)
    if output is not None:
        note(f"{output}: {count} rows")


def _prompt(store: "Store", format: Format | None, output: Path | None, limit: int) -> None:
    from exphil.cli.prompt.session import Session
    from exphil.cli.prompt.terminal import ask

    if output is not None:
        _chosen(format, output)
    ask(Session(store, format or "table", limit, output))


def _write_catalog(store: "Store", file: Path) -> None:
    from exphil.cli.output import note
    from exphil.sql.catalog import write_catalog

    write_catalog(store, file)
    how = f"duckdb -readonly {file}" if file.suffix.lower() == ".duckdb" else f"duckdb -init {file}"
    note(
        f"{file}: open it with `{how}`, or any program that speaks DuckDB; write it again when the store changes"
    )


def _piped() -> str | None:
    """The query that was piped in; None where nothing was."""
    try:
        text = sys.stdin.read() if sys.stdin is not None and not sys.stdin.isatty() else ""
    except OSError:
        return None
    text = text.removeprefix("\ufeff")  # PowerShell's
    return text if text.strip() else None


def _chosen(format: Format | None, output: Path | None) -> Format:
    """The format asked for, else as the file's name ends, else a table.

    Raises:
        UsageError: a table to a file, or a name that tells no format.
    """
    from exphil.cli import formats

    chosen = format or (formats.by_name(output) if output is not None and output.suffix else "table")
    if chosen is None and output is not None:
        raise UsageError(f"--output ends in {output.suffix.lower()}: choose --format csv, json or parquet")
    if chosen is None or (chosen == "table" and output is not None):
        raise UsageError("a table is for reading: with --output choose --format csv, json or parquet")
    return chosen
