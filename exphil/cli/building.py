"""How commands build assets: what is there to do is known before Dagster is imported, and nothing to do ends there."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from exphil.assets import plan, pseudonyms
from exphil.assets.interrupts import Interrupts
from exphil.assets.report import Report
from exphil.assets.selection import ReplaySelection, Selected, select
from exphil.assets.workers import Workers
from exphil.cli.output import num_bytes, progress, say
from exphil.store.store import Store

MOST_REASONS: Final = 5
"""Quarantined files that are named; the rest is counted."""


@dataclass(slots=True)
class Built:
    """What a build found and did.

    Attributes:
        store: root of the store.
        assets: that were asked for, in the order in which data flows.
        num_replays: chosen files and archive members.
        num_left_out: looked at, and left out by a filter.
        statuses: of the chosen ones, as they are in the store now.
        reasons: (path, reason) of the chosen ones that are quarantined.
        batches: that had something to do.
        reports: of what was done.
        seconds: by what took them; `total` is all since the command began.
    """

    store: Path
    assets: list[str]
    num_replays: int
    num_left_out: int
    statuses: dict[str, int] = field(default_factory=dict)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def exit_code(self, *, strict: bool) -> int:
        """1 when nothing could be read, and with `strict` when one could not."""
        num_bad = len(self.reasons)
        return int(num_bad > 0 and (strict or num_bad == self.num_replays))

    def to_json(self) -> dict[str, Any]:
        """Everything, for a program."""
        return {
            "store": str(self.store),
            "assets": self.assets,
            "up_to_date": not self.batches,
            "replays": {"selected": self.num_replays, "left_out": self.num_left_out, **self.statuses},
            "quarantined": [{"path": path, "reason": reason} for path, reason in self.reasons],
            "batches": self.batches,
            "reports": [asdict(report) for report in self.reports],
            "seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
        }

    def print(self) -> None:
        """The summary for people."""
        left_out = f", {self.num_left_out} left out by the filters" if self.num_left_out else ""
        counts = ", ".join(f"{count} {status}" for status, count in self.statuses.items())
        say(f"{self.num_replays} replays{left_out}: {counts}")
        if named := sum(report.made.get(pseudonyms.NAMED_PATHS, 0) for report in self.reports):
            say(
                f"  {named} paths, which are kept, hold a player's name: rename the files, or keep the store private"
            )
        for path, reason in self.reasons[:MOST_REASONS]:
            say(f"  quarantined {path}: {reason}")
        if len(self.reasons) > MOST_REASONS:
            say(
                f'  and {len(self.reasons) - MOST_REASONS} more: exphil sql "SELECT path, reason FROM replays"'
            )
        if not self.batches:
            say(f"{self.store} is up to date ({', '.join(self.assets)}; {self.seconds['total']:.2f} s)")
            return
        for asset in self.assets:
            say(f"{asset:<11} {_made(asset, [report for report in self.reports if report.asset == asset])}")
        say(
            f"own work {self.seconds['work']:.1f} s; workers' start-up {self.seconds['workers']:.1f} s;"
            f" Dagster {self.seconds['dagster']:.1f} s; finding what to do {self.seconds['plan']:.1f} s"
        )


def build(
    root: Path,
    assets: Sequence[str],
    selection: ReplaySelection,
    num_workers: int | None = None,
    *,
    anonymise: bool = False,
) -> Built:
    """Build `assets` from the selected replays, one Dagster run for each batch that has something to do.

    Args:
        anonymise: make a new store hide the players' names.

    Raises:
        UsageError: no replay matches, or an option names nothing.
        StoreError: the store cannot be read or written.
    """
    begun = time.perf_counter()
    selected = select(selection)
    store = Store.create(root)
    if anonymise:
        pseudonyms.anonymise(store)
    batches = _stale_batches(store, assets, selected)
    built = Built(root, list(assets), len(selected.sources), selected.num_left_out, batches=batches)
    built.seconds["plan"] = time.perf_counter() - begun
    if batches:
        with Interrupts() as interrupts, Workers(num_workers, interrupts) as workers:
            workers.start()  # their imports and Dagster's take place side by side
            built.reports = _run(root, assets, batches, workers)
            built.seconds["workers"] = workers.startup_seconds
    built.statuses, built.reasons = _statuses(store, selected)
    built.seconds["total"] = time.perf_counter() - begun
    built.seconds["work"] = sum(report.seconds for report in built.reports)
    accounted = sum(built.seconds.get(name, 0.0) for name in ("plan", "workers", "work"))
    built.seconds["dagster"] = max(0.0, built.seconds["total"] - accounted) if batches else 0.0
    return built


def _stale_batches(store: Store, assets: Sequence[str], selected: Selected) -> list[str]:
    """The batches with work to do; takes the writer lock only when files are to be assigned to batches."""
    if plan.pending(store, selected.sources) or plan.inbox_batches(store):
        pseudonyms.of_store(store)  # a missing key is told before anything begins
        plan.enqueue(store, selected.sources)
    return plan.stale_batches(store, assets)


def _run(root: Path, assets: Sequence[str], batches: Sequence[str], workers: Workers) -> list[Report]:
    from exphil.config.roots import models_root
    from pipelines.runner import run_batches
    from pipelines.session import Session

    # One pass gives replays and frames: they are one step.
    steps = [asset for asset in assets if asset != "frames"]
    with progress("materialize", len(batches) * len(steps)) as advance:
        session = Session(root, models_root(), workers, on_report=_shower(advance))
        run_batches(session, assets, batches, debug=_debugging())
    return session.reports


def _shower(advance: Callable[..., None]) -> Callable[[Report], None]:
    def show(report: Report) -> None:
        if report.asset != "frames":
            advance(1, f"{report.batch}: {report.asset} done")

    return show


def _debugging() -> bool:
    return "--debug" in sys.argv or os.environ.get("EXPHIL_DEBUG", "") not in ("", "0")


def _statuses(store: Store, selected: Selected) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Statuses of the selected files as the store has them now, and the reasons of those that could not be read."""
    import polars as pl

    store.refresh()
    files = store.table_paths("replays")
    if not files:
        return {}, []
    chosen = pl.DataFrame({"path": [source.path for source in selected.sources]})
    rows = pl.scan_parquet(files).select("path", "status", "reason").join(chosen.lazy(), on="path").collect()
    counts = Counter(rows["status"].to_list())
    bad = rows.filter(pl.col("status") == "quarantined").sort("path")
    statuses = {status: counts[status] for status in ("ok", "duplicate", "quarantined") if counts[status]}
    return statuses, list(bad.select("path", "reason").iter_rows())


def _made(asset: str, reports: Sequence[Report]) -> str:
    total: Counter[str] = Counter()
    for report in reports:
        total.update(report.made)
    size = num_bytes(sum(report.num_bytes for report in reports))
    if asset == "replays":
        return f"{total['replays']:,} read, {size}"
    figures = ", ".join(f"{count:,} {name}" for name, count in total.items() if name != "parts")
    return f"{figures}, {size}" if figures else "nothing to do"
