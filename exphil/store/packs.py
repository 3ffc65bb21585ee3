"""Memory-mapped packs: rows of every eligible game, both players in a row, ready to be gathered as windows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exphil.errors import FingerprintError, StoreError
from exphil.store import paths
from exphil.store.embeddings import Run
from exphil.store.store import Store

RUN_SCHEMA = pa.schema(
    [
        ("part", pa.int32()),
        ("replay_id", pa.string()),
        ("first_port", pa.uint8()),
        ("second_port", pa.uint8()),
        ("first_frame", pa.int32()),
        ("num_rows", pa.int32()),
        ("row_offset", pa.int64()),
    ]
)


def write_runs(file: Path, runs: Sequence[Run]) -> None:
    """Write which rows of a pack are whose; `part` is filled in when packs are opened together."""
    rows = [{"part": 0, **asdict(run)} for run in runs]
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, RUN_SCHEMA), file)


@dataclass(frozen=True, slots=True)
class Packs:
    """All parts of the pack, opened together.

    Attributes:
        parts: memory maps of uint8, shape (rows, row bytes); `V1.row_dtype` tells what the bytes are.
        files: where they lie, for a process that maps them itself.
        runs: columns of `RUN_SCHEMA`; `part` indexes `parts`.
        fingerprint: of the feature table that made the rows.
    """

    parts: tuple[np.ndarray, ...]
    files: tuple[Path, ...]
    runs: pa.Table
    fingerprint: str

    @classmethod
    def open(cls, store: Store) -> "Packs":
        """Map every committed part.

        Raises:
            StoreError: there is none yet.
            FingerprintError: the parts were made with another feature table; the message names the rows.
        """
        from exphil.features import V1, describe_mismatch

        made = store.manifest.of("packs")
        if not made:
            raise StoreError(f"{store.root} has no packs: build them with `exphil materialize packs`")
        for part in made:
            if part.stats["fingerprint"] != V1.fingerprint:
                recorded = store.manifest.feature_sets.get(str(part.stats["fingerprint"]), "")
                raise FingerprintError(
                    f"the packs in {store.root} were made with another feature table"
                    f" ({describe_mismatch(recorded)}); run `exphil materialize packs` to build them anew"
                )
        maps, files, runs = [], [], []
        for index, part in enumerate(made):
            file = paths.pack_part(store.root, V1.name, part.name)
            maps.append(_map(file, part.rows["rows"], V1.row_dtype.itemsize))
            files.append(file)
            table = pq.ParquetFile(paths.pack_runs(store.root, V1.name, part.name)).read().cast(RUN_SCHEMA)
            runs.append(table.set_column(0, "part", pa.array(np.full(len(table), index, np.int32))))
        return cls(tuple(maps), tuple(files), pa.concat_tables(runs), V1.fingerprint)


def _map(file: Path, num_rows: int, row_bytes: int) -> np.ndarray:
    if num_rows == 0:
        return np.empty((0, row_bytes), np.uint8)
    try:
        return np.memmap(file, np.uint8, "r", shape=(num_rows, row_bytes))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file} cannot be mapped ({error}); run `exphil materialize packs` again"
        ) from error
