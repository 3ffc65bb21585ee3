"""A comparison goes on where it was, whatever stopped it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from exphil.benchmark import run
from exphil.benchmark.contest import Contest
from exphil.benchmark.jobs import Job, plan
from exphil.benchmark.results import Result, write_result
from exphil.benchmark.run import finished, run_jobs
from exphil.errors import StoreError
from exphil.training.interrupt import StoppedError
from tests.benchmark.results import answered, made, timed

JOBS = plan(Contest(backbones=("mlp", "gru"), stages=("speed", "latency"), rounds=1), Path("store"), "f")

Watch = Callable[[int, int, str], None]


def result_of(job: Job) -> Result:
    return timed(job.backbone, 2.0) if job.stage == "speed" else answered(job.backbone, 1.0)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Titles of the jobs that were run; each ends well."""
    titles: list[str] = []

    def run_job(job: Job, folder: Path, watch: Watch) -> Result:
        titles.append(job.title)
        watch(1, 2, "half")
        write_result(folder, job, result_of(job))
        return result_of(job)

    monkeypatch.setattr(run, "run_job", run_job)
    return titles


def call(folder: Path, said: list[str] | None = None, changed: Callable[[], None] = lambda: None) -> None:
    run_jobs(JOBS, folder, (said if said is not None else []).append, changed)


def test_all_jobs_in_order_and_tables_after_each_stage(ran: list[str], tmp_path: Path) -> None:
    said: list[str] = []
    changes: list[int] = []
    call(tmp_path, said, lambda: changes.append(len(ran)))
    assert ran == ["speed mlp, round 0", "speed gru, round 0", "latency mlp, round 0", "latency gru, round 0"]
    assert changes == [2, 4]
    assert said[0].startswith("[1/4] speed mlp, round 0 (about ")
    assert said[1] == "    2.00 batches/s, 7,680 frames/s, 700 MB, in 10 s"
    assert len(finished(JOBS, tmp_path)) == 4


def test_a_second_call_runs_what_is_missing_and_what_failed(ran: list[str], tmp_path: Path) -> None:
    write_result(tmp_path, JOBS[0], timed("mlp", 1.0))
    write_result(tmp_path, JOBS[1], made("speed", "gru", status="failed", reason="x"))
    write_result(tmp_path, JOBS[2], made("latency", "mlp", status="diverged", reason="x"))
    said: list[str] = []
    call(tmp_path, said)
    assert ran == ["speed gru, round 0", "latency gru, round 0"]
    assert said[:2] == [
        "2 of 4 measurements are there already",
        "[3/4] speed gru, round 0 (about 25 s left in all)",
    ]
    ran.clear()
    call(tmp_path)
    assert ran == []


def test_ctrl_c_keeps_what_is_finished(
    ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = run.run_job

    def stopped(job: Job, folder: Path, watch: Watch) -> Result:
        if job.stage == "latency":
            raise KeyboardInterrupt
        return works(job, folder, watch)

    monkeypatch.setattr(run, "run_job", stopped)
    with pytest.raises(StoppedError, match="goes on from here") as error:
        call(tmp_path)
    assert error.value.exit_code == 130
    assert [job.stage for job, _ in finished(JOBS, tmp_path)] == ["speed", "speed"]


def test_tables_that_cannot_be_drawn_end_nothing(ran: list[str], tmp_path: Path) -> None:
    said: list[str] = []

    def changed() -> None:
        raise ValueError("no ink")

    call(tmp_path, said, changed)
    assert len(ran) == 4
    assert said.count("    the tables could not be written (ValueError: no ink); going on") == 2


def test_two_calls_at_once_are_refused(ran: list[str], tmp_path: Path) -> None:
    with FileLock(tmp_path / run.LOCK), pytest.raises(StoreError, match="another benchmark is at work"):
        call(tmp_path)
    assert ran == []
