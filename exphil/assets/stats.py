"""Frames become statistics: one part of `stats` for each part of `frames`, eight tables each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exphil import schema
from exphil.assets.games import by_game
from exphil.assets.partwise import Staged, build_parts
from exphil.assets.recordings import recordings
from exphil.assets.report import Report
from exphil.assets.singles import Singles, singles
from exphil.assets.workers import Workers
from exphil.stats.finality import final_frame
from exphil.stats.game import game_stats
from exphil.stats.quality.score import Recording, quality_row
from exphil.stats.rows import rows
from exphil.stats.walk import COLUMNS
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import TableWriter
from exphil.store.store import Store, Transaction

FINALIZED = "end_latest_finalized_frame"


@dataclass(frozen=True, slots=True)
class StatsTask:
    """One part to work through, the batch's games, and how to walk those of two."""

    root: Path
    staging: Path
    part: str
    recordings: Mapping[str, Recording]
    games: Mapping[str, Singles]


def materialize(store: Store, batch: str, workers: Workers) -> Report:
    """Compute the statistics of the batch's parts of `frames` that have none of today's definitions."""

    def tasks(transaction: Transaction, sources: Sequence[Part]) -> list[StatsTask]:
        games, told = singles(store, batch), recordings(store, batch)
        return [StatsTask(store.root, transaction.staging, part.name, told, games) for part in sources]

    return build_parts(
        store,
        batch,
        workers,
        asset="stats",
        make=stats_part,
        tasks=tasks,
        needed_bytes=lambda sources: sum(part.num_bytes for part in sources) // 20,
        stats={},
        counted=("conversions", "conversions"),
    )


def stats_part(task: StatsTask) -> Staged:
    """Work through one part of `frames`, and stage its tables of statistics."""
    by_id = by_game(paths.table_part(task.root, "frames", "frames", task.part), schema.FRAMES, COLUMNS)
    latest_finalized = {} if all(game.ended for game in task.games.values()) else _latest_finalized(task)
    found: dict[str, list[Mapping[str, Any]]] = {table.name: [] for table in schema.STATS_TABLES}
    num_games = 0
    for replay_id, frames in by_id.items():
        game = task.games.get(replay_id)
        stats = None
        if game is not None:
            until = final_frame(
                game.version,
                game.last_frame,
                ended=game.ended,
                scene_major=game.scene_major,
                latest_frame=game.latest_frame,
                latest_finalized=latest_finalized.get(replay_id),
            )
            stats = game_stats(frames, game.ports, game.latest_frame, until, allied=game.allied)
            for name, row in rows(replay_id, stats, game.stage):
                found[name].append(row)
            num_games += 1
        if replay_id in task.recordings:
            quality = quality_row(task.recordings[replay_id], stats)
            found["quality"].append({"replay_id": replay_id, **quality})
    num_bytes = 0
    for table in schema.STATS_TABLES:
        if found[table.name]:
            file = paths.table_part(task.staging, "stats", table.name, task.part)
            with TableWriter(file, table) as writer:
                writer.append(pa.Table.from_pylist(found[table.name], schema=schema.arrow_schema(table)))
            num_bytes += file.stat().st_size
    return Staged({name: len(of_table) for name, of_table in found.items()}, num_games, num_bytes)


def _latest_finalized(task: StatsTask) -> dict[str, int]:
    """The newest frame that each recording of the part says is final, where it does."""
    file = paths.table_part(task.root, "frames", "stage_frames", task.part)
    latest = {
        replay_id: pc.max(rows.column(FINALIZED)).as_py()
        for replay_id, rows in by_game(file, schema.STAGE_FRAMES, (FINALIZED,)).items()
    }
    return {replay_id: frame for replay_id, frame in latest.items() if frame is not None}
