"""What the rest will take is told from what has been taken."""

import dataclasses
from pathlib import Path

import pytest

from exphil.benchmark.contest import Contest
from exphil.benchmark.estimate import GUESSES, VALIDATING, Estimate, for_people
from exphil.benchmark.jobs import Job, plan
from tests.benchmark.results import answered, made, timed, trained


def job(stage: str, backbone: str = "gru", **shared: int) -> Job:
    contest = Contest(backbones=(backbone,), stages=(stage,), rounds=1, shared=shared)
    return plan(contest, Path("store"), "f")[0]


def test_a_guess_before_anything_is_known() -> None:
    assert Estimate().seconds(job("train")) == GUESSES["train"]


def test_the_same_backbone_counts_before_the_others() -> None:
    taken = [
        dataclasses.replace(answered(name, 1.0), seconds=seconds)
        for name, seconds in (("mlp", 10), ("gru", 30))
    ]
    found = Estimate(taken)
    assert found.seconds(job("latency", "gru")) == 30
    assert found.seconds(job("latency", "mamba")) == 20


def test_a_training_run_follows_from_the_measured_rate() -> None:
    found = Estimate([timed("gru", 2.0, epoch_batches=100)])
    assert found.seconds(job("train")) == pytest.approx(VALIDATING * 3 * 100 / 2)
    assert found.seconds(job("train", max_steps=50)) == pytest.approx(VALIDATING * 50 / 2)
    found.add(dataclasses.replace(trained("gru", 1.0), seconds=77.0))
    assert found.seconds(job("train")) == 77.0


def test_what_failed_tells_nothing() -> None:
    found = Estimate([made("latency", "gru", status="failed", reason="x")])
    found.add(made("latency", "gru", status="diverged", reason="x"))
    assert found.seconds(job("latency")) == GUESSES["latency"]


def test_a_running_job_is_told_by_its_own_pace_once_it_has_one() -> None:
    found = Estimate([answered("gru", 1.0)])
    rest = [job("latency")]
    assert found.left(job("train"), 0.5, 100.0, rest) == pytest.approx(100 + 10)
    assert found.left(job("train"), 0.0, 100.0, rest) == pytest.approx(GUESSES["train"] - 100 + 10)
    assert found.left(job("train"), 0.01, 9999.0, rest) == pytest.approx(10)


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.4, "3 s"), (89, "89 s"), (90, "2 min"), (5340, "89 min"), (7500, "2 h 5 min")]
)
def test_times_for_people(seconds: float, text: str) -> None:
    assert for_people(seconds) == text
