"""Feature blocks of eligible games become packs: rows of both players, ready to be mapped and gathered."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from exphil.assets import plan
from exphil.assets.report import Report
from exphil.assets.versions import made_by
from exphil.assets.workers import WorkerDied, Workers
from exphil.errors import StoreError
from exphil.features import V1
from exphil.store import paths
from exphil.store.atomic import require_space
from exphil.store.embeddings import CHUNK_ROWS, EmbeddingPart, Run, read_part
from exphil.store.manifest import Part
from exphil.store.packs import write_runs
from exphil.store.store import Store


@dataclass(frozen=True, slots=True)
class PackTask:
    """One part of embeddings to pack, without the games that have no segment."""

    root: Path
    staging: Path
    part: str
    eligible: frozenset[str]


@dataclass(frozen=True, slots=True)
class Packed:
    """What a worker staged."""

    rows: int
    games: int
    num_bytes: int


def materialize(store: Store, batch: str, workers: Workers) -> Report:
    """Pack the batch's parts of embeddings that have no pack of today's features and segments."""
    workers.wait_until_ready()
    begun = time.perf_counter()
    with store.writing() as transaction:
        sources = plan.missing_parts(store, "packs", batch)
        require_space(store.root, sum(part.rows["rows"] for part in sources) * V1.row_dtype.itemsize)
        eligible = frozenset(_eligible(store, batch))
        tasks = [PackTask(store.root, transaction.staging, part.name, eligible) for part in sources]
        added: list[Part] = []
        for task, outcome in workers.run(pack_part, tasks):
            if isinstance(outcome, WorkerDied):
                raise StoreError(f"packing part {task.part} failed: {outcome}")
            added.append(
                Part(
                    name=task.part,
                    batch=batch,
                    rows={"rows": outcome.rows},
                    num_bytes=outcome.num_bytes,
                    made_by=made_by("packs"),
                    source=(task.part,),
                    stats={"feature_set": V1.name, "fingerprint": V1.fingerprint, "games": outcome.games},
                )
            )
        transaction.change("packs", add=added, remove=plan.orphans(store, "packs", batch))
        transaction.commit()
    report = Report("packs", batch, num_bytes=sum(part.num_bytes for part in added))
    report.made = {
        "parts": len(added),
        "games": sum(int(part.stats["games"]) for part in added),
        "game frames": sum(part.rows["rows"] for part in added),
    }
    report.seconds = time.perf_counter() - begun
    return report


def _eligible(store: Store, batch: str) -> set[str]:
    files = [
        paths.table_part(store.root, "windows", "segments", part.name)
        for part in store.manifest.of("windows", batch)
        if part.rows["segments"]
    ]
    return (
        set(pl.scan_parquet(files).select(pl.col("replay_id").unique()).collect()["replay_id"])
        if files
        else set()
    )


def pack_part(task: PackTask) -> Packed:
    """Pack one part of embeddings and stage it. A part holds few enough games to be read whole."""
    part = read_part(paths.embeddings_part(task.root, V1.name, task.part))
    whole = {name: array[...] for name, array in part.blocks.items()}
    file = paths.pack_part(task.staging, V1.name, task.part)
    file.parent.mkdir(parents=True, exist_ok=True)
    runs: list[Run] = []
    packed = 0
    with file.open("wb") as out:
        for first, last in _stretches(part, task.eligible):
            rows = V1.to_rows({name: block[first:last] for name, block in whole.items()})
            for run in part.runs:
                if run.replay_id in task.eligible and first <= run.row_offset < last:
                    offset = packed + run.row_offset - first
                    runs.append(_moved(run, offset))
            out.write(np.ascontiguousarray(rows).data)
            packed += last - first
        out.flush()
        os.fsync(out.fileno())
    runs_file = paths.pack_runs(task.staging, V1.name, task.part)
    write_runs(runs_file, runs)
    num_bytes = file.stat().st_size + runs_file.stat().st_size
    return Packed(packed, len({run.replay_id for run in runs}), num_bytes)


def _moved(run: Run, row_offset: int) -> Run:
    return Run(run.replay_id, run.first_port, run.second_port, run.first_frame, run.num_rows, row_offset)


def _stretches(part: EmbeddingPart, eligible: frozenset[str]) -> list[tuple[int, int]]:
    """Row ranges [first, last) of neighbouring eligible runs, short enough for the cache to help, no run cut."""
    found: list[tuple[int, int]] = []
    for run in sorted(part.runs, key=lambda run: run.row_offset):
        if run.replay_id not in eligible:
            continue
        end = run.row_offset + run.num_rows
        if found and found[-1][1] == run.row_offset and end - found[-1][0] <= CHUNK_ROWS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((run.row_offset, end))
    return found
