"""A catalog: one file with the store's views, functions, names and comments, for any program that speaks DuckDB.

`NAME.duckdb` is a database that holds no game itself, only where the committed parts lie; `NAME.sql` is a script of
the same statements. A catalog is of one snapshot: it does not see what is added to the store afterwards, and a part
that a later run replaces is gone for it too. Then it is written again, over the old one.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from exphil import __version__, schema
from exphil.errors import StoreError, UsageError
from exphil.sql.definitions import definitions
from exphil.sql.people import read_people
from exphil.sql.quoting import quoted_name, quoted_text
from exphil.store.atomic import move_into_place, sync_file, write_bytes, write_errors
from exphil.store.store import Store

SUFFIXES: Final = (".duckdb", ".sql")

SOURCE_TABLE: Final = "catalog_source"
"""Says which store a catalog is of; only a file that has it is overwritten."""

_FIRST_LINE: Final = "-- A catalog that `exphil sql --write-catalog` wrote: statements for DuckDB."

_STORAGE: Final = "v1.0.0"
"""The oldest format of database files that holds all of it: older programs can open the catalog."""


def write_catalog(store: Store, file: Path) -> None:
    """Write the catalog of the store's snapshot; over an earlier catalog, and over nothing else.

    Raises:
        UsageError: the name ends in neither `.duckdb` nor `.sql`, or the file is something else.
        StoreError: it cannot be written.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"--write-catalog {file}: name a file that ends in .duckdb or .sql")
    if not file.parent.is_dir():
        raise UsageError(f"--write-catalog {file}: there is no folder {file.parent}")
    if not os.access(file.parent, os.W_OK):
        raise UsageError(f"--write-catalog {file}: the folder is read-only for this user; name another")
    if file.exists() and not _is_catalog(file):
        raise UsageError(
            f"--write-catalog {file}: the file exists and is no catalog; name another, or delete it"
        )
    statements = ";\n".join(_statements(store))
    if suffix == ".sql":
        write_bytes(file, f"{_FIRST_LINE}\n{statements};\n".encode())
    else:
        _write_database(file, statements)


def _statements(store: Store) -> Iterator[str]:
    root = store.root.resolve()
    paths = {
        table.name: [str(Path(path).resolve()) for path in store.table_paths(table.name)]
        for table in schema.TABLES
    }
    yield from definitions(paths, read_people(root))
    name = quoted_name(SOURCE_TABLE)
    now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    yield (
        f"CREATE TABLE {name} AS SELECT {quoted_text(str(root))} AS store,"
        f" TIMESTAMP {quoted_text(now)} AS written_at, {quoted_text(__version__)} AS exphil_version"
    )
    yield f"COMMENT ON TABLE {name} IS 'Which store this is a catalog of, and when (UTC) it was written.'"


def _write_database(file: Path, statements: str) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with write_errors(file):
            with duckdb.connect(":memory:") as connection:
                connection.execute(
                    f"ATTACH {quoted_text(str(partial))} AS catalog (STORAGE_VERSION {quoted_text(_STORAGE)})"
                )
                connection.execute("USE catalog")
                # in one transaction: each of its own would wait for the disk, a second for some hundred
                connection.execute(f"BEGIN TRANSACTION;\n{statements};\nCOMMIT")
                connection.execute("USE memory; DETACH catalog")
            sync_file(partial)
            _log_of(file).unlink(missing_ok=True)  # of the old file: DuckDB would replay it into the new one
        move_into_place(partial, file)
    except duckdb.Error as error:
        raise StoreError(f"{file} could not be written: {' '.join(str(error).split())}") from error
    finally:
        for leftover in (partial, _log_of(partial)):
            leftover.unlink(missing_ok=True)


def _is_catalog(file: Path) -> bool:
    if not file.is_file():
        return False
    if file.suffix.lower() == ".sql":
        with file.open("rb") as text:
            return text.read(len(_FIRST_LINE)) == _FIRST_LINE.encode()
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            found = connection.execute(
                "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [SOURCE_TABLE]
            ).fetchone()
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise StoreError(f"{file} is open for writing in another program; close it there") from error
        return False
    return found is not None and found[0] == 1


def _log_of(file: Path) -> Path:
    """DuckDB's write-ahead log of a database file."""
    return file.with_name(f"{file.name}.wal")
