"""Check of techs, ledge options, recoveries and sequences against what slippi-js counts of the same games."""

from typing import Final

import polars as pl

from exphil import schema
from exphil.assets.checks.finding import Finding
from exphil.assets.checks.reading import read_table, repeated
from exphil.store.store import Store

COUNTED: Final = {
    "ground_tech_in": ("ground", "in"),
    "ground_tech_away": ("ground", "away"),
    "ground_tech_neutral": ("ground", "in-place"),
    "ground_tech_fail": ("ground", "missed"),
    "wall_tech_success": ("wall", "in-place"),
    "wall_tech_fail": ("wall", "missed"),
}
"""Column of `action_counts`: kind and choice of the techs that it counts."""

_PLAYER: Final = ["replay_id", "port"]


def situations(store: Store, batch: str | None) -> Finding:
    """One row a situation, as many as are counted; recoveries one after the other; kills end sequences."""
    found = Finding()
    techs = read_table(store, "techs", batch, [*schema.TECHS.key, "kind", "choice"])
    grabs = read_table(store, "ledge_options", batch, schema.LEDGE_OPTIONS.key)
    trips = read_table(store, "recoveries", batch, [*schema.RECOVERIES.key, "end_frame"])
    punishes = read_table(store, "conversions", batch, ["replay_id", "conversion", "killed", "sequence"])
    counted = read_table(store, "action_counts", batch, [*_PLAYER, "ledgegrab", *COUNTED])
    for rows, table in ((techs, schema.TECHS), (grabs, schema.LEDGE_OPTIONS), (trips, schema.RECOVERIES)):
        found.count(len(rows), repeated(rows, table.key))
    found.count(len(counted), _miscounted(counted, grabs, techs))
    following = trips.sort(schema.RECOVERIES.key).with_columns(
        pl.col("start_frame").shift(-1).over(_PLAYER).alias("following")
    )
    overlapping = following.filter(pl.col("following") < pl.col("end_frame").fill_null(2**31 - 1))
    found.count(0, [f"{_whose(row)}: recoveries overlap" for row in overlapping.to_dicts()])
    ended = pl.col("sequence").str.ends_with("kill").fill_null(value=False)
    wrong = punishes.filter(ended != pl.col("killed"))
    found.count(
        len(punishes),
        [f"{row['replay_id']} conversion {row['conversion']}: {row['sequence']}" for row in wrong.to_dicts()],
    )
    found.figures = {"techs": len(techs), "ledge_grabs": len(grabs), "recoveries": len(trips)}
    return found


def _miscounted(counted: pl.DataFrame, grabs: pl.DataFrame, techs: pl.DataFrame) -> list[str]:
    """Players whose rows are not as many as their counts say."""
    joined = counted.join(grabs.group_by(_PLAYER).len("ledgegrab_rows"), on=_PLAYER, how="left")
    for name, (kind, choice) in COUNTED.items():
        of_kind = techs.filter((pl.col("kind") == kind) & (pl.col("choice") == choice))
        joined = joined.join(of_kind.group_by(_PLAYER).len(f"{name}_rows"), on=_PLAYER, how="left")
    return [
        f"{_whose(row)}: {row[f'{name}_rows'] or 0} rows of {row[name]} {name}"
        for row in joined.to_dicts()
        for name in ("ledgegrab", *COUNTED)
        if (row[f"{name}_rows"] or 0) != row[name]
    ]


def _whose(row: dict[str, object]) -> str:
    return f"{row['replay_id']} port {row['port']}"
