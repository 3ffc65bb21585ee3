"""SQL over one snapshot of the store: a DuckDB connection that reads the committed parts and nothing else.

Every table of `exphil.schema` is a view with column comments, also where no part holds rows yet; beside them stand
tables of names, views in people's words, and functions (`exphil.sql.definitions`). What keeps the connection closed,
each tested by attack: file access to the committed parts only, no network, no extension, no Python object by name,
settings locked, queries only.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

import duckdb
import pyarrow as pa

from exphil import schema
from exphil.errors import StoreError
from exphil.sql.definitions import comments, objects
from exphil.sql.guard import readable, require_query
from exphil.sql.listing import LISTED
from exphil.sql.people import read_people
from exphil.sql.quoting import quoted_text

MEMORY_LIMIT: Final = "2GB"
"""What a query may hold in memory; beyond it DuckDB spills to a temporary folder."""

_CATALOG: Final = re.compile("duckdb_|information_schema|pg_")
"""Only queries of DuckDB's own catalog, as `duckdb_columns()`, see comments."""

POLL_SECONDS: Final = 0.2
"""Windows notices Ctrl-C between waits only."""

Result = TypeVar("Result")


class TablePaths(Protocol):
    """What a query needs of a store."""

    def table_paths(self, table: str) -> list[str]:
        """Committed Parquet parts of a table of `exphil.schema`."""
        ...


class Database:
    """A closed, read-only connection; use it as a context manager."""

    def __init__(self, store: TablePaths, memory_limit: str = MEMORY_LIMIT) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="exphil-sql-", ignore_cleanup_errors=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="exphil-sql")
        self._connection = duckdb.connect(":memory:")
        paths = {table.name: store.table_paths(table.name) for table in schema.TABLES}
        self._paths = [path for parts in paths.values() for path in parts]
        self._commented = False
        try:
            # a part of a store, as a report reads it, has no folder of its own
            root = getattr(store, "root", None)
            people = read_people(root) if root is not None else ()
            with _told(self._paths):
                self._connection.execute(";\n".join(objects(paths, people)))
                self._connection.execute(";\n".join(_closing(self._paths, self._spill.name, memory_limit)))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.interrupt()  # an answer that nobody reads on
        self._thread.shutdown()
        self._connection.close()
        self._spill.cleanup()

    def query(self, text: str, batch_rows: int = 65_536) -> "Answer":
        """Answer one query as record batches, computed while they are read.

        Raises:
            UsageError: no query, several, or one that names what does not exist.
            StoreError: a part cannot be read.
        """
        with _told(self._paths):
            require_query(self._connection, text)
            if not self._commented and _CATALOG.search(text.lower()):
                self._connection.execute(";\n".join(comments()))
                self._commented = True
        return Answer(self._do(lambda: self._reader(text, batch_rows)), self._do)

    def _reader(self, text: str, batch_rows: int) -> pa.RecordBatchReader:
        relation = self._connection.sql(text)
        # DuckDB 1.5 renamed it; before, there is only the old name
        to_reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        return to_reader(batch_rows)

    def _do(self, work: Callable[[], Result]) -> Result:
        """Do the work in a thread, so that Ctrl-C reaches this one: DuckDB answers no signal while it computes."""
        done = self._thread.submit(work)
        try:
            while not done.done():
                wait([done], timeout=POLL_SECONDS)
        except KeyboardInterrupt:
            self._connection.interrupt()
            wait([done])
            raise
        with _told(self._paths):
            return done.result()


class Answer:
    """The record batches of a query, in order, once. `schema` is known before the first batch."""

    def __init__(self, reader: pa.RecordBatchReader, do: Callable[[Callable[[], Any]], Any]) -> None:
        self._reader = reader
        self._do = do
        self.schema: pa.Schema = reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._do(lambda: next(self._reader, None))) is not None:
            yield batch

    def read_all(self) -> pa.Table:
        """All rows at once."""
        return self._do(self._reader.read_all)


@contextmanager
def _told(paths: Sequence[str]) -> Iterator[None]:
    """Tell DuckDB's errors in our words; `paths` are the parts that the connection reads."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except (duckdb.Error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # a writer may have replaced a part since; DuckDB's own words for that speak of permissions
        if gone := next((path for path in paths if not Path(path).exists()), None):
            raise StoreError(f"{gone} is gone; if a run just replaced it, ask again") from error
        raise readable(error, [table.name for table in LISTED]) from error


def _closing(paths: Sequence[str], spill: str, memory_limit: str) -> list[str]:
    """Settings that close the connection; the last two forbid to open it again."""
    return [
        f"SET allowed_paths = [{', '.join(map(quoted_text, paths))}]",
        f"SET temp_directory = {quoted_text(spill)}",
        f"SET memory_limit = {quoted_text(memory_limit)}",
        f"SET threads = {os.cpu_count() or 1}",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET allow_community_extensions = false",
        "SET allow_persistent_secrets = false",
        "SET python_enable_replacements = false",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ]
