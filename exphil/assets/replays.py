"""Ingest: files of a batch become rows of `replays` and `players` and one or more parts of `frames`.

One pass over the bytes gives both assets, so both are committed together: `replays` tells what a file is only once
its frames have been read.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from exphil import schema
from exphil.assets import plan, pseudonyms
from exphil.assets.duplicates import WINNER_COLUMNS, Winners, mark_duplicates
from exphil.assets.frames import (
    FRAME_TABLES,
    Chunk,
    ChunkResult,
    drop_games,
    halves,
    make_chunks,
    part_name,
    patience,
    quarantine_row,
    read_chunk,
)
from exphil.assets.pseudonyms import NAMED_PATHS, Pseudonyms
from exphil.assets.report import Report
from exphil.assets.versions import made_by
from exphil.assets.workers import WorkerDied, Workers
from exphil.replays.sources import Source
from exphil.store import paths
from exphil.store.atomic import require_space
from exphil.store.manifest import Part
from exphil.store.parquet import write_rows
from exphil.store.store import Store, Transaction


def ingest(store: Store, batch: str, workers: Workers) -> tuple[Report, Report]:
    """Read the batch's waiting files; an anonymised store gets pseudonyms for names.

    Returns:
        The reports of `replays` and of `frames`.

    Raises:
        StoreError: the store is anonymised, and its key is not at hand.
    """
    hiding = pseudonyms.of_store(store)
    workers.wait_until_ready()
    begun = time.perf_counter()
    with store.writing() as transaction:
        sources = plan.inbox_sources(store, batch)
        leaving = _Leaving.of(store, sources)
        sources = sorted(
            {source.path: source for source in [*leaving.requeued, *sources]}.values(), key=lambda s: s.path
        )
        require_space(store.root, sum(source.num_bytes for source in sources) // 8)
        results = _read(sources, transaction, workers, hiding)
        rows = mark_duplicates(
            [row for result in results for row in result.replays], leaving.winners(store, results)
        )
        for row in rows:
            row["batch"] = batch
        frame_parts = _stage_frames(results, rows, batch, transaction)
        replay_part = _stage_replays(results, rows, batch, transaction)
        leaving.apply(transaction)
        transaction.change("frames", add=frame_parts)
        transaction.change("replays", add=[replay_part] if replay_part else [])
        transaction.commit()
        paths.inbox_file(store.root, batch).unlink(missing_ok=True)
    seconds = time.perf_counter() - begun
    reports = _reports(batch, rows, frame_parts, replay_part, seconds)
    if named := sum(result.num_named_paths for result in results):
        reports[0].made[NAMED_PATHS] = named
    return reports


def _read(
    sources: Sequence[Source], transaction: Transaction, workers: Workers, hiding: Pseudonyms | None
) -> list[ChunkResult]:
    """Read chunks in the workers; one that loses its worker is halved until the guilty file is alone."""
    results: list[ChunkResult] = []
    chunks = make_chunks(sources, workers.num_workers, transaction.staging, hiding) if sources else []
    while chunks:
        again: list[Chunk] = []
        for chunk, outcome in workers.run(read_chunk, chunks, patience):
            if not isinstance(outcome, WorkerDied):
                results.append(outcome)
            elif len(chunk.sources) > 1:
                again += halves(chunk)
            else:
                reason = f"{outcome} while reading this file"
                results.append(ChunkResult(chunk, replays=[quarantine_row(chunk.sources[0], reason, None)]))
        chunks = again
    return sorted(results, key=lambda result: result.chunk.name)


@dataclass(slots=True)
class _Leaving:
    """Rows that leave because their path has other bytes now, and the duplicates that lose their winner with them."""

    rows: pl.DataFrame
    requeued: list[Source]

    @classmethod
    def of(cls, store: Store, sources: Sequence[Source]) -> "_Leaving":
        table = _scan(store, "replays")
        gone = table.filter(pl.col("path").is_in([source.path for source in sources])).collect()
        games = gone.filter(pl.col("status") == "ok")["game_id"].drop_nulls().to_list()
        matches = gone.filter(pl.col("status") == "ok")["match_id"].drop_nulls().to_list()
        same_game = pl.col("game_id").is_in(games) | pl.col("match_id").is_in(matches)
        bereft = table.filter(
            (pl.col("status") == "duplicate") & same_game & ~pl.col("path").is_in(gone["path"].to_list())
        ).collect()
        requeued = [
            Source(row["path"], row["num_bytes"], row["mtime_ns"]) for row in bereft.iter_rows(named=True)
        ]
        return cls(pl.concat([gone, bereft]), requeued)

    def winners(self, store: Store, results: Sequence[ChunkResult]) -> Winners:
        """The rows in the store that the fresh ones may duplicate."""
        fresh = [row for result in results for row in result.replays if row["status"] != "quarantined"]
        same = (
            pl.col("replay_id").is_in([row["replay_id"] for row in fresh])
            | pl.col("game_id").is_in([row["game_id"] for row in fresh])
            | pl.col("match_id").is_in([row["match_id"] for row in fresh if row["match_id"]])
        )
        staying = ~pl.col("path").is_in(self.rows["path"].to_list())
        rows = _scan(store, "replays").filter((pl.col("status") == "ok") & same & staying)
        return Winners.of(rows.select(WINNER_COLUMNS).collect())

    def apply(self, transaction: Transaction) -> None:
        """Rewrite the parts that hold leaving rows without them."""
        if self.rows.is_empty():
            return
        store = transaction.store
        gone_paths = set(self.rows["path"])
        gone_games = set(self.rows.filter(pl.col("status") == "ok")["replay_id"])
        for part in store.manifest.of("replays"):
            file = paths.table_part(store.root, "replays", "replays", part.name)
            rows = pl.read_parquet(file)
            kept = rows.filter(~pl.col("path").is_in(list(gone_paths)))
            if len(kept) == len(rows):
                continue
            players = (
                pl.read_parquet(paths.table_part(store.root, "replays", "players", part.name))
                if part.rows["players"]
                else None
            )
            kept_players = (
                []
                if players is None
                else players.filter(~pl.col("replay_id").is_in(list(gone_games))).to_dicts()
            )
            rewritten = _write_replays(kept.to_dicts(), kept_players, part.batch, transaction)
            transaction.change("replays", add=[rewritten] if rewritten else [], remove=[part.name])
        for part in store.manifest.of("frames"):
            games = (
                _games_of(paths.table_part(store.root, "frames", "frames", part.name))
                if gone_games
                else set()
            )
            if games & gone_games:
                rewritten = _rewrite_frames(store.root, part.name, games, gone_games, part.batch, transaction)
                transaction.change("frames", add=[rewritten] if rewritten else [], remove=[part.name])


def _stage_frames(
    results: Sequence[ChunkResult], rows: Sequence[dict[str, Any]], batch: str, transaction: Transaction
) -> list[Part]:
    """Name the staged parts for good, without the games that turned out to be duplicates."""
    counted = {row["path"] for row in rows if row["status"] == "ok"}
    parts: list[Part] = []
    for result in results:
        wins = {row["replay_id"] for row in result.replays if row["path"] in counted}
        if not result.staged:
            continue
        if set(result.staged) == wins:
            name = part_name(batch, wins)
            for table in FRAME_TABLES:
                staged = paths.table_part(transaction.staging, "frames", table.name, result.chunk.name)
                staged.replace(paths.table_part(transaction.staging, "frames", table.name, name))
            parts.append(_frames_part(name, batch, wins, transaction))
        elif wins:
            rewritten = _rewrite_frames(
                transaction.staging,
                result.chunk.name,
                set(result.staged),
                set(result.staged) - wins,
                batch,
                transaction,
            )
            parts += [rewritten] if rewritten else []
    return parts


def _rewrite_frames(
    root: Path, name: str, games: set[str], gone: set[str], batch: str, transaction: Transaction
) -> Part | None:
    kept = games - gone
    if not kept:
        return None
    new_name = part_name(batch, kept)
    for table in FRAME_TABLES:
        file = paths.table_part(root, "frames", table.name, name)
        if file.exists():
            drop_games(
                file, table, gone, paths.table_part(transaction.staging, "frames", table.name, new_name)
            )
    return _frames_part(new_name, batch, kept, transaction)


def _frames_part(name: str, batch: str, replay_ids: set[str], transaction: Transaction) -> Part:
    rows, num_bytes = {}, 0
    for table in FRAME_TABLES:
        file = paths.table_part(transaction.staging, "frames", table.name, name)
        if file.exists():
            rows[table.name] = pq.read_metadata(file).num_rows
            num_bytes += file.stat().st_size
    return Part(
        name=name,
        batch=batch,
        rows=rows,
        num_bytes=num_bytes,
        made_by=made_by("frames"),
        stats={"replays": len(replay_ids)},
    )


def _games_of(file: Path) -> set[str]:
    return set(
        pl.scan_parquet(file).select(pl.col("replay_id").cast(pl.String).unique()).collect()["replay_id"]
    )


def _stage_replays(
    results: Sequence[ChunkResult], rows: Sequence[dict[str, Any]], batch: str, transaction: Transaction
) -> Part | None:
    wins = {row["replay_id"] for row in rows if row["status"] == "ok"}
    players: dict[tuple[str, int], dict[str, Any]] = {}
    for result in results:
        for player in result.players:
            if player["replay_id"] in wins:
                players[player["replay_id"], player["port"]] = player
    return _write_replays(list(rows), [players[key] for key in sorted(players)], batch, transaction)


def _write_replays(
    rows: list[dict[str, Any]], players: list[dict[str, Any]], batch: str, transaction: Transaction
) -> Part | None:
    if not rows:
        return None
    name = part_name(batch, (f"{row['path']}\0{row['num_bytes']}\0{row['mtime_ns']}" for row in rows))
    num_bytes = 0
    for table, content in ((schema.REPLAYS, rows), (schema.PLAYERS, players)):
        if content:
            file = paths.table_part(transaction.staging, "replays", table.name, name)
            write_rows(file, table, content)
            num_bytes += file.stat().st_size
    return Part(
        name=name,
        batch=batch,
        rows={"replays": len(rows), "players": len(players)},
        num_bytes=num_bytes,
        made_by=made_by("replays"),
    )


def _scan(store: Store, table: str) -> pl.LazyFrame:
    files = store.table_paths(table)
    if files:
        return pl.scan_parquet(files)
    found = pl.from_arrow(
        schema.arrow_schema(next(t for t in schema.TABLES if t.name == table)).empty_table()
    )
    assert isinstance(found, pl.DataFrame)
    return found.lazy()


def _reports(
    batch: str,
    rows: Sequence[dict[str, Any]],
    frame_parts: Sequence[Part],
    replay_part: Part | None,
    seconds: float,
) -> tuple[Report, Report]:
    counts = {
        status: sum(row["status"] == status for row in rows) for status in ("ok", "duplicate", "quarantined")
    }
    replays = Report(
        "replays",
        batch,
        {"replays": len(rows), **counts},
        seconds,
        replay_part.num_bytes if replay_part else 0,
    )
    replays.notes = [f"{row['path']}: {row['reason']}" for row in rows if row["status"] == "quarantined"]
    frames = Report("frames", batch, num_bytes=sum(part.num_bytes for part in frame_parts))
    frames.made = {
        "parts": len(frame_parts),
        **{
            f"{table.name} rows": sum(part.rows.get(table.name, 0) for part in frame_parts)
            for table in FRAME_TABLES
        },
    }
    return replays, frames
