"""Whatever becomes of a job's process, there is a result; Ctrl-C leaves none, and a training run that goes on."""

import json
import sys
import time
from pathlib import Path

import pytest

from exphil.benchmark.contest import Contest
from exphil.benchmark.jobs import Job, plan
from exphil.benchmark.process import run_job
from exphil.benchmark.results import FAILED, LOGS, OK, RUNS, read_result, result_path
from exphil.errors import StoreError
from exphil.store.store import Store
from exphil.training.provenance import store_fingerprint
from exphil.training.runs import METRICS, TRAINER
from tests.benchmark import fakes
from tests.stores import make_store

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = {"hidden_size": 8, "window_size": 12, "batch_size": 16, "head_units": 2, "threads": 1}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("process") / "store")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process started from any folder finds this checkout and its tests."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def job_of(store: Path, backbone: str, stage: str = "speed", **shared: int) -> Job:
    contest = Contest(backbones=(backbone,), stages=(stage,), rounds=1, shared={**TINY, **shared})
    return plan(contest, store, store_fingerprint(Store.open(store)))[0]


def ignore(done: int, total: int, text: str) -> None:
    return None


def faked(
    job: Job, folder: Path, silent: float = 60.0, seen: list[tuple[int, int, str]] | None = None
) -> None:
    told = [] if seen is None else seen
    run_job(job, folder, lambda *line: told.append(line), module=fakes.__name__, silent=silent)


def test_a_result_progress_and_a_log(store: Path, tmp_path: Path) -> None:
    job = job_of(store, fakes.WORKS)
    seen: list[tuple[int, int, str]] = []
    faked(job, tmp_path, seen=seen)
    found = read_result(tmp_path, job)
    assert found is not None
    assert (found.status, found.figures) == (OK, {"batches_per_second": 1.0})
    assert seen == [(0, 2, ""), (2, 2, "fine")]
    assert (tmp_path / LOGS / f"{job.name}.log").read_text().splitlines() == ["a remark"]


def test_a_crash_is_a_result_with_the_last_words(store: Path, tmp_path: Path) -> None:
    job = job_of(store, fakes.CRASHES)
    faked(job, tmp_path)
    found = read_result(tmp_path, job)
    assert found is not None
    assert found.status == FAILED
    assert found.reason == "its process ended with exit code 1: RuntimeError: out of luck"


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of that kind")
def test_a_killed_process_is_a_result(store: Path, tmp_path: Path) -> None:
    job = job_of(store, fakes.IS_KILLED)
    faked(job, tmp_path)
    found = read_result(tmp_path, job)
    assert found is not None
    assert found.status == FAILED
    assert "SIGKILL (as the system does when memory runs out)" in str(found.reason)


def test_a_process_that_hangs_is_ended(store: Path, tmp_path: Path) -> None:
    job = job_of(store, fakes.SAYS_NOTHING)
    faked(job, tmp_path, silent=0.1)
    found = read_result(tmp_path, job)
    assert found is not None
    assert found.reason == "said nothing for 0 s"


def test_a_damaged_result_is_none(store: Path, tmp_path: Path) -> None:
    job = job_of(store, "mlp")
    result_path(tmp_path, job).parent.mkdir(parents=True)
    for text in ("{", "{}", "[]"):
        result_path(tmp_path, job).write_text(text)
        assert read_result(tmp_path, job) is None


def test_ctrl_c_saves_the_run_and_the_next_call_ends_it(store: Path, tmp_path: Path) -> None:
    job = job_of(store, "mlp", "train", epochs=4)

    run = tmp_path / RUNS / job.name

    def interrupted(done: int, total: int, text: str) -> None:
        while not (run / METRICS).exists():  # it has begun to learn
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(job, tmp_path, interrupted)
    assert read_result(tmp_path, job) is None
    assert (run / TRAINER).exists()
    before = (run / METRICS).read_text().splitlines()
    found = run_job(job, tmp_path, ignore)
    assert found.status == OK, found.reason
    lines = [json.loads(line) for line in (run / METRICS).read_text().splitlines()]
    assert lines[: len(before)] == [json.loads(line) for line in before]
    assert found.figures["nats"] == lines[-1]["nats"]
    assert [point["step"] for point in found.figures["curve"]] == [line["step"] for line in lines]
    assert "peak_ram_mb" not in found.figures  # that of half a run would be no peak


def test_what_cannot_be_written_is_an_error(store: Path, tmp_path: Path) -> None:
    job = job_of(store, fakes.CRASHES)
    (tmp_path / "results").write_text("a file in the way")
    with pytest.raises((StoreError, OSError)):
        faked(job, tmp_path)
