"""How checks read a store's tables: one part after the other, only the columns they ask for."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from exphil import schema
from exphil.store import paths
from exphil.store.store import Store


def read_parts(
    store: Store, table: str, batch: str | None, columns: Sequence[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """A table's parts one after the other: no check holds more than one part of `frames`."""
    for name, file in _files(store, table, batch):
        yield name, pl.read_parquet(file, columns=list(columns))


def read_table(store: Store, table: str, batch: str | None, columns: Sequence[str]) -> pl.DataFrame:
    frames = [rows for _, rows in read_parts(store, table, batch, columns)]
    return pl.concat(frames) if frames else _empty(table, columns)


def _files(store: Store, table: str, batch: str | None) -> Iterator[tuple[str, Path]]:
    asset = _table(table).asset
    for part in store.manifest.of(asset, batch):
        if part.rows.get(table, 0):
            yield part.name, paths.table_part(store.root, asset, table, part.name)


def _table(name: str) -> schema.Table:
    return next(table for table in schema.TABLES if table.name == name)


def _empty(table: str, columns: Sequence[str]) -> pl.DataFrame:
    found = pl.from_arrow(schema.arrow_schema(_table(table)).empty_table())
    assert isinstance(found, pl.DataFrame)
    return found.select(list(columns))


def repeated(rows: pl.DataFrame, key: Sequence[str]) -> list[str]:
    """Keys that occur more than once, in words."""
    if rows.is_empty():
        return []
    twice = rows.group_by(list(key)).len().filter(pl.col("len") > 1)
    return [f"{' '.join(map(str, row[:-1]))} occurs {row[-1]} times" for row in twice.iter_rows()]
