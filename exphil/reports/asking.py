"""Questions to a store, or to one batch of it, in SQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from exphil import schema
from exphil.store import paths
from exphil.store.store import Store

Ask = Callable[[str], list[dict[str, Any]]]
"""A query to its rows, each a dict by column. Answers are aggregates: they are held whole."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The parts of one batch, for a database over them alone."""

    store: Store
    batch: str

    def table_paths(self, table: str) -> list[str]:
        """Committed Parquet parts of a table; may be empty."""
        asset = next(found.asset for found in schema.TABLES if found.name == table)
        return [
            str(paths.table_part(self.store.root, asset, table, part.name))
            for part in self.store.manifest.of(asset, self.batch)
            if part.rows.get(table, 0)
        ]


@contextmanager
def asking(store: Store, batch: str | None = None) -> Iterator[Ask]:
    """Ask the whole store, or only what one batch holds."""
    from exphil.sql.database import Database

    with Database(store if batch is None else Batch(store, batch)) as database:
        yield lambda query: database.query(query).read_all().to_pylist()
