"""Keeping a store in shape: `verify` reads every part's outline, `gc` sweeps leftovers and merges small parts."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from exphil import schema
from exphil.assets import embeddings, packs, plan, stats, windows
from exphil.assets.frames import CHUNK_BYTES, FRAME_TABLES, part_name
from exphil.assets.versions import made_by
from exphil.assets.workers import Workers
from exphil.errors import StoreError
from exphil.features import V1
from exphil.store import paths
from exphil.store.embeddings import read_part
from exphil.store.manifest import Part
from exphil.store.parquet import TableWriter
from exphil.store.store import Store, Transaction, part_files

SMALL_FRAMES_BYTES = CHUNK_BYTES // 16
"""A part of `frames` below this many bytes is small: several of a batch are merged."""

MERGED_FRAMES_BYTES = CHUNK_BYTES // 6
"""About what a full chunk gives as Parquet: merging stops here."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a part, in words for people."""

    asset: str
    part: str
    message: str


def verify(store: Store) -> list[Problem]:
    """Compare the manifest with what lies on disk: files, row counts, fingerprints, runs."""
    found: list[Problem] = []
    for asset in paths.ASSETS:
        for part in store.manifest.of(asset):
            try:
                found += [Problem(asset, part.name, message) for message in _faults(store, asset, part)]
            except (StoreError, OSError, ValueError) as error:
                found.append(Problem(asset, part.name, str(error).splitlines()[0]))
    for asset in ("stats", "embeddings", "windows", "packs"):
        for missing in plan.missing_parts(store, asset):
            found.append(Problem(asset, missing.name, f"missing or stale: run `exphil materialize {asset}`"))
    return found


def _faults(store: Store, asset: str, part: Part) -> Iterator[str]:
    for path in part_files(store.root, asset, part):
        if not path.exists():
            yield f"{path} is missing"
            return
    if asset == "embeddings":
        opened = read_part(paths.embeddings_part(store.root, V1.name, part.name))
        for name, array in opened.blocks.items():
            if array.shape[0] != part.rows["rows"]:
                yield f"block {name} has {array.shape[0]} rows, the manifest says {part.rows['rows']}"
        if opened.num_rows != part.rows["rows"]:
            yield f"its runs cover {opened.num_rows} rows of {part.rows['rows']}"
    elif asset == "packs":
        file = paths.pack_part(store.root, V1.name, part.name)
        expected = part.rows["rows"] * V1.row_dtype.itemsize
        if part.stats["fingerprint"] == V1.fingerprint and file.stat().st_size != expected:
            yield f"{file} has {file.stat().st_size} bytes, not {expected}"
    else:
        for table, rows in part.rows.items():
            if rows:
                file = paths.table_part(store.root, asset, table, part.name)
                count = pq.read_metadata(file).num_rows
                if count != rows:
                    yield f"{file} has {count} rows, the manifest says {rows}"


@dataclass(slots=True)
class Collected:
    """What `gc` did."""

    files_removed: int = 0
    bytes_removed: int = 0
    parts_merged: int = 0
    parts_after: int = 0


def gc(store: Store, workers: Workers) -> Collected:
    """Remove files that no manifest names, and merge the small parts that many small ingests left."""
    done = Collected()
    with store.writing() as transaction:
        _remove_strays(store, done)
        for batch in store.manifest.batches():
            _merge_replays(batch, transaction, done)
            _merge_frames(batch, transaction, done)
        transaction.commit()
    for batch in store.manifest.batches():
        if plan.missing_parts(store, "stats", batch):
            stats.materialize(store, batch, workers)
        if plan.missing_parts(store, "windows", batch):
            windows.materialize(store, batch)
        if plan.missing_parts(store, "embeddings", batch):
            embeddings.materialize(store, batch, workers)
        if plan.missing_parts(store, "packs", batch):
            packs.materialize(store, batch, workers)
    done.parts_after = sum(len(store.manifest.of(asset)) for asset in paths.ASSETS)
    return done


def _remove_strays(store: Store, done: Collected) -> None:
    named = {
        path
        for asset in paths.ASSETS
        for part in store.manifest.of(asset)
        for path in part_files(store.root, asset, part)
    }
    present = [path for asset in paths.ASSETS for path in (store.root / asset).glob("*/*")]
    for path in present:
        if path in named:
            continue
        done.files_removed += 1
        if path.is_dir():
            done.bytes_removed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path, ignore_errors=True)
        else:
            done.bytes_removed += path.stat().st_size
            path.unlink(missing_ok=True)


def _merge_replays(batch: str, transaction: Transaction, done: Collected) -> None:
    store = transaction.store
    parts = [part for part in store.manifest.of("replays", batch) if part.made_by == made_by("replays")]
    if len(parts) < 2:
        return
    name = part_name(batch, (part.name for part in parts))
    rows: dict[str, int] = {}
    num_bytes = 0
    for table in (schema.REPLAYS, schema.PLAYERS):
        files = [
            paths.table_part(store.root, "replays", table.name, part.name)
            for part in parts
            if part.rows[table.name]
        ]
        target = paths.table_part(transaction.staging, "replays", table.name, name)
        rows[table.name] = _concatenate(files, table, target, sort=list(table.key)) if files else 0
        num_bytes += target.stat().st_size if rows[table.name] else 0
    merged = Part(name=name, batch=batch, rows=rows, num_bytes=num_bytes, made_by=made_by("replays"))
    transaction.change("replays", add=[merged], remove=[part.name for part in parts])
    done.parts_merged += len(parts)


def _merge_frames(batch: str, transaction: Transaction, done: Collected) -> None:
    store = transaction.store
    current = [part for part in store.manifest.of("frames", batch) if part.made_by == made_by("frames")]
    for group in _groups([part for part in current if part.num_bytes < SMALL_FRAMES_BYTES]):
        name = part_name(batch, (part.name for part in group))
        rows: dict[str, int] = {}
        num_bytes = 0
        for table in FRAME_TABLES:
            files = [
                paths.table_part(store.root, "frames", table.name, part.name)
                for part in group
                if part.rows.get(table.name)
            ]
            target = paths.table_part(transaction.staging, "frames", table.name, name)
            rows[table.name] = _concatenate(files, table, target) if files else 0
            num_bytes += target.stat().st_size if rows[table.name] else 0
        kept = {"replays": sum(int(part.stats["replays"]) for part in group)}
        merged = Part(
            name=name, batch=batch, rows=rows, num_bytes=num_bytes, made_by=made_by("frames"), stats=kept
        )
        transaction.change("frames", add=[merged], remove=[part.name for part in group])
        done.parts_merged += len(group)


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Small parts in groups of two or more that stay below the size of a full part."""
    group: list[Part] = []
    for part in parts:
        if group and sum(member.num_bytes for member in group) + part.num_bytes > MERGED_FRAMES_BYTES:
            if len(group) > 1:
                yield group
            group = []
        group.append(part)
    if len(group) > 1:
        yield group


def _concatenate(
    files: Sequence[Path], table: schema.Table, target: Path, sort: list[str] | None = None
) -> int:
    """Write the rows of several parts as one; small tables may be sorted by key on the way."""
    with TableWriter(target, table) as writer:
        if sort is not None:
            writer.append(
                pl.concat([pl.read_parquet(file) for file in files])
                .sort(sort)
                .to_arrow()
                .cast(schema.arrow_schema(table))
            )
        else:
            for file in files:
                opened = pq.ParquetFile(file)
                for index in range(opened.num_row_groups):
                    writer.append(opened.read_row_group(index))
    return writer.num_rows
