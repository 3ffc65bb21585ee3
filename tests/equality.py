"""What it means that two stores hold the same: every table row by row, every game's features, every game's pack."""

from pathlib import Path

import numpy as np
import polars as pl

from exphil import schema
from exphil.features import V1
from exphil.store import paths
from exphil.store.embeddings import read_part
from exphil.store.packs import Packs
from exphil.store.store import Store

BOOKKEEPING = ("batch",)
"""Columns that may differ between two ways to the same store."""


def tables(store: Store) -> dict[str, pl.DataFrame]:
    """Every table, sorted by its key, bookkeeping aside."""
    found: dict[str, pl.DataFrame] = {}
    for table in schema.TABLES:
        files = store.table_paths(table.name)
        if files:
            whole = pl.concat([pl.read_parquet(file) for file in files])
            found[table.name] = whole.drop([name for name in BOOKKEEPING if name in whole.columns]).sort(
                table.key
            )
    return found


def embeddings(store: Store) -> dict[tuple[str, int], dict[str, np.ndarray]]:
    """Feature blocks by (replay id, first frame)."""
    found: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    for part in store.manifest.of("embeddings"):
        opened = read_part(paths.embeddings_part(store.root, V1.name, part.name))
        for run in opened.runs:
            rows = slice(run.row_offset, run.row_offset + run.num_rows)
            assert (run.replay_id, run.first_frame) not in found
            found[run.replay_id, run.first_frame] = {
                name: array[rows] for name, array in opened.blocks.items()
            }
    return found


def packs(store: Store) -> dict[tuple[str, int], bytes]:
    """Packed rows by (replay id, first frame)."""
    opened = Packs.open(store)
    found: dict[tuple[str, int], bytes] = {}
    for run in opened.runs.to_pylist():
        rows = opened.parts[run["part"]][run["row_offset"] : run["row_offset"] + run["num_rows"]]
        assert (run["replay_id"], run["first_frame"]) not in found
        found[run["replay_id"], run["first_frame"]] = rows.tobytes()
    return found


def assert_same_stores(one: Path, other: Path) -> None:
    """Fail unless both stores hold the same rows everywhere."""
    first, second = Store.open(one), Store.open(other)
    ours, theirs = tables(first), tables(second)
    assert ours.keys() == theirs.keys()
    for name, table in ours.items():
        assert table.equals(theirs[name], null_equal=True), f"{name} differs"
    blocks, other_blocks = embeddings(first), embeddings(second)
    assert blocks.keys() == other_blocks.keys()
    for key, of_run in blocks.items():
        for name, block in of_run.items():
            assert np.array_equal(block, other_blocks[key][name]), f"{name} of {key} differs"
    assert packs(first) == packs(second)
