"""The store's tables of statistics, put back into the shape that slippi-js answers in."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from exphil import schema
from exphil.schema.stats import ACTIONS
from exphil.stats.slippi_json import COUNT_GROUPS, camel
from exphil.store.store import Store

Row = dict[str, Any]


def rows(store: Store, table: schema.Table) -> dict[str, list[Row]]:
    """A table's rows by game, in order of their keys."""
    files = store.table_paths(table.name)
    if not files:
        return {}
    found: dict[str, list[Row]] = {}
    for row in pl.read_parquet(files).sort(table.key).iter_rows(named=True):
        found.setdefault(row["replay_id"], []).append(row)
    return found


def _present(values: Row) -> Row:
    return {name: value for name, value in values.items() if value is not None}


def punishes(found: list[Row], moves: list[Row], number: str) -> list[Row]:
    return [
        _present({
            "playerIndex": row["victim_port"] - 1,
            "lastHitBy": row["attacker_port"] - 1,
            "startFrame": row["start_frame"],
            "endFrame": row["end_frame"],
            "startPercent": row["start_percent"],
            "currentPercent": row["current_percent"],
            "endPercent": row["end_percent"],
            "didKill": row["killed"],
            "openingType": row.get("opening"),
            "moves": [
                {
                    "playerIndex": move["port"] - 1,
                    "frame": move["frame"],
                    "moveId": move["attack"],
                    "hitCount": move["num_hits"],
                    "damage": move["damage"],
                }
                for move in moves
                if move[number] == row[number]
            ],
        })
        for row in found
    ]  # fmt: skip


def counts(row: Row) -> Row:
    found: Row = {"playerIndex": row["port"] - 1}
    for name in (column.name for column in ACTIONS):
        group = next((group for group in COUNT_GROUPS if name.startswith(f"{group}_")), None)
        if group is None:
            found[f"{camel(name)}Count"] = row[name]
        else:
            found.setdefault(f"{camel(group)}Count", {})[name.removeprefix(f"{group}_")] = row[name]
    return found


RATIOS = (
    "successful_conversions", "inputs_per_minute", "digital_inputs_per_minute", "openings_per_kill",
    "damage_per_opening", "neutral_win_ratio", "counter_hit_ratio", "beneficial_trade_ratio",
)  # fmt: skip


def overall(row: Row) -> Row:
    found: Row = {
        "playerIndex": row["port"] - 1,
        "inputCounts": {
            name: row[f"input_{name}"] for name in ("buttons", "triggers", "cstick", "joystick", "total")
        },
        "conversionCount": row["conversion_count"],
        "totalDamage": row["total_damage"],
        "killCount": row["kill_count"],
    }
    for name in RATIOS:
        count, total = row[f"{name}_count"], row[f"{name}_total"]
        found[camel(name)] = _present({
            "count": count, "total": total, "ratio": count / total if total else None
        })  # fmt: skip
    return found


def told_by_tables(store: Store) -> dict[str, Row]:
    """By file name, for every file that was read: what its tables say, without what is the same in all games."""
    tables = {table.name: rows(store, table) for table in schema.STATS_TABLES}
    found = {}
    for of_id in rows(store, schema.REPLAYS).values():
        for file in of_id:
            if file["status"] != "ok":
                continue
            of = {name: table.get(file["replay_id"], []) for name, table in tables.items()}
            told = {
                "stocks": [
                    _present({
                        "playerIndex": row["port"] - 1,
                        "startFrame": row["start_frame"],
                        "endFrame": row["end_frame"],
                        "startPercent": 0,
                        "endPercent": row["end_percent"],
                        "currentPercent": row["current_percent"],
                        "count": row["count"],
                        "deathAnimation": row["death_state"],
                    })
                    for row in sorted(of["stocks"], key=lambda row: (row["start_frame"], row["port"]))
                ],
                "conversions": punishes(of["conversions"], of["moves"], "conversion"),
                "combos": punishes(of["combos"], of["combo_moves"], "combo"),
                "actionCounts": [counts(row) for row in of["action_counts"]],
                "overall": [overall(row) for row in of["overall"]],
            }  # fmt: skip
            if of["overall"]:
                (told["playableFrameCount"],) = {row["playable_frames"] for row in of["overall"]}
            found[Path(file["path"]).name] = json.loads(json.dumps(told))
    return found
