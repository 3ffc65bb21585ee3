"""A store of rows written by hand: the tables that a test names, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exphil import schema
from exphil.reports.asking import Ask
from exphil.sql.database import Database

Rows = Sequence[Mapping[str, Any]]


@dataclass
class Tables:
    """Parquet files of tables by name, as a database reads them."""

    files: dict[str, str] = field(default_factory=dict)

    def table_paths(self, table: str) -> list[str]:
        return [self.files[table]] if table in self.files else []


def written(folder: Path, rows: Mapping[str, Rows]) -> Tables:
    """Write tables; a column that a row leaves out is null."""
    tables = Tables()
    for name, found in rows.items():
        table = next(table for table in schema.TABLES if table.name == name)
        file = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist([dict(row) for row in found], schema.arrow_schema(table)), file)
        tables.files[name] = str(file)
    return tables


def asked(database: Database) -> Ask:
    """Questions to a database, as reports ask them."""
    return lambda query: database.query(query).read_all().to_pylist()


def game(
    name: str, characters: Sequence[str], *, winner: int | None = None, **replay: Any
) -> dict[str, Rows]:
    """Rows of `replays` and `players` of one game; `winner` is a port."""
    return {
        "replays": [
            {
                "path": f"{name}.slp",
                "replay_id": name,
                "status": "ok",
                "num_players": len(characters),
                "stage_name": "BATTLEFIELD",
                "num_frames": 3600,
                "version": "3.14.0",
                **replay,
            }
        ],
        "players": [
            {
                "replay_id": name,
                "port": port,
                "character_name": character,
                "won": None if winner is None else port == winner,
            }
            for port, character in enumerate(characters, 1)
        ],
    }


def together(parts: Sequence[Mapping[str, Rows]]) -> dict[str, Rows]:
    """Rows of several games by table."""
    return {
        table: [row for part in parts for row in part.get(table, [])]
        for table in dict.fromkeys(name for part in parts for name in part)
    }
