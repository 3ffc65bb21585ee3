"""A store of random but decodable games, written without a parser: segments and packs alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from exphil import schema
from exphil.features import V1
from exphil.store import paths
from exphil.store.embeddings import Run
from exphil.store.manifest import Part
from exphil.store.packs import write_runs
from exphil.store.store import Store

PART = "b00001-test"


def random_rows(num_rows: int, rng: np.random.Generator) -> npt.NDArray[np.void]:
    """Rows in which both players stand somewhere and press A now and then, long enough to be predictable."""
    rows = np.zeros(num_rows, V1.row_dtype)
    players = rows["players"]
    players["ids"][..., V1.slots["action"].column] = rng.integers(14, 300, (num_rows, 2))
    players["scalars"][..., V1.slots["x"].column] = rng.integers(-500, 500, (num_rows, 2))
    held = np.repeat(rng.integers(0, 2, (num_rows // 8 + 1, 2)), 8, axis=0)[:num_rows]
    players["codes"][..., V1.slots["input.button_a"].column] = held
    return rows


def make_store(
    folder: Path,
    *,
    num_games: int = 10,
    num_frames: int = 300,
    fingerprint: str = V1.fingerprint,
    characters: tuple[str, str] = ("FOX", "MARTH"),
) -> Path:
    """Write a store whose games, of sets of their own, are spread evenly over the split's hash."""
    rng = np.random.default_rng(1)
    store = Store.create(folder)
    games = [f"{game:032x}" for game in range(num_games)]
    rows = np.concatenate([random_rows(num_frames, rng) for _ in games])
    runs = [Run(name, 1, 2, -123, num_frames, num_frames * index) for index, name in enumerate(games)]
    last = -123 + num_frames - 2
    segments = [
        {
            "replay_id": name,
            "port": port,
            "opponent_port": 3 - port,
            "first_frame": -39,
            "last_frame": last,
            "num_frames": last + 40,
            "context_frame": -123,
            "character": characters[port - 1],
            "opponent_character": characters[2 - port],
            "stage": "BATTLEFIELD" if index % 2 else "FINAL_DESTINATION",
            "split": "train",
            "split_key": (index + 0.5) / num_games,
        }
        for index, name in enumerate(games)
        for port in (1, 2)
    ]
    with store.writing() as transaction:
        table = paths.table_part(transaction.staging, "windows", "segments", PART)
        table.parent.mkdir(parents=True)
        types = pa.schema(
            [(column.name, pa.type_for_alias(column.type)) for column in schema.SEGMENTS.columns]
        )
        pq.write_table(pa.Table.from_pylist(segments, schema=types), table)
        pack = paths.pack_part(transaction.staging, V1.name, PART)
        pack.parent.mkdir(parents=True)
        rows.tofile(pack)
        write_runs(paths.pack_runs(transaction.staging, V1.name, PART), runs)
        transaction.change("windows", add=[_part({"segments": len(segments)}, {})])
        transaction.change(
            "packs", add=[_part({"rows": len(rows)}, {"feature_set": V1.name, "fingerprint": fingerprint})]
        )
        transaction.commit()
    return folder


def _part(rows: dict[str, int], stats: dict[str, object]) -> Part:
    return Part(name=PART, batch="b00001", rows=rows, num_bytes=1, made_by="test", stats=stats)
