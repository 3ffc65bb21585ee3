"""The stages themselves, on small stores: what they measure is there, and is what they say it is."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from exphil.benchmark import decision_stage, speed_stage
from exphil.benchmark.contest import Contest
from exphil.benchmark.jobs import Job, plan
from exphil.benchmark.progress import MARK, Progress, read_progress
from exphil.benchmark.results import DIVERGED, FAILED, OK, RUNS
from exphil.benchmark.training_stage import figures_of
from exphil.benchmark.worker import measure
from exphil.policy.build import build_policy
from exphil.store.store import Store
from exphil.training.loop import DivergedError, Trainer
from exphil.training.metrics import MetricsLog
from exphil.training.provenance import store_fingerprint
from tests.stores import make_store, random_rows

TINY = {"hidden_size": 8, "window_size": 12, "batch_size": 16, "head_units": 2, "epochs": 2, "threads": 1}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("stages") / "store")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Latency is measured on one thread: other tests get theirs back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def job_of(store: Path, stage: str, backbone: str = "gru", **shared: Any) -> Job:
    contest = Contest(backbones=(backbone,), stages=(stage,), rounds=1, shared={**TINY, **shared})
    return plan(contest, store, store_fingerprint(Store.open(store)))[0]


def quiet() -> Progress:
    return Progress(lambda line: None)


def test_training_is_the_run_of_exphil_train(store: Path, tmp_path: Path) -> None:
    job = job_of(store, "train")
    found = measure(job, tmp_path, quiet())
    assert found.status == OK, found.reason
    lines = MetricsLog(tmp_path / RUNS / job.name).lines()
    checks = [line for line in lines if line["kind"] == "validation"]
    assert len(checks) == 2
    assert found.figures["nats"] == checks[-1]["nats"]
    assert found.figures["repeat"] == checks[-1]["repeat"]
    assert [point["epoch"] for point in found.figures["curve"] if point["kind"] == "validation"] == [1, 2]
    assert found.figures["games"] == 10
    assert found.figures["parameters"] == sum(p.numel() for p in build_policy(job.config.policy).parameters())
    assert found.figures["peak_ram_mb"] > 50
    assert found.machine["torch"] == torch.__version__
    assert found.made_with["fingerprint"]


def test_a_run_whose_end_was_not_told_is_not_trained_again(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(store, "train", "mlp", max_steps=3)
    first = measure(job, tmp_path, quiet())
    monkeypatch.setattr(Trainer, "fit", None)
    again = measure(job, tmp_path, quiet())
    assert (again.status, again.figures["nats"]) == (OK, first.figures["nats"])


def test_what_a_killed_run_left_without_a_checkpoint_is_begun_anew(store: Path, tmp_path: Path) -> None:
    job = job_of(store, "train", "mlp", max_steps=3)
    left = tmp_path / RUNS / job.name
    (left / "checkpoints").mkdir(parents=True)
    (left / "config.json").write_text("{}")
    assert measure(job, tmp_path, quiet()).status == OK


def test_divergence_is_an_answer_with_what_there_is_of_the_curve(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = Trainer._epoch

    def diverging(self: Trainer, *arguments: Any) -> None:
        epoch(self, *arguments)
        raise DivergedError(
            f"the loss of {self.run.folder} is none; more in {self.run.folder / 'divergence.json'}"
        )

    monkeypatch.setattr(Trainer, "_epoch", diverging)
    found = measure(job_of(store, "train", "mlp"), tmp_path, quiet())
    job = job_of(store, "train", "mlp")
    assert found.status == DIVERGED
    assert found.reason == f"the loss is none; more in {RUNS}/{job.name}/divergence.json"
    assert "nats" not in found.figures
    assert found.figures["curve"]


def test_divergence_before_anything_was_saved(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverging(self: Trainer) -> None:
        raise DivergedError("at once")

    monkeypatch.setattr(Trainer, "fit", diverging)
    found = measure(job_of(store, "train", "mlp"), tmp_path, quiet())
    assert (found.status, found.reason, found.figures["curve"]) == (DIVERGED, "at once", [])


def test_divergence_while_it_is_timed_is_no_failure(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverging(self: Trainer) -> None:
        raise DivergedError("at once")

    monkeypatch.setattr(Trainer, "fit", diverging)
    found = measure(job_of(store, "speed", "mlp"), tmp_path, quiet())
    assert (found.status, found.reason) == (DIVERGED, "at once")


@pytest.mark.parametrize("stage", ["speed", "latency", "train"])
def test_whatever_else_goes_wrong_is_a_failure_with_its_line(store: Path, tmp_path: Path, stage: str) -> None:
    job = job_of(store, stage)
    found = measure(replace(job, store=tmp_path / "nowhere"), tmp_path, quiet())
    assert found.status == FAILED
    assert "nowhere" in str(found.reason)
    assert "\n" not in str(found.reason)


def test_speed_times_batches_past_the_first_and_leaves_no_run(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(speed_stage.LENGTHS, "speed", speed_stage.Length(2, 4, 0.0))
    found = measure(job_of(store, "speed"), tmp_path, quiet())
    assert found.status == OK, found.reason
    figures = found.figures
    assert figures["timed_batches"] == 2
    assert figures["epoch_batches"] > 4
    # 12 frames in up to 16 windows
    assert 11 * 16 < figures["frames_per_second"] / figures["batches_per_second"] <= 12 * 16
    assert not (tmp_path / RUNS).exists()


def test_a_stopwatch_counts_what_lies_between_warm_up_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 100.0, 105.0, 110.0, 110.0])
    monkeypatch.setattr(speed_stage.time, "perf_counter", lambda: next(clock))
    watch = speed_stage.Stopwatch(quiet(), speed_stage.Length(2, 50, 10.0))
    watch.begin(0, 1000)
    for step in range(1, 12):
        watch.step(step, "")
    with pytest.raises(speed_stage.Enough):
        watch.step(12, "")
    assert (watch.warmup, watch.batches, watch.seconds, watch.epoch_batches) == (10, 2, 10.0, 1000)


def test_a_short_epoch_is_timed_to_its_end() -> None:
    watch = speed_stage.Stopwatch(quiet(), speed_stage.Length(20, 200, 20.0))
    watch.begin(0, 6)
    for step in range(1, 6):
        watch.step(step, "")
    with pytest.raises(speed_stage.Enough):
        watch.step(6, "")
    assert (watch.warmup, watch.batches) == (2, 4)


def test_latency_has_enough_steps_to_speak_of_p99() -> None:
    assert decision_stage.STEPS >= 2000


@pytest.mark.parametrize("delay", [0, 2])
def test_latency_of_steps_and_windows(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delay: int
) -> None:
    monkeypatch.setattr(decision_stage, "STEPS", 30)
    monkeypatch.setattr(decision_stage, "WINDOWS", 5)
    found = measure(job_of(store, "latency", delay=delay), tmp_path, quiet())
    assert found.status == OK, found.reason
    figures = found.figures
    assert (figures["steps"], figures["windows"], figures["threads"]) == (30, 5, 1)
    assert 0 < figures["step_p50_ms"] <= figures["step_p99_ms"]
    assert 0 < figures["window_p50_ms"] <= figures["window_p99_ms"]
    assert figures["state_bytes"] == 2 * 8 * 4  # two layers of 8 float32


def test_steps_carry_their_memory_from_row_to_row(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy is asked as in play: the state after a row is the state before the next."""
    policy = build_policy(job_of(store, "latency").config.policy).eval()
    rows = torch.from_numpy(random_rows(3, np.random.default_rng(0)).view(np.uint8).reshape(3, -1).copy())
    seen: list[tuple[Any, Any]] = []
    step = policy.step

    def watched(row: Any, viewpoint: Any, queue: Any, state: Any) -> Any:
        hidden, after = step(row, viewpoint, queue, state)
        seen.append((state, after))
        return hidden, after

    monkeypatch.setattr(policy, "step", watched)
    decisions = decision_stage.stepping(policy, rows)
    with torch.inference_mode():
        actions = [next(decisions)() for _ in range(4)]
    assert [getattr(action, "shape", None) for action in actions] == [(1, 13)] * 4
    for (_, after), (before, _) in itertools.pairwise(seen):
        assert after is before


def test_progress_is_told_once_a_second_and_at_the_end() -> None:
    lines: list[str] = []
    progress = Progress(lines.append)
    progress.note("hello")
    progress.begin(0, 3)
    for done in range(1, 4):
        progress.step(done, "x")
    assert lines[0] == "hello"
    assert read_progress(lines[0]) is None
    assert [read_progress(line) for line in lines[1:]] == [(0, 3, ""), (3, 3, "x")]
    for broken in (MARK, MARK + "[1]", MARK + json.dumps(["a", 2, "x"])):
        assert read_progress(broken) is None


def test_the_final_validation_counts_not_the_best() -> None:
    check = {"kind": "validation", "repeat": 2.0, "marginal": 5.0, "num_frames": 9, "by_head": {}}
    lines = [
        {**check, "step": step, "epoch": step, "nats": nats} for step, nats in enumerate((3.0, 1.0, 2.0))
    ]
    found = figures_of(lines)
    assert (found["nats"], found["best_nats"]) == (2.0, 1.0)
    assert figures_of([]) == {"curve": [], "steps": 0}
