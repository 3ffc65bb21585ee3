"""Frames become feature blocks: one part of `embeddings` for each part of `frames`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from exphil import schema
from exphil.assets.games import by_game
from exphil.assets.partwise import Staged, build_parts
from exphil.assets.report import Report
from exphil.assets.workers import Workers
from exphil.features import V1, Blocks
from exphil.features.audit import Audit
from exphil.store import paths
from exphil.store.atomic import write_errors
from exphil.store.embeddings import Run, write_part
from exphil.store.manifest import Part
from exphil.store.store import Store, Transaction

_READ = frozenset(name for feature in V1.features for name in feature.source)
SOURCES = {
    "frames": _READ,
    "items": frozenset(name.removeprefix("item_") for name in _READ if name.startswith("item_")) | {"id"},
    "stage_frames": _READ,
}
"""Columns that the feature table reads, by table."""


@dataclass(frozen=True, slots=True)
class EmbedTask:
    """One part to encode. `games` names stage and ports of each two-player game in it."""

    root: Path
    staging: Path
    part: str
    games: Mapping[str, tuple[int, tuple[int, int]]]


def materialize(store: Store, batch: str, workers: Workers) -> Report:
    """Encode the batch's parts of `frames` that have no embeddings of today's feature set."""

    def tasks(transaction: Transaction, sources: Sequence[Part]) -> list[EmbedTask]:
        games = two_player_games(store, batch)
        return [EmbedTask(store.root, transaction.staging, part.name, games) for part in sources]

    return build_parts(
        store,
        batch,
        workers,
        asset="embeddings",
        make=embed_part,
        tasks=tasks,
        needed_bytes=lambda sources: sum(part.num_bytes for part in sources),
        stats={"feature_set": V1.name, "fingerprint": V1.fingerprint},
        before_commit=lambda transaction: transaction.record_feature_set(V1.fingerprint, V1.canonical),
    )


def two_player_games(store: Store, batch: str) -> dict[str, tuple[int, tuple[int, int]]]:
    """Stage and ports of the batch's games with exactly two players: the ones that have a viewpoint and an opponent."""
    parts = store.manifest.of("replays", batch)
    found: dict[str, tuple[int, tuple[int, int]]] = {}
    for part in parts:
        if not part.rows.get("players"):
            continue
        players = pl.scan_parquet(paths.table_part(store.root, "replays", "players", part.name))
        replays = pl.scan_parquet(paths.table_part(store.root, "replays", "replays", part.name))
        ports = players.group_by("replay_id").agg(pl.col("port").sort())
        rows = (
            replays.filter((pl.col("status") == "ok") & (pl.col("num_players") == 2))
            .select("replay_id", "stage")
            .join(ports, on="replay_id")
            .filter(pl.col("port").list.len() == 2)
            .collect()
        )
        found.update(
            {replay_id: (stage, (first, second)) for replay_id, stage, (first, second) in rows.iter_rows()}
        )
    return found


def embed_part(task: EmbedTask) -> Staged:
    """Encode one part of `frames` and stage it as a Zarr group."""
    tables = {
        table.name: by_game(
            paths.table_part(task.root, "frames", table.name, task.part), table, SOURCES[table.name]
        )
        for table in (schema.FRAMES, schema.ITEMS, schema.STAGE_FRAMES)
    }
    audit = Audit(V1)
    runs: list[Run] = []
    encoded: list[Blocks] = []
    offset = 0
    for replay_id, frames in tables["frames"].items():
        if replay_id not in task.games:
            continue
        stage, ports = task.games[replay_id]
        items = tables["items"][replay_id]
        stage_frames = tables["stage_frames"][replay_id]
        game = V1.encode(frames, items, stage_frames, stage=stage, ports=ports)
        encoded.append(game.blocks)
        audit.add(game)
        for first, last in contiguous(game.frame):
            count = last - first
            runs.append(Run(replay_id, *ports, int(game.frame[first]), count, offset + first))
        offset += len(game.frame)
    blocks = {
        name: _stack([of_game[name] for of_game in encoded], dtype, shape)
        for name, (dtype, shape) in V1.blocks.items()
    }
    attributes = {
        "feature_set": V1.name,
        "fingerprint": V1.fingerprint,
        "columns": V1.columns,
        "audit": audit.to_json(),
    }
    folder = paths.embeddings_part(task.staging, V1.name, task.part)
    with write_errors(folder):
        num_bytes = write_part(folder, blocks, runs, attributes)
    return Staged({"rows": offset}, len({run.replay_id for run in runs}), num_bytes)


def _stack(arrays: Sequence[np.ndarray], dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Join along rows, each column staying contiguous as the encoder made it."""
    if not arrays:
        return np.zeros((0, *shape), dtype)
    return np.moveaxis(np.concatenate([np.moveaxis(array, 0, -1) for array in arrays], axis=-1), -1, 0)


def contiguous(frame: np.ndarray) -> list[tuple[int, int]]:
    """Index ranges [first, last) within which frame ids count up by one."""
    if not len(frame):
        return []
    breaks = np.flatnonzero(np.diff(frame) != 1) + 1
    edges = [0, *breaks.tolist(), len(frame)]
    return list(pairwise(edges))
