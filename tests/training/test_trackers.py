"""Trackers: what TensorBoard reads back, what W&B is told, and one line where a package is missing."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from exphil.errors import UsageError
from exphil.training.runs import TENSORBOARD
from exphil.training.trackers import WANDB_ID, named_figures, open_tracker

TRAIN = {"kind": "train", "step": 10, "epoch": 0, "nats": 2.5, "grad_norm": 0.25}
VALIDATION = {
    "kind": "validation",
    "step": 20,
    "nats": 1.5,
    "best": True,
    "by_head": {"A": 0.5, "main x": 1.0},
}


def shown(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows of a run."""
    events = EventAccumulator(str(folder / TENSORBOARD), purge_orphaned_data=True)
    events.Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def test_numbers_are_named_by_their_kind_and_the_rest_is_left_out() -> None:
    assert dict(named_figures(VALIDATION)) == {
        "validation/nats": 1.5, "validation/by_head/A": 0.5, "validation/by_head/main x": 1.0,
    }  # fmt: skip
    assert dict(named_figures({"step": 3, "nats": 1, "note": "none"})) == {"nats": 1.0}


def test_tensorboard_reads_back_what_was_logged(tmp_path: Path) -> None:
    tracker = open_tracker("tensorboard", tmp_path)
    tracker.log(10, TRAIN)
    assert shown(tmp_path)["train/nats"] == [(10, 2.5)], "a killed run would have lost it"
    tracker.log(20, VALIDATION)
    tracker.close()
    found = shown(tmp_path)
    assert found["train/grad_norm"] == [(10, 0.25)]
    assert found["validation/nats"] == [(20, 1.5)]
    assert found["validation/by_head/main x"] == [(20, 1.0)]


def test_a_resumed_run_takes_the_place_of_what_was_shown_after_its_checkpoint(tmp_path: Path) -> None:
    stopped = open_tracker("tensorboard", tmp_path)
    for step in (10, 20, 30):
        stopped.log(step, {**TRAIN, "nats": float(step)})
    stopped.close()
    resumed = open_tracker("tensorboard", tmp_path)
    for step in (20, 30, 40):
        resumed.log(step, {**TRAIN, "nats": step + 0.5})
    resumed.close()
    assert shown(tmp_path)["train/nats"] == [(10, 10.0), (20, 20.5), (30, 30.5), (40, 40.5)]


def test_a_run_that_shows_nothing_writes_nothing(tmp_path: Path) -> None:
    tracker = open_tracker("none", tmp_path)
    tracker.log(10, TRAIN)
    tracker.close()
    assert list(tmp_path.iterdir()) == []


class FakeWandb(SimpleNamespace):
    """Stands in for the package: takes down what it is told."""

    def __init__(self) -> None:
        super().__init__(begun=[], logged=[], finished=0)

    def init(self, **settings: Any) -> Any:
        self.begun.append(settings)

        def finish() -> None:
            self.finished += 1

        return SimpleNamespace(log=lambda data, step: self.logged.append((step, data)), finish=finish)


def test_wandb_is_told_the_figures_and_knows_the_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    for _ in range(2):
        tracker = open_tracker("wandb", tmp_path, {"epochs": 3})
        tracker.log(20, VALIDATION)
        tracker.close()
    first, second = wandb.begun
    assert first == second
    assert first["project"] == "exphil"
    assert first["name"] == tmp_path.name
    assert first["config"] == {"epochs": 3}
    assert (tmp_path / WANDB_ID).read_text().strip() == first["id"]
    assert wandb.logged[0] == (20, dict(named_figures(VALIDATION)))
    assert wandb.finished == 2
    monkeypatch.setenv("WANDB_PROJECT", "melee")
    open_tracker("wandb", tmp_path)
    assert "project" not in wandb.begun[2]


def test_wandb_that_does_not_start_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**settings: Any) -> Any:
        raise RuntimeError("api_key not configured\nmore")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    with pytest.raises(UsageError, match=r"--tracker wandb: .*\(api_key not configured\)") as caught:
        open_tracker("wandb", tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("kind", "module"), [("wandb", "wandb"), ("tensorboard", "torch.utils.tensorboard")])
def test_a_missing_package_is_one_line_and_says_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"--tracker {kind} needs the package {kind}.*--tracker none"):
        open_tracker(kind, tmp_path)
