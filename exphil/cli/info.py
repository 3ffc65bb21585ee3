"""`exphil info`: what a store holds."""

from typing import Any

from exphil.cli.options import JsonFlag, StoreOption


def info(*, store: StoreOption = None, json: JsonFlag = False) -> None:
    """Tell what a store holds.

    Replays by status, games by mode and flag of quality, parts, rows and sizes by asset, and what is still to build.

    For example:

        exphil info
        exphil info --store /data/melee --json
    """
    from exphil.cli.output import json_document
    from exphil.config.roots import store_root
    from exphil.store.store import Store

    found = summary(Store.open(store_root(store)))
    if json:
        json_document(found)
    else:
        _print(found)


def summary(store: Any) -> dict[str, Any]:
    """Everything that `exphil info` prints, as JSON has it. `store` is an open `exphil.store.store.Store`."""
    from exphil.assets import plan
    from exphil.features import V1
    from exphil.sql.database import Database
    from exphil.store import paths

    with Database(store) as database:
        statuses = database.query(
            "SELECT status, count(*) AS n FROM replays GROUP BY ALL ORDER BY ALL"
        ).read_all()
        modes = database.query(
            "SELECT coalesce(mode, 'unknown') AS mode, count(*) AS n FROM replays WHERE status = 'ok'"
            " GROUP BY ALL ORDER BY n DESC, mode"
        ).read_all()
        quality = _quality(database) if store.table_paths("quality") else None
        frames = database.query(
            "SELECT sum(num_frames)::BIGINT AS n FROM replays WHERE status = 'ok'"
        ).read_all()
    assets = []
    for asset in paths.ASSETS:
        parts = store.manifest.of(asset)
        rows: dict[str, int] = {}
        for part in parts:
            for table, count in part.rows.items():
                rows[table] = rows.get(table, 0) + count
        missing = (
            plan.missing_parts(store, asset) if asset in ("stats", "embeddings", "windows", "packs") else []
        )
        assets.append(
            {
                "asset": asset,
                "parts": len(parts),
                "rows": rows,
                "bytes": sum(part.num_bytes for part in parts),
                "parts_to_build": len(missing),
            }
        )
    return {
        "store": str(store.root),
        "format": paths.FORMAT_VERSION,
        "pseudonyms": store.manifest.pseudonyms,
        "replays": dict(zip(statuses["status"].to_pylist(), statuses["n"].to_pylist(), strict=True)),
        "modes": dict(zip(modes["mode"].to_pylist(), modes["n"].to_pylist(), strict=True)),
        "quality": quality,
        "game_frames": frames["n"][0].as_py() or 0,
        "batches": len(store.manifest.batches()),
        "waiting_batches": plan.inbox_batches(store),
        "assets": assets,
        "feature_set": {
            "name": V1.name,
            "width": V1.width,
            "fingerprint": V1.fingerprint,
            "in_store": sorted(store.manifest.feature_sets),
        },
    }


def _quality(database: Any) -> dict[str, Any]:
    """How many games are scored, left out by default, and have each flag."""
    games = database.query(
        "SELECT count(*) AS n, count(*) FILTER (WHERE excluded) AS excluded FROM quality"
    ).read_all()
    flags = database.query(
        "SELECT flag, count(*) AS n FROM quality, unnest(string_split(flags, ' ')) AS of_game(flag)"
        " WHERE flags <> '' GROUP BY ALL ORDER BY n DESC, flag"
    ).read_all()
    return {
        "games": games["n"][0].as_py(),
        "excluded": games["excluded"][0].as_py(),
        "flags": dict(zip(flags["flag"].to_pylist(), flags["n"].to_pylist(), strict=True)),
    }


def _print(found: dict[str, Any]) -> None:
    from exphil.cli.output import num_bytes, say, table

    def counts(by_name: dict[str, int]) -> str:
        return ", ".join(f"{count} {name}" for name, count in by_name.items()) or "none"

    def judged(quality: dict[str, Any] | None) -> list[tuple[str, str]]:
        if quality is None:
            return [("quality", "unknown: `exphil materialize stats`")]
        left_out = f"{quality['excluded']} of {quality['games']} games left out of training by default"
        return [("quality", left_out), ("flags", counts(quality["flags"]))]

    features = found["feature_set"]
    table(
        ("", ""),
        [
            ("store", f"{found['store']} (format {found['format']})"),
            ("names", f"pseudonyms of key {key}" if (key := found["pseudonyms"]) else "as recorded"),
            ("replays", counts(found["replays"])),
            ("modes of ok", counts(found["modes"])),
            *judged(found["quality"]),
            ("game frames", f"{found['game_frames']:,} ({found['game_frames'] / 216_000:.1f} hours)"),
            ("batches", f"{found['batches']}, {len(found['waiting_batches'])} with files waiting to be read"),
            ("feature set", f"{features['name']}, {features['width']} dims, {features['fingerprint']}"),
        ],
    )
    say()
    table(
        ("asset", "parts", "to build", "size", "rows"),
        [
            (
                asset["asset"],
                asset["parts"],
                asset["parts_to_build"],
                num_bytes(asset["bytes"]),
                counts(asset["rows"]),
            )
            for asset in found["assets"]
        ],
        right=("parts", "to build", "size"),
    )
