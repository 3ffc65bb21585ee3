"""Replays become segments: the stretches of a player's viewpoint that training windows may be cut from."""

import hashlib
import time

import polars as pl

from exphil import schema
from exphil.assets import plan
from exphil.assets.report import Report
from exphil.assets.versions import made_by
from exphil.errors import StoreError
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import write_rows
from exphil.store.store import Store

PLAY_STARTS = -39
"""First frame on which players act; the frames before serve as context only."""

SPLITS = (("train", 0.8), ("validation", 0.9), ("test", 1.0))
"""(side, upper end of its range of split keys) at the default 80 / 10 / 10."""


def materialize(store: Store, batch: str) -> Report:
    """Write the batch's segments, one part for each part of `replays`.

    Raises:
        StoreError: a game has no row of `quality`: `stats` must be built before.
    """
    begun = time.perf_counter()
    report = Report("windows", batch)
    with store.writing() as transaction:
        added: list[Part] = []
        for source in plan.missing_parts(store, "windows", batch):
            rows = segments(store, source)
            file = paths.table_part(transaction.staging, "windows", "segments", source.name)
            num_bytes = 0
            if len(rows):
                write_rows(file, schema.SEGMENTS, rows.iter_rows(named=True))
                num_bytes = file.stat().st_size
            stats = {
                "frames": int(rows["num_frames"].sum()),
                "games": rows["replay_id"].n_unique(),
                "excluded": rows.filter("excluded")["replay_id"].n_unique(),
            }
            added.append(
                Part(
                    name=source.name,
                    batch=batch,
                    rows={"segments": len(rows)},
                    num_bytes=num_bytes,
                    made_by=made_by("windows"),
                    source=(source.name,),
                    stats=stats,
                )
            )
        transaction.change("windows", add=added, remove=plan.orphans(store, "windows", batch))
        transaction.commit()
    report.made = {
        "segments": sum(part.rows["segments"] for part in added),
        "games": sum(int(part.stats["games"]) for part in added),
        "excluded games": sum(int(part.stats["excluded"]) for part in added),
        "eligible frames": sum(int(part.stats["frames"]) for part in added),
    }
    report.num_bytes = sum(part.num_bytes for part in added)
    report.seconds = time.perf_counter() - begun
    return report


def segments(store: Store, source: Part) -> pl.DataFrame:
    """Segments of one part of `replays`: complete 1v1 games, human viewpoints, from frame -39 to the last but one."""
    if not source.rows.get("players"):
        return pl.DataFrame(schema.arrow_schema(schema.SEGMENTS).empty_table())
    replays = pl.read_parquet(paths.table_part(store.root, "replays", "replays", source.name))
    players = pl.read_parquet(paths.table_part(store.root, "replays", "players", source.name))
    eligible = replays.filter(
        (pl.col("status") == "ok")
        & pl.col("complete")
        & (pl.col("mode") == "1v1")
        & (pl.col("last_frame") > PLAY_STARTS)
    ).select("replay_id", "first_frame", "last_frame", "stage_name", "set_key")
    sides = players.select("replay_id", "port", "type", "character_name", "won")
    pairs = (
        eligible.join(sides, on="replay_id")
        .join(
            sides.select("replay_id", opponent_port="port", opponent_character="character_name"),
            on="replay_id",
        )
        .filter((pl.col("port") != pl.col("opponent_port")) & (pl.col("type") == "human"))
        .sort("replay_id", "port")
    )
    first = pl.max_horizontal(pl.col("first_frame"), PLAY_STARTS)
    last = pl.col("last_frame") - 1
    scored = pairs.join(_quality(store, source.batch), on="replay_id", how="left")
    unscored = scored.filter(pl.col("score").is_null())
    if len(unscored):
        count = unscored["replay_id"].n_unique()
        raise StoreError(
            f"windows needs statistics; games of batch {source.batch} without any: {count}."
            " Build them with `exphil materialize stats`"
        )
    keyed = scored.with_columns(split_key=pl.col("set_key").map_elements(split_key, return_dtype=pl.Float64))
    return keyed.select(
        "replay_id",
        "port",
        "opponent_port",
        first_frame=first,
        last_frame=last,
        num_frames=(last - first + 1),
        context_frame="first_frame",
        character="character_name",
        opponent_character="opponent_character",
        stage="stage_name",
        won="won",
        split=pl.col("split_key").map_elements(split_of, return_dtype=pl.String),
        split_key="split_key",
        quality="score",
        excluded="excluded",
    )


def _quality(store: Store, batch: str) -> pl.DataFrame:
    """Score and exclusion of every game of the batch that has them."""
    wanted = ("replay_id", "score", "excluded")
    types = {"replay_id": pl.String, "score": pl.Float64, "excluded": pl.Boolean}
    files = [
        paths.table_part(store.root, "stats", "quality", part.name)
        for part in store.manifest.of("stats", batch)
        if part.rows.get("quality")
    ]
    return pl.scan_parquet(files).select(wanted).collect() if files else pl.DataFrame(schema=types)


def split_key(set_key: str) -> float:
    """Where a set falls in [0, 1): both players' games of one meeting fall together, and stay there as data grows."""
    digest = hashlib.blake2b(set_key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def split_of(key: float) -> str:
    """The side of the default split that a key falls on."""
    return next(side for side, upper in SPLITS if key < upper)
