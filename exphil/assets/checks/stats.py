"""Checks of `stats`: keys, spans, sums that must agree, and stocks as the game ended."""

from typing import Final

import polars as pl

from exphil import schema
from exphil.assets.checks.finding import Finding
from exphil.assets.checks.reading import read_table, repeated
from exphil.stats.walk import FIRST_FRAME
from exphil.store.store import Store

NEAR: Final = 1e-6
"""Damage is added up in another order here."""

PUNISHES: Final = (("conversions", "moves", "conversion"), ("combos", "combo_moves", "combo"))
"""Table, that of its moves, and the number that joins them."""


def stats_keys(store: Store, batch: str | None) -> Finding:
    """Every row has a key of its own, and every game of two has a row of counts and one of totals a player."""
    found = Finding()
    for table in schema.STATS_TABLES:
        rows = read_table(store, table.name, batch, table.key)
        found.count(len(rows), [f"{table.name}: {key}" for key in repeated(rows, table.key)])
    if store.manifest.of("stats", batch):
        sides = _sides(store, batch).select("replay_id", "port")
        for name in ("action_counts", "overall"):
            rows = read_table(store, name, batch, ["replay_id", "port"])
            missing = sides.join(rows, on=["replay_id", "port"], how="anti")
            foreign = rows.join(sides, on=["replay_id", "port"], how="anti")
            found.count(0, [f"{name}: {_side(row)} has no row" for row in missing.to_dicts()])
            found.count(0, [f"{name}: {_side(row)} is no player of two" for row in foreign.to_dicts()])
    return found


def stats_spans(store: Store, batch: str | None) -> Finding:
    """Stocks and punishes begin and end within their games, and moves within their punishes."""
    found = Finding()
    games = read_table(store, "replays", batch, ["replay_id", "status", "last_frame"]).filter(
        pl.col("status") == "ok"
    )
    for name in ("stocks", "conversions", "combos"):
        rows = read_table(store, name, batch, ["replay_id", "start_frame", "end_frame"])
        end = pl.coalesce("end_frame", "last_frame")
        wrong = rows.join(games, on="replay_id", how="left").filter(
            pl.col("last_frame").is_null()
            | (pl.col("start_frame") < FIRST_FRAME)
            | (pl.col("start_frame") > end)
            | (end > pl.col("last_frame"))
        )
        found.count(
            len(rows), [f"{name}: {row['replay_id']} {row['start_frame']}" for row in wrong.to_dicts()]
        )
    for table, moves, number in PUNISHES:
        rows = read_table(store, moves, batch, ["replay_id", number, "frame"])
        of = read_table(store, table, batch, ["replay_id", number, "start_frame", "end_frame"])
        wrong = rows.join(of, on=["replay_id", number], how="left").filter(
            pl.col("start_frame").is_null()
            | (pl.col("frame") < pl.col("start_frame"))
            | (pl.col("frame") > pl.col("end_frame")).fill_null(value=False)
        )
        found.count(len(rows), [f"{moves}: {row['replay_id']} {row['frame']}" for row in wrong.to_dicts()])
    return found


def stats_sums(store: Store, batch: str | None) -> Finding:
    """Moves add up to their punishes, and conversions to the totals of who made them."""
    found = Finding()
    for table, moves, number in PUNISHES:
        key = ["replay_id", number]
        rows = read_table(store, table, batch, [*key, "num_moves", "num_hits", "damage"])
        dealt = (
            read_table(store, moves, batch, [*key, "num_hits", "damage"])
            .group_by(key)
            .agg(
                pl.len().alias("moves"),
                pl.col("num_hits").sum().alias("hits"),
                pl.col("damage").sum().alias("sum"),
            )
        )
        both = rows.join(dealt, on=key, how="left").with_columns(pl.col("moves", "hits", "sum").fill_null(0))
        wrong = both.filter(
            (pl.col("num_moves") != pl.col("moves"))
            | (pl.col("num_hits") != pl.col("hits"))
            | ((pl.col("damage") - pl.col("sum")).abs() > NEAR)
        )
        found.count(len(rows), [f"{table}: {row['replay_id']} {row[number]}" for row in wrong.to_dicts()])
    made = (
        read_table(store, "conversions", batch, ["replay_id", "attacker_port", "killed", "damage"])
        .group_by("replay_id", port="attacker_port")
        .agg(pl.len().alias("made"), pl.col("killed").sum().alias("kills"), pl.col("damage").sum())
    )
    totals = read_table(
        store, "overall", batch, ["replay_id", "port", "conversion_count", "kill_count", "total_damage"]
    )
    both = totals.join(made, on=["replay_id", "port"], how="left").with_columns(
        pl.col("made", "kills", "damage").fill_null(0)
    )
    wrong = both.filter(
        (pl.col("conversion_count") != pl.col("made"))
        | (pl.col("kill_count") != pl.col("kills"))
        | ((pl.col("total_damage") - pl.col("damage")).abs() > NEAR)
    )
    found.count(len(totals), [f"overall: {_side(row)}" for row in wrong.to_dicts()])
    found.figures = {
        "games": totals["replay_id"].n_unique(),
        "conversions": int(totals["conversion_count"].sum()),
    }
    return found


def stats_stocks(store: Store, batch: str | None) -> Finding:
    """In whole games each player lost as many stocks as are missing at the end."""
    found = Finding()
    stocks = (
        read_table(store, "stocks", batch, ["replay_id", "port", "end_frame", "count"])
        .group_by("replay_id", "port")
        .agg(pl.col("end_frame").count().alias("lost"), pl.col("count").max().alias("most"))
    )
    whole = _sides(store, batch).filter(pl.col("complete") & pl.col("end_stocks").is_not_null())
    both = whole.join(stocks, on=["replay_id", "port"], how="inner")
    wrong = both.filter(pl.col("most").cast(pl.Int32) - pl.col("lost") != pl.col("end_stocks"))
    found.count(
        len(both),
        [
            f"{_side(row)} lost {row['lost']} of {row['most']} and has {row['end_stocks']} left"
            for row in wrong.to_dicts()
        ],
    )
    return found


def _sides(store: Store, batch: str | None) -> pl.DataFrame:
    """The players of every game of two that was read."""
    games = read_table(store, "replays", batch, ["replay_id", "status", "num_players", "complete"])
    games = games.filter((pl.col("status") == "ok") & (pl.col("num_players") == 2))
    players = read_table(store, "players", batch, ["replay_id", "port", "end_stocks"])
    sides = players.join(games, on="replay_id")
    return sides.filter(pl.len().over("replay_id") == 2)


def _side(row: dict[str, object]) -> str:
    return f"{row['replay_id']} port {row['port']}"
