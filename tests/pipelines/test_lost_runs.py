"""Runs whose process was killed end as failures; runs that are alive, or elsewhere, are left alone."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.instance import open_instance
from pipelines.lost_runs import HOST_TAG, PROCESS_TAG, STARTED_TAG, _loss, end_lost_runs, process_tags

REPOSITORY = Path(__file__).resolve().parents[2]

HANGS = """
import time
import dagster as dg
from pipelines.instance import open_instance
from pipelines.lost_runs import process_tags

@dg.op
def hang() -> None:
    print("running", flush=True)
    time.sleep(600)

@dg.job
def endless() -> None:
    hang()

with open_instance() as instance:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    endless.execute_in_process(instance=instance, tags=process_tags(), run_config=quiet)
"""


@dg.job
def _job() -> None: ...


def _started(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    run = instance.create_run_for_job(_job, tags=tags)
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value=dg.DagsterEventType.RUN_START.value, job_name=run.job_name),
        run.run_id,
    )
    return run.run_id


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_killed_run_ends(workplace: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"running"
    with open_instance() as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.STARTED
        assert end_lost_runs(instance) == []
        process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        process.wait()
        process.stdout.close()
        assert end_lost_runs(instance) == [run.run_id]
        assert _status(instance, run.run_id) == dg.DagsterRunStatus.FAILURE
        assert any("is gone" in entry.message for entry in instance.all_logs(run.run_id))
        assert end_lost_runs(instance) == []


def test_a_run_of_this_process_is_left_alone(workplace: Path) -> None:
    with open_instance() as instance:
        run_id = _started(instance, process_tags())
        assert end_lost_runs(instance) == []
        assert _status(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_a_process_id_given_out_again_is_no_sign_of_life(workplace: Path) -> None:
    with open_instance() as instance:
        run_id = _started(instance, process_tags() | {STARTED_TAG: "1000.0"})
        assert end_lost_runs(instance) == [run_id]


def test_runs_of_other_machines_are_left_alone(workplace: Path) -> None:
    elsewhere = {HOST_TAG: platform.node() + "-other", PROCESS_TAG: "1", STARTED_TAG: "1000.0"}
    with open_instance() as instance:
        _started(instance, elsewhere)
        assert end_lost_runs(instance) == []


def test_finished_runs_are_left_alone(workplace: Path) -> None:
    with open_instance() as instance:
        result = _job.execute_in_process(instance=instance, tags=process_tags() | {STARTED_TAG: "1000.0"})
        assert end_lost_runs(instance) == []
        assert _status(instance, result.run_id) == dg.DagsterRunStatus.SUCCESS


@pytest.mark.parametrize(("age", "lost"), [(1.0, False), (1000.0, True)])
def test_a_run_that_never_reached_a_step_is_given_time(age: float, lost: bool) -> None:
    import time

    assert (_loss({}, time.time() - age) is not None) == lost
