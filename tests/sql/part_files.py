"""Stands for a store: one Parquet part a table, of rows made by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from exphil import schema

Rows = list[dict[str, object]]


class PartFiles:
    """Tables by name, from rows; columns that a row lacks are null."""

    def __init__(self, folder: Path, tables: dict[str, Rows]) -> None:
        self.paths: dict[str, list[str]] = {}
        for table in schema.TABLES:
            if table.name in tables:
                types = pa.schema([(column.name, pa.type_for_alias(column.type)) for column in table.columns])
                path = folder / f"{table.name}.parquet"
                pq.write_table(pa.Table.from_pylist(tables[table.name], schema=types), path)
                self.paths[table.name] = [str(path)]

    def table_paths(self, table: str) -> list[str]:
        return self.paths.get(table, [])
