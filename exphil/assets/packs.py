"""Feature blocks of eligible games become packs: rows of both players, ready to be mapped and gathered."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from exphil.assets import plan, stats, windows
from exphil.assets.partwise import Staged, build_parts
from exphil.assets.report import Report
from exphil.assets.workers import Workers
from exphil.features import V1, Blocks
from exphil.store import paths
from exphil.store.atomic import write_errors
from exphil.store.embeddings import CHUNK_ROWS, EmbeddingPart, Run, read_part
from exphil.store.manifest import Part
from exphil.store.packs import write_runs
from exphil.store.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class PackTask:
    """One part of embeddings to pack, without the games that have no segment."""

    root: Path
    staging: Path
    part: str
    eligible: frozenset[str]


def materialize(store: Store, batch: str, workers: Workers) -> Report:
    """Pack the batch's parts of embeddings that have no pack of today's features and segments."""

    def tasks(transaction: Transaction, sources: Sequence[Part]) -> list[PackTask]:
        eligible = frozenset(_eligible(store, batch))
        return [PackTask(store.root, transaction.staging, part.name, eligible) for part in sources]

    return build_parts(
        store,
        batch,
        workers,
        asset="packs",
        make=pack_part,
        tasks=tasks,
        needed_bytes=lambda sources: sum(part.rows["rows"] for part in sources) * V1.row_dtype.itemsize,
        stats={"feature_set": V1.name, "fingerprint": V1.fingerprint},
    )


def refresh(store: Store, note: Callable[[str], None]) -> None:
    """Make stale or missing packs, and segments, anew where the embeddings are current; a fresh store costs nothing.

    Args:
        note: told in words before the work begins.
    """
    outdated = {part.batch for part in plan.missing_parts(store, "embeddings")}
    stale = [part.batch for asset in ("windows", "packs") for part in plan.missing_parts(store, asset)]
    batches = sorted(set(stale) - outdated)
    if not batches:
        return
    note(f"the packs or segments of {len(batches)} batches are stale or missing: making them anew")
    with Workers() as workers:
        for batch in batches:
            stats.materialize(store, batch, workers)
            windows.materialize(store, batch)
            materialize(store, batch, workers)


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


def pack_part(task: PackTask) -> Staged:
    """Pack one part of embeddings and stage it. A part holds few enough games to be read whole."""
    part = read_part(paths.embeddings_part(task.root, V1.name, task.part))
    whole: Blocks = {name: part.blocks[name][...] for name in V1.blocks}
    file = paths.pack_part(task.staging, V1.name, task.part)
    runs: list[Run] = []
    packed = 0
    with write_errors(file), _created(file) as out:
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
    return Staged({"rows": packed}, len({run.replay_id for run in runs}), num_bytes)


def _created(file: Path) -> BinaryIO:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("wb")


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
