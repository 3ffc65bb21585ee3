"""Runs assets for the CLI: in this process, on the instance that `dagster dev` shows."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from exphil.training.config import TrainConfig
from pipelines.definitions import make_definitions
from pipelines.instance import open_instance
from pipelines.jobs import build
from pipelines.lost_runs import end_lost_runs, process_tags
from pipelines.partitions import add_batches, store_batches
from pipelines.policy import of_outcome
from pipelines.session import Session


def run_batches(
    session: Session,
    assets: Sequence[str],
    batches: Sequence[str],
    *,
    debug: bool = False,
) -> None:
    """One Dagster run a batch, over `assets`, in order.

    Raises:
        ExphilError: what an asset raised; the run is marked as failed, and the batches after it are not begun.
        KeyboardInterrupt: Ctrl-C.
    """
    with open_instance() as instance, _log_level("DEBUG" if debug else "CRITICAL") as level:
        end_lost_runs(instance)
        add_batches(instance, [*store_batches(session.store()), *batches])
        job = make_definitions(session, with_checks=False).resolve_job_def(build.name)
        for batch in batches:
            try:
                job.execute_in_process(
                    run_config={"loggers": {"console": {"config": {"log_level": level}}}},
                    instance=instance,
                    partition_key=batch,
                    asset_selection=[dg.AssetKey(asset) for asset in assets],
                    tags=process_tags(),
                )
            except (
                dg.DagsterExecutionInterruptedError
            ):  # Ctrl-C, renamed by Dagster; the run is marked as failed
                raise KeyboardInterrupt from None


def record_policy(folder: Path, config: TrainConfig, validation: Mapping[str, Any]) -> None:
    """Show a run that was trained outside Dagster as a materialization of `policy`."""
    with open_instance() as instance:
        shown = of_outcome(folder, config, validation)
        instance.report_runless_asset_event(dg.AssetMaterialization("policy", metadata=shown))


@contextmanager
def _log_level(level: str) -> Iterator[str]:
    logger = logging.getLogger("dagster")
    before = logger.level
    logger.setLevel(level)
    try:
        yield level
    finally:
        logger.setLevel(before)
