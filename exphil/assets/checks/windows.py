"""Checks of `windows`: segments, the split, and the quality that segments carry."""

from collections import Counter
from typing import Any

import polars as pl

from exphil import schema
from exphil.assets.checks.finding import Finding
from exphil.assets.checks.reading import read_table, repeated
from exphil.assets.windows import PLAY_STARTS
from exphil.schema.quality import MEASURES
from exphil.stats.quality.rules import judge
from exphil.store.store import Store


def split_leakage(store: Store, batch: str | None) -> Finding:
    """No game and no set of games is on two sides of the split. Sets span batches, so the whole store is looked at."""
    found = Finding()
    segments = read_table(store, "segments", None, ["replay_id", "port", "split", "split_key"])
    sets = read_table(store, "replays", None, ["replay_id", "set_key", "status"]).filter(
        pl.col("status") == "ok"
    )
    sided = segments.join(sets, on="replay_id", how="left")
    for key in ("replay_id", "set_key"):
        sides = sided.group_by(key).agg(
            pl.col("split").unique().sort(), pl.col("split_key").n_unique().alias("keys")
        )
        torn = sides.filter((pl.col("split").list.len() > 1) | (pl.col("keys") > 1))
        found.count(len(sides), [f"{row[key]} is in {', '.join(row['split'])}" for row in torn.to_dicts()])
    found.figures = {
        f"{side}_segments": count for side, count in sorted(segments.group_by("split").len().iter_rows())
    }
    return found


def segment_ranges(store: Store, batch: str | None) -> Finding:
    """Segments lie within complete games of two players, from frame -39 on, once for each viewpoint."""
    found = Finding()
    segments = read_table(
        store, "segments", batch, ["replay_id", "port", "first_frame", "last_frame", "num_frames"]
    )
    games = read_table(
        store, "replays", batch, ["replay_id", "status", "complete", "mode", "first_frame", "last_frame"]
    ).filter(pl.col("status") == "ok")
    joined = segments.join(games, on="replay_id", how="left", suffix="_game")
    wrong = joined.filter(
        ~pl.col("complete").fill_null(value=False)
        | (pl.col("mode").fill_null("") != "1v1")
        | (pl.col("first_frame") < PLAY_STARTS)
        | (pl.col("last_frame") >= pl.col("last_frame_game"))
        | (pl.col("num_frames") != pl.col("last_frame") - pl.col("first_frame") + 1)
    )
    found.count(len(segments), [f"{row['replay_id']} port {row['port']}" for row in wrong.to_dicts()])
    found.count(0, repeated(segments, ["replay_id", "port", "first_frame"]))
    return found


def segment_quality(store: Store, batch: str | None) -> Finding:
    """Every game of `frames` is judged once, its score and flags fit the rules, and its segments carry both."""
    found = Finding()
    games = read_table(store, "replays", batch, ["replay_id", "status"]).filter(pl.col("status") == "ok")
    judged = read_table(store, "quality", batch, schema.QUALITY.names)
    found.count(len(judged), repeated(judged, ["replay_id"]))
    missing = (
        games.join(judged, on="replay_id", how="anti") if store.manifest.of("stats", batch) else games.clear()
    )
    found.count(0, [f"{replay_id} has no row of quality" for replay_id in missing["replay_id"]])
    wrong = [row["replay_id"] for row in judged.iter_rows(named=True) if not _fits(row)]
    found.count(0, [f"{replay_id} is not what the rules say" for replay_id in wrong])
    segments = read_table(store, "segments", batch, ["replay_id", "port", "quality", "excluded"])
    beside = segments.join(judged, on="replay_id", how="left", suffix="_game")
    other = beside.filter(
        ~pl.col("quality").eq_missing(pl.col("score"))
        | ~pl.col("excluded").eq_missing(pl.col("excluded_game"))
    )
    found.count(len(segments), [f"{row['replay_id']} port {row['port']}" for row in other.to_dicts()])
    found.figures = {
        "games": len(judged),
        "excluded": int(judged["excluded"].sum()),
        **Counter(flag for flags in judged["flags"] for flag in flags.split()),
    }
    return found


def _fits(row: dict[str, Any]) -> bool:
    verdict = judge({column.name: row[column.name] for column in MEASURES})
    return (row["score"], row["excluded"], row["flags"]) == (
        verdict.score,
        verdict.excluded,
        " ".join(verdict.flags),
    )
