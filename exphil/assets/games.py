"""Parts of `frames` read back, game by game."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exphil import schema


def by_game(file: Path, table: schema.Table, wanted: Collection[str]) -> Mapping[str, pa.Table]:
    """A part's key and `wanted` columns, sliced by game; a game without rows has an empty table."""
    columns = [name for name in table.names if name in table.key or name in wanted]
    if not file.exists():
        empty = schema.arrow_schema(table).empty_table().select(columns)
        return defaultdict(lambda: empty)
    # ParquetFile, not read_table: that one imports pandas where it is installed, half a second a worker.
    whole = pq.ParquetFile(file, read_dictionary=["replay_id"]).read(columns).combine_chunks()
    codes = whole["replay_id"].combine_chunks().indices.to_numpy()
    names = whole["replay_id"].combine_chunks().dictionary.to_pylist()
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    empty = whole.slice(0, 0)
    slices: defaultdict[str, pa.Table] = defaultdict(lambda: empty)
    for first, last in pairwise(edges):
        if first < last:
            slices[names[codes[first]]] = whole.slice(first, last - first)
    return slices
