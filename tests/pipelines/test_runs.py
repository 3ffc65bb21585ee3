"""Whole runs over two games: what Dagster records, what lies in the store, and what a failure looks like."""

from pathlib import Path

import dagster as dg
import pytest

from exphil.assets import plan
from exphil.assets.checks import CHECKS
from exphil.assets.workers import Workers
from exphil.errors import StoreError
from exphil.replays.sources import find_sources
from exphil.store import paths
from exphil.store.store import Store
from pipelines.definitions import make_definitions
from pipelines.instance import open_instance
from pipelines.runner import run_batches
from pipelines.session import Session

STORE = Path("storage")


def _session(workers: Workers) -> Session:
    return Session(STORE, Path("models"), workers)


def _enqueue(folder: Path) -> list[str]:
    return plan.enqueue(Store.create(STORE), list(find_sources([folder])))


def test_a_run_builds_and_tells(two_replays: Path) -> None:
    batches = _enqueue(two_replays)
    with Workers(1) as workers:
        session = _session(workers)
        run_batches(session, paths.ASSETS, batches)
        assert sorted(report.asset for report in session.reports) == sorted(paths.ASSETS)

        with open_instance() as instance:
            (run,) = instance.get_runs()
            assert run.status == dg.DagsterRunStatus.SUCCESS
            assert instance.get_dynamic_partitions("batches") == ["b00001"]
            for asset in paths.ASSETS:
                event = instance.get_latest_materialization_event(dg.AssetKey(asset))
                assert event is not None
                assert event.asset_materialization is not None
                assert event.asset_materialization.partition == "b00001"
                shown = event.asset_materialization.metadata
                assert {"parts", "megabytes", "run_seconds"} <= set(shown), asset
            event = instance.get_latest_materialization_event(dg.AssetKey("replays"))
            assert event is not None
            assert event.asset_materialization is not None
            shown = event.asset_materialization.metadata
            assert (shown["ok"].value, shown["quarantined"].value) == (2, 1)
            assert "notes.slp" in str(shown["run_notes"].value)
            assert "svg" in str(shown["characters_by_stage"].value)

        # Nothing of Dagster lies in the store.
        kept = {paths.MANIFEST, paths.LOCK, paths.LOCK_OWNER, paths.STAGING, paths.INBOX, *paths.ASSETS}
        assert {path.name for path in STORE.iterdir()} <= kept

        # The UI's way: the same job with its checks, on the same batch, finds nothing to do and nothing wrong.
        with open_instance() as instance:
            job = make_definitions(_session(workers), with_checks=True).resolve_job_def("build")
            again = job.execute_in_process(
                instance=instance,
                partition_key="b00001",
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
            assert again.success
            results = again.get_asset_check_evaluations()
            faults = [
                r.check_name for r in results if not r.passed and r.severity == dg.AssetCheckSeverity.ERROR
            ]
            assert faults == []
            assert len(results) == len(CHECKS)


def test_what_an_asset_raises_reaches_the_caller_and_fails_the_run(
    two_replays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = _enqueue(two_replays)
    monkeypatch.setattr(plan, "missing_parts", _refuse)
    with Workers(1) as workers, pytest.raises(StoreError, match="the disk is full"):
        run_batches(_session(workers), ["replays", "frames", "stats", "windows"], batches)
    with open_instance() as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.FAILURE


def _refuse(*_: object) -> list[object]:
    raise StoreError("the disk is full")
