"""Games of two in a batch: what their statistics must know of them beside their frames."""

from dataclasses import dataclass

import polars as pl

from exphil import schema
from exphil.store import paths
from exphil.store.store import Store


@dataclass(frozen=True, slots=True)
class Singles:
    """A game of two.

    Attributes:
        ports: ascending.
        stage: external id.
        last_frame, latest_frame: highest id, and the one written last.
        allied: the two are one team.
    """

    ports: tuple[int, int]
    stage: int
    version: schema.Version
    last_frame: int
    latest_frame: int
    ended: bool
    scene_major: int | None
    allied: bool


def singles(store: Store, batch: str) -> dict[str, Singles]:
    """The batch's games of two that were read, by replay id."""
    found: dict[str, Singles] = {}
    for part in store.manifest.of("replays", batch):
        if not part.rows.get("players"):
            continue
        replays, players = (
            pl.scan_parquet(paths.table_part(store.root, "replays", name, part.name))
            for name in ("replays", "players")
        )
        if "latest_frame" not in replays.collect_schema().names():  # an older part whose files are gone
            replays = replays.with_columns(latest_frame="last_frame")
        sides = players.group_by("replay_id").agg(
            pl.col("port").sort(),
            pl.col("team").drop_nulls().len().alias("in_teams"),
            pl.col("team").n_unique(),
        )
        games = (
            replays.filter((pl.col("status") == "ok") & (pl.col("num_players") == 2))
            .join(sides, on="replay_id")
            .filter(pl.col("port").list.len() == 2)
            .select(
                "replay_id", "port", "stage", "version", "last_frame", "latest_frame", "end_method", "scene_major",
                allied=(pl.col("in_teams") == 2) & (pl.col("team") == 1),
            )
            .collect()
        )  # fmt: skip
        for row in games.iter_rows(named=True):
            first, second = row["port"]
            major, minor, build = (int(number) for number in row["version"].split("."))
            found[row["replay_id"]] = Singles(
                ports=(first, second),
                stage=row["stage"],
                version=(major, minor, build),
                last_frame=row["last_frame"],
                latest_frame=row["latest_frame"],
                ended=row["end_method"] is not None,
                scene_major=row["scene_major"],
                allied=row["allied"],
            )
    return found
