"""What the UI shows beside a materialization: figures of this run, of the batch as it lies, and pictures."""

from collections.abc import Callable
from functools import partial
from typing import Any

import dagster as dg

from exphil.assets.report import Report
from exphil.reports import feature_plots, stats_plots, store_plots
from exphil.reports.asking import Ask, asking
from exphil.reports.plot import Plot
from exphil.store.manifest import Part
from exphil.store.store import Store
from pipelines import charts

MOST_NOTES = 20

MOST_BARS = 7
"""With more of them a chart would be too long to be shown in place."""


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
    """Statuses and modes of a batch, who was played where and when, and what could not be read."""
    if not _has(store, "replays", batch):
        return {}
    with asking(store, batch) as ask:
        found: dict[str, Any] = {
            row["status"]: row["n"]
            for row in ask("SELECT status, count(*) AS n FROM replays GROUP BY ALL ORDER BY status")
        }
        found["modes"] = _table(ask, "mode", "replays WHERE status = 'ok'")
        found["formats"] = _table(ask, "version", "replays")
        return found | _plots(
            ask,
            games_over_time=store_plots.games_over_time,
            characters=partial(store_plots.characters, most=MOST_BARS),
            matchups=store_plots.matchups,
            characters_by_stage=store_plots.characters_by_stage,
            quarantine_reasons=store_plots.quarantine_reasons,
        )


def of_frames(store: Store, batch: str) -> dict[str, Any]:
    """How long the batch's games are, and what a game frame takes on disk."""
    if not _has(store, "replays", batch):
        return {}
    with asking(store, batch) as ask:
        (frames,) = ask("SELECT coalesce(sum(num_frames), 0)::BIGINT AS n FROM replays WHERE status = 'ok'")
        shown = _plots(ask, game_lengths=store_plots.lengths)
    if not frames["n"]:
        return {}
    num_bytes = sum(part.num_bytes for part in store.manifest.of("frames", batch))
    return {
        "bytes_a_game_frame": round(num_bytes / frames["n"], 2),
        "game_minutes": round(frames["n"] / 3600, 2),
        **shown,
    }


def of_stats(store: Store, batch: str) -> dict[str, Any]:
    """How people play in the batch's games, and what the games are worth."""
    if not _has(store, "stats", batch):
        return {}
    with asking(store, batch) as ask:
        return _plots(
            ask,
            openings_per_kill=stats_plots.openings_per_kill,
            damage_per_opening=stats_plots.damage_per_opening,
            l_cancels=stats_plots.l_cancels,
            openers=partial(stats_plots.openers, most=MOST_BARS),
            kill_moves=partial(stats_plots.kill_moves, most=MOST_BARS),
            kill_directions=stats_plots.kill_directions,
            quality_scores=stats_plots.quality_scores,
            quality_flags=stats_plots.quality_flags,
        )


def of_embeddings(store: Store, batch: str) -> dict[str, Any]:
    """The feature set's name and fingerprint, what a game frame takes on disk, and the dims' ranges."""
    from exphil.features import V1

    parts = store.manifest.of("embeddings", batch)
    rows = sum(part.rows["rows"] for part in parts)
    audited = feature_plots.audit_rows(store, batch)
    return {
        "feature_set": V1.name,
        "fingerprint": V1.fingerprint,
        "dims": V1.width,
        "bytes_a_game_frame": _bytes_a_row(parts, rows),
        **_drawn(
            dims=feature_plots.feature_states(audited), feature_ranges=feature_plots.feature_ranges(audited)
        ),
    }


def of_windows(store: Store, batch: str) -> dict[str, Any]:
    """How many frames may be scored, by side of the split."""
    if not _has(store, "windows", batch):
        return {}
    with asking(store, batch) as ask:
        return _plots(ask, frames_by_split=store_plots.splits)


def of_packs(store: Store, batch: str) -> dict[str, Any]:
    """What a game frame takes in the pack."""
    from exphil.features import V1

    parts = store.manifest.of("packs", batch)
    rows = sum(part.rows["rows"] for part in parts)
    return {"bytes_a_game_frame": _bytes_a_row(parts, rows), "fingerprint": V1.fingerprint}


def _bytes_a_row(parts: list[Part], rows: int) -> float:
    return round(sum(part.num_bytes for part in parts) / max(1, rows), 2)


def _plots(ask: Ask, **plots: Callable[[Ask], Plot | None]) -> dict[str, Any]:
    return _drawn(**{name: plot(ask) for name, plot in plots.items()})


def _drawn(**plots: Plot | None) -> dict[str, Any]:
    """Pictures by name; a plot that has nothing to show is left out."""
    return {
        name: dg.MetadataValue.md(charts.markdown(charts.svg(plot), plot.title))
        for name, plot in plots.items()
        if plot is not None
    }


def _table(ask: Ask, column: str, source: str) -> dg.MarkdownMetadataValue:
    rows = ask(
        f"SELECT coalesce({column}, 'unknown') AS name, count(*) AS n FROM {source}"
        " GROUP BY ALL ORDER BY n DESC, name"
    )
    lines = [f"| {row['name']} | {row['n']} |" for row in rows]
    return dg.MetadataValue.md("\n".join([f"| {column} | replays |", "|---|---|", *lines]))


def _has(store: Store, asset: str, batch: str) -> bool:
    return bool(store.manifest.of(asset, batch))
