"""Runs whose process is gone: a killed process cannot say that its run ended, so the next one says it.

Every run is tagged with host, process id and the start time of that process; an id alone may be given out again.
"""

import os
import platform
import time
from collections.abc import Mapping
from typing import Final

import dagster as dg
import psutil

HOST_TAG: Final = "exphil/host"
PROCESS_TAG: Final = "exphil/pid"
STARTED_TAG: Final = "exphil/process_started"

UNFINISHED: Final = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)

UNTAGGED_SECONDS: Final = 300.0
"""A run that has been under way for so long without a first step, where the tags are put on, never reached one."""

_CLOCK_SLACK: Final = 2.0


def process_tags() -> dict[str, str]:
    """Tags that tell which process holds a run."""
    started = psutil.Process().create_time()
    return {HOST_TAG: platform.node(), PROCESS_TAG: str(os.getpid()), STARTED_TAG: f"{started:.2f}"}


def tag_run(context: dg.AssetExecutionContext) -> None:
    """Put this process's tags on the run, where the UI started it; the CLI's runs have them from the start."""
    if PROCESS_TAG not in context.run.tags:
        context.instance.add_run_tags(context.run.run_id, process_tags())


def end_lost_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark every unfinished run as failed whose process on this machine is gone; returns their ids."""
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=list(UNFINISHED))):
        message = _loss(record.dagster_run.tags, record.update_timestamp.timestamp())
        if message is not None:
            instance.report_run_failed(record.dagster_run, message)
            ended.append(record.dagster_run.run_id)
    return ended


def _loss(tags: Mapping[str, str], updated: float) -> str | None:
    """Why a run counts as lost; None while it may be alive."""
    if PROCESS_TAG not in tags:
        if time.time() - updated > UNTAGGED_SECONDS:
            return f"the run's process ended before its first step, more than {UNTAGGED_SECONDS:.0f} s ago"
        return None
    if tags.get(HOST_TAG) != platform.node():
        return None
    process = int(tags[PROCESS_TAG])
    if _is_alive(process, float(tags[STARTED_TAG])):
        return None
    return f"process {process} on {tags[HOST_TAG]} is gone: it was killed, or the machine was restarted"


def _is_alive(process: int, started: float) -> bool:
    try:
        found = psutil.Process(process)
        same = bool(abs(found.create_time() - started) < _CLOCK_SLACK)
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
