"""What the UI shows beside a materialization: figures of this run, of the batch as it lies, and a chart."""

from typing import Any

import dagster as dg
import polars as pl

from exphil.assets.report import Report
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.store import Store
from pipelines import charts

MOST_NOTES = 20


def of_report(store: Store, report: Report) -> dict[str, Any]:
    """What the asset's parts of the batch hold now, and what this run added, as `run_...`."""
    parts = store.manifest.of(report.asset, report.batch)
    figures: dict[str, Any] = {
        table: sum(part.rows.get(table, 0) for part in parts)
        for table in sorted({table for part in parts for table in part.rows})
    }
    figures["parts"] = len(parts)
    figures["megabytes"] = round(sum(part.num_bytes for part in parts) / 1e6, 3)
    figures |= {f"run_{name}": figure for name, figure in report.metadata().items()}
    if report.notes:
        shown = [f"- {note}" for note in report.notes[:MOST_NOTES]]
        if len(report.notes) > MOST_NOTES:
            shown.append(f"- and {len(report.notes) - MOST_NOTES} more")
        figures["run_notes"] = dg.MetadataValue.md("\n".join(shown))
    return figures


def of_replays(store: Store, batch: str) -> dict[str, Any]:
    """Statuses and modes of a batch, and who was played where."""
    replays = _table(store, "replays", batch)
    players = _table(store, "players", batch)
    if replays is None:
        return {}
    found: dict[str, Any] = dict(replays.group_by("status").len().sort("status").iter_rows())
    found["modes"] = dg.MetadataValue.md(_table_markdown(replays.filter(pl.col("status") == "ok"), "mode"))
    found["formats"] = dg.MetadataValue.md(_table_markdown(replays, "version"))
    if players is not None:
        found["characters_by_stage"] = _chart(_played_where(replays, players), "characters by stage")
    return found


def of_frames(store: Store, batch: str) -> dict[str, Any]:
    """How long the batch's games are, and what a game frame takes on disk."""
    replays = _table(store, "replays", batch)
    if replays is None:
        return {}
    lengths = replays.filter(pl.col("status") == "ok")["num_frames"].drop_nulls()
    if lengths.is_empty():
        return {}
    num_bytes = sum(part.num_bytes for part in store.manifest.of("frames", batch))
    return {
        "bytes_a_game_frame": round(num_bytes / max(1, int(lengths.sum())), 2),
        "game_minutes": round(float(lengths.sum()) / 3600, 2),
        "game_lengths": _chart(
            charts.histogram([n / 60 for n in lengths.to_list()], unit="seconds"), "game lengths"
        ),
    }


def of_stats(store: Store, batch: str) -> dict[str, Any]:
    """Rows of each table."""
    parts = store.manifest.of("stats", batch)
    tables = sorted({table for part in parts for table in part.rows})
    return {table: sum(part.rows.get(table, 0) for part in parts) for table in tables}


def of_embeddings(store: Store, batch: str) -> dict[str, Any]:
    """The feature set's name and fingerprint, and what a game frame takes on disk."""
    from exphil.features import V1

    parts = store.manifest.of("embeddings", batch)
    rows = sum(part.rows["rows"] for part in parts)
    return {
        "feature_set": V1.name,
        "fingerprint": V1.fingerprint,
        "dims": V1.width,
        "bytes_a_game_frame": _bytes_a_row(parts, rows),
    }


def of_windows(store: Store, batch: str) -> dict[str, Any]:
    """How many frames may be scored, by side of the split."""
    segments = _table(store, "segments", batch)
    if segments is None:
        return {}
    sides = segments.group_by("split").agg(pl.col("num_frames").sum(), pl.len()).sort("split")
    names = [f"{side} ({count} segments)" for side, count in sides.select("split", "len").iter_rows()]
    return {
        "frames_by_split": _chart(
            charts.bars(names, sides["num_frames"].to_list(), "frames"), "frames by split"
        )
    }


def of_packs(store: Store, batch: str) -> dict[str, Any]:
    """What a game frame takes in the pack."""
    from exphil.features import V1

    parts = store.manifest.of("packs", batch)
    rows = sum(part.rows["rows"] for part in parts)
    return {"bytes_a_game_frame": _bytes_a_row(parts, rows), "fingerprint": V1.fingerprint}


def _bytes_a_row(parts: list[Part], rows: int) -> float:
    return round(sum(part.num_bytes for part in parts) / max(1, rows), 2)


def _played_where(replays: pl.DataFrame, players: pl.DataFrame) -> str:
    games = replays.filter(pl.col("status") == "ok").select("replay_id", "stage_name")
    counts = (
        players.join(games, on="replay_id")
        .group_by("character_name", "stage_name")
        .len()
        .sort("character_name", "stage_name")
    )
    characters = (
        counts.group_by("character_name")
        .agg(pl.col("len").sum())
        .sort(["len", "character_name"], descending=[True, False])
    )
    stages = (
        counts.group_by("stage_name")
        .agg(pl.col("len").sum())
        .sort(["len", "stage_name"], descending=[True, False])
    )
    by_pair = {(character, stage): count for character, stage, count in counts.iter_rows()}
    rows, columns = characters["character_name"].to_list(), stages["stage_name"].to_list()
    cells = [[by_pair.get((row, column), 0) for column in columns] for row in rows]
    return charts.heatmap([_words(row) for row in rows], [_words(column) for column in columns], cells)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _chart(svg: str, title: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(charts.markdown(svg, title))


def _table_markdown(rows: pl.DataFrame, column: str) -> str:
    counts = rows.group_by(column).len().sort(["len", column], descending=[True, False])
    lines = [f"| {name if name is not None else 'unknown'} | {count} |" for name, count in counts.iter_rows()]
    return "\n".join([f"| {column} | replays |", "|---|---|", *lines])


def _table(store: Store, table: str, batch: str) -> pl.DataFrame | None:
    asset = "windows" if table == "segments" else "replays"
    files = [
        paths.table_part(store.root, asset, table, part.name)
        for part in store.manifest.of(asset, batch)
        if part.rows.get(table, 0)
    ]
    return pl.concat([pl.read_parquet(file) for file in files]) if files else None
