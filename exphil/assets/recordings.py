"""What `replays` and `players` tell of every game of a batch: what quality looks at beside the statistics."""

import polars as pl

from exphil.stats.quality.score import Recording
from exphil.store import paths
from exphil.store.store import Store

_TOLD = ("last_frame", "mode", "complete", "end_method", "lras_port", "winner_port", "frozen_stadium")


def recordings(store: Store, batch: str) -> dict[str, Recording]:
    """Every game of the batch that counts, by replay id."""
    found: dict[str, Recording] = {}
    for part in store.manifest.of("replays", batch):
        if not part.rows.get("players"):
            continue
        replays = pl.scan_parquet(paths.table_part(store.root, "replays", "replays", part.name))
        players = pl.scan_parquet(paths.table_part(store.root, "replays", "players", part.name))
        is_frozen = pl.col("is_frozen_stadium") & (pl.col("stage_name") == "POKEMON_STADIUM")
        sides = players.group_by("replay_id").agg("port", "type", "end_stocks")
        games = (
            replays.filter(pl.col("status") == "ok")
            .with_columns(frozen_stadium=is_frozen.fill_null(value=False))
            .select("replay_id", *_TOLD)
            .join(sides, on="replay_id")
            .collect()
        )
        for row in games.iter_rows(named=True):
            found[row["replay_id"]] = Recording(
                **{name: row[name] for name in _TOLD},
                ports=tuple(row["port"]),
                types=tuple(row["type"]),
                end_stocks=tuple(row["end_stocks"]),
            )
    return found
