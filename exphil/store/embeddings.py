"""Feature blocks in Zarr v3: one group a part, one array a block, columns contiguous inside a chunk.

A chunk holds `CHUNK_ROWS` game frames of a block, transposed, so that each column is one stretch of bytes in time
order before Zstandard sees it: constant columns vanish. Codec and chunk were chosen by `benchmarks/codecs.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zarr
from numpy.typing import NDArray
from zarr.codecs import TransposeCodec, ZstdCodec

from exphil.errors import StoreError, UsageError
from exphil.features import BlockName
from exphil.store import paths
from exphil.store.store import Store

CHUNK_ROWS = 16_384
ZSTD_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Run:
    """Contiguous rows of one game.

    Attributes:
        replay_id: whose.
        first_port: port of `players[0]`, the lower one.
        second_port: port of `players[1]`.
        first_frame: frame id of the first row.
        num_rows: frames.
        row_offset: first row within the part.
    """

    replay_id: str
    first_port: int
    second_port: int
    first_frame: int
    num_rows: int
    row_offset: int


@dataclass(frozen=True, slots=True)
class EmbeddingPart:
    """A part opened for reading: arrays load on slicing."""

    blocks: Mapping[str, Any]
    runs: tuple[Run, ...]

    @property
    def num_rows(self) -> int:
        return sum(run.num_rows for run in self.runs)


def write_part(
    folder: Path,
    blocks: Mapping[BlockName, NDArray[np.generic]],
    runs: Sequence[Run],
    attributes: Mapping[str, Any],
) -> int:
    """Write one part.

    Args:
        folder: the group's folder, which must not exist.
        blocks: arrays of shape (rows, ...), the same number of rows in each.
        runs: which rows are whose.
        attributes: kept with the group (fingerprint, column names, audit).

    Returns:
        Bytes on disk.
    """
    group = zarr.create_group(store=folder, attributes={**attributes, "runs": [asdict(run) for run in runs]})
    for name, block in blocks.items():
        group.create_array(
            name,
            data=None,
            shape=block.shape,
            dtype=block.dtype,
            chunks=(min(CHUNK_ROWS, max(1, len(block))), *block.shape[1:]),
            filters=[TransposeCodec(order=(*range(1, block.ndim), 0))],
            compressors=[ZstdCodec(level=ZSTD_LEVEL)],
            fill_value=0,
        )[...] = block
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def read_part(folder: Path) -> EmbeddingPart:
    """Open one part.

    Raises:
        StoreError: it is missing or damaged.
    """
    try:
        group = zarr.open_group(folder, mode="r")
        recorded: Any = group.attrs["runs"]
        runs = tuple(Run(**run) for run in recorded)
        return EmbeddingPart(dict(group.arrays()), runs)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{folder} cannot be read ({error}); run `exphil materialize embeddings` again"
        ) from error


def read_attributes(folder: Path) -> dict[str, Any]:
    """The group's attributes alone, without importing what reads arrays."""
    content = json.loads((folder / "zarr.json").read_bytes())
    return dict(content["attributes"])


def read_game(store: Store, replay_id: str) -> tuple[dict[str, np.ndarray], list[Run]]:
    """The feature blocks of one game.

    Returns:
        Blocks of the game's rows alone, and its runs, whose `row_offset` counts within those rows.

    Raises:
        UsageError: the store has no such game, or it is none of two players.
    """
    from exphil.features import V1

    files = store.table_paths("replays")
    known = pl.scan_parquet(files).filter(replay_id=replay_id, status="ok") if files else None
    batches = [] if known is None else known.select("batch").collect()["batch"].to_list()
    if not batches:
        raise UsageError(
            f'{store.root} has no game {replay_id}: `exphil sql "SELECT replay_id, path FROM replays"` lists them'
        )
    for part in store.manifest.of("embeddings", batches[0]):
        opened = read_part(paths.embeddings_part(store.root, V1.name, part.name))
        runs = [run for run in opened.runs if run.replay_id == replay_id]
        if runs:
            first = min(run.row_offset for run in runs)
            last = max(run.row_offset + run.num_rows for run in runs)
            blocks = {name: array[first:last] for name, array in opened.blocks.items()}
            return blocks, [replace(run, row_offset=run.row_offset - first) for run in runs]
    raise UsageError(
        f"game {replay_id} has no embeddings: features are of two players;"
        " `exphil materialize embeddings` builds those that are missing"
    )
