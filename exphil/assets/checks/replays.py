"""Checks of `replays` and `players`: keys and statuses."""

from typing import Final

import polars as pl

from exphil.assets.checks.finding import Finding
from exphil.assets.checks.reading import read_table, repeated
from exphil.store.store import Store

STATUSES: Final = ("ok", "duplicate", "quarantined")


def replay_keys(store: Store, batch: str | None) -> Finding:
    """Paths are unique, games that count are unique, and a player has one row."""
    found = Finding()
    replays = read_table(store, "replays", batch, ["path", "replay_id", "status"])
    counted = replays.filter(pl.col("status") == "ok")
    found.count(len(replays), repeated(replays, ["path"]))
    found.count(len(counted), repeated(counted, ["replay_id"]))
    players = read_table(store, "players", batch, ["replay_id", "port"])
    found.count(len(players), repeated(players, ["replay_id", "port"]))
    lost = players.join(counted, on="replay_id", how="anti")
    found.count(
        0, [f"players of {row[0]}, which does not count" for row in lost.unique("replay_id").iter_rows()]
    )
    return found


def replay_ranges(store: Store, batch: str | None) -> Finding:
    """Every row has a known status, a reason where it does not count, and frames where it does."""
    found = Finding()
    columns = [
        "path",
        "status",
        "reason",
        "replay_id",
        "num_frames",
        "first_frame",
        "last_frame",
        "num_players",
    ]
    replays = read_table(store, "replays", batch, columns)
    wrong = replays.filter(
        ~pl.col("status").is_in(STATUSES)
        | ((pl.col("status") == "ok") & pl.col("replay_id").is_null())
        | ((pl.col("status") == "ok") & (pl.col("first_frame") > pl.col("last_frame")))
        | ((pl.col("status") != "ok") & pl.col("reason").is_null())
    )
    found.count(len(replays), wrong["path"].to_list())
    found.figures = {status: int((replays["status"] == status).sum()) for status in STATUSES}
    return found
