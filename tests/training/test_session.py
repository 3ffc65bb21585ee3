"""Runs from their options: killed and resumed to the bit, every option at work, the best weights to use."""

import json
import multiprocessing
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from exphil.errors import UsageError
from exphil.loading.loader import Loader
from exphil.training import loop
from exphil.training.config import TrainConfig
from exphil.training.distributed import ALONE
from exphil.training.loop import Trainer
from exphil.training.metrics import TIMED, MetricsLog
from exphil.training.progress import Silent
from exphil.training.runs import CARD, LAYERS, METRICS, TENSORBOARD, TRAINER, WEIGHTS
from exphil.training.session import Outcome, resume, start
from exphil.training.validate import Validation, validate
from tests.stores import make_store

SMALL: dict[str, Any] = {
    "backbone": "gru",
    "hidden_size": 8,
    "num_layers": 1,
    "head_units": 2,
    "window_size": 12,
    "batch_size": 16,
    "epochs": 2,
    "device": "cpu",
    "threads": 1,
    "tracker": "none",
}

EVERYTHING: dict[str, Any] = {
    **SMALL,
    "mirror": 0.5,
    "noise": 0.5,
    "balance": "character",
    "label_smoothing": 0.1,
    "accumulate": 2,
    "ema_decay": 0.9,
    "schedule": "cosine_restarts",
    "restart_steps": 5,
    "delay": 1,
    "patience": 5,
    "debug_gradients": True,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("session") / "store")


def train(store: Path, models: Path, name: str, reporter: Silent | None = None, **options: Any) -> Outcome:
    config = TrainConfig().with_flags({**SMALL, **options})
    return start(config, store=store, models=models, name=name, reporter=reporter or Silent())


def lines(folder: Path, name: str = METRICS) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in line.items() if key not in TIMED}
        for line in MetricsLog(folder, name).lines()
    ]


class Dies(Silent):
    """Kills its own process at a step, as a power cut would."""

    def step(self, done: int, text: str) -> None:
        if done == 13:
            os.kill(os.getpid(), signal.SIGKILL)


def doomed(store: Path, models: Path) -> None:
    """Saves after every step, and dies in the middle of an epoch."""
    train(store, models, "killed", Dies(), **EVERYTHING, checkpoint_minutes=1e-9)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_and_resumed_the_loss_curve_is_that_of_an_undisturbed_run(store: Path, tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=doomed, args=(store, tmp_path))
    process.start()
    straight = train(store, tmp_path, "straight", **EVERYTHING).run.folder
    process.join(timeout=300)
    assert process.exitcode == -signal.SIGKILL
    killed = tmp_path / "killed"
    assert torch.load(killed / TRAINER, weights_only=True)["position"]["step"] == 12
    resume("killed", store=None, models=tmp_path, changes={}, reporter=Silent())
    assert len(lines(straight)) == 4
    assert lines(killed) == lines(straight)
    assert lines(killed, LAYERS) == lines(straight, LAYERS)
    assert (killed / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()


def test_the_outcome_is_that_of_the_weights(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = iter((3.0, 2.0, 2.5))

    def scripted(*given: Any) -> Validation | None:
        found = validate(*given)
        return None if found is None else replace(found, nats=next(shown))

    monkeypatch.setattr(loop, "validate", scripted)
    outcome = train(store, tmp_path, "best", epochs=3)
    assert outcome.validation["nats"] == 2.0
    card = (outcome.run.folder / CARD).read_text()
    step = outcome.validation["step"]
    assert f"| 2 | {step} | **2.0000** |" in card
    assert f"is the policy of step {step}," in card


class CaughtError(Exception):
    """Ends a run before it trains."""


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> list[Trainer]:
    """The trainers that would have trained."""
    found: list[Trainer] = []

    def fit(self: Trainer) -> None:
        found.append(self)
        raise CaughtError

    monkeypatch.setattr(Trainer, "fit", fit)
    return found


def built(store: Path, tmp_path: Path, caught: list[Trainer], **options: Any) -> Trainer:
    with pytest.raises(CaughtError):
        train(store, tmp_path, "run", **options)
    return caught[-1]


def first_batch(loader: Loader) -> Any:
    return next(loader.batches(0))


def test_augmentation_is_for_training_alone(store: Path, tmp_path: Path, caught: list[Trainer]) -> None:
    trainer = built(store, tmp_path, caught, mirror=1.0, noise=1.0, noise_scale=0.25)
    found = first_batch(trainer.train).augmentation
    assert found.mirror.all()
    assert (found.noise != 0).all()
    assert found.noise_scale == 0.25
    assert first_batch(trainer.validation).augmentation is None


def test_balance_is_for_training_alone(store: Path, tmp_path: Path, caught: list[Trainer]) -> None:
    where = "segments.character = 'FOX' OR segments.stage = 'BATTLEFIELD'"
    trainer = built(store, tmp_path, caught, balance="character", where=where)
    assert trainer.train.sampler.rates.max() > 1 > trainer.train.sampler.rates.min()
    assert set(trainer.validation.sampler.rates) == {1.0}


def test_the_schedule_counts_optimizer_steps(store: Path, tmp_path: Path, caught: list[Trainer]) -> None:
    one = built(store, tmp_path, caught)
    three = built(store, tmp_path, caught, accumulate=3, schedule="linear")
    batches = [one.train.sampler.num_batches(epoch) for epoch in range(2)]
    assert one.schedule.total_steps == sum(batches)
    assert three.schedule.total_steps == sum(-(-number // 3) for number in batches)
    assert three.schedule.name == "linear"
    assert three.schedule.warmup_steps == three.schedule.total_steps // 10


@pytest.mark.parametrize("scheme", ["xavier", "scaled"])
def test_initial_weights_are_those_asked_for(
    store: Path, tmp_path: Path, caught: list[Trainer], scheme: str
) -> None:
    attention = {"backbone": "attention", "num_heads": 2, "head_dim": 4}
    plain = built(store, tmp_path, caught, **attention)
    other = built(store, tmp_path, caught, **attention, init=scheme)
    pairs = zip(
        plain.learner.policy.backbone.state_dict().values(),
        other.learner.policy.backbone.state_dict().values(),
        strict=True,
    )
    assert any(not torch.equal(a, b) for a, b in pairs)


def test_layers_have_the_rates_that_are_asked_for(store: Path, tmp_path: Path, caught: list[Trainer]) -> None:
    trainer = built(
        store, tmp_path, caught, backbone="jamba", num_layers=3, num_heads=2, head_dim=4,
        learning_rate=1e-3, attention_learning_rate=1e-4, mamba_learning_rate=1e-2,
    )  # fmt: skip
    rates = {group["highest_rate"] for group in trainer.learner.optimizer.param_groups}
    assert rates == {1e-3, 1e-4, 1e-2}


def test_layers_are_recomputed_if_asked(store: Path, tmp_path: Path, caught: list[Trainer]) -> None:
    assert built(
        store, tmp_path, caught, gradient_checkpointing=True
    ).learner.policy.backbone.gradient_checkpointing
    assert not built(store, tmp_path, caught).learner.policy.backbone.gradient_checkpointing


def test_a_rate_for_layers_that_are_not_there_leaves_no_run(store: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--attention-learning-rate"):
        train(store, tmp_path, "run", attention_learning_rate=0.1)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("options", [{"precision": "bf16"}, {"gradient_checkpointing": True}])
def test_other_ways_to_compute_learn_the_same(store: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    plain = train(store, tmp_path, "plain", dropout=0.0)
    other = train(store, tmp_path, "other", dropout=0.0, **options)
    tolerance = 0.02 if "precision" in options else 1e-5
    assert other.validation["nats"] == pytest.approx(plain.validation["nats"], rel=tolerance)
    kept = safetensors.torch.load_file(other.run.folder / WEIGHTS)
    assert {tensor.dtype for tensor in kept.values()} == {torch.float32}


# Torch hides this one, about a test of its own, unless warnings are errors.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
def test_a_policy_learns_the_same_compiled(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The eager backend traces as any other does, and needs no C++ compiler.
    compiled: list[Any] = []
    compile_one = torch.nn.Module.compile

    def traced(self: torch.nn.Module, **options: Any) -> None:
        compiled.append(type(self).__name__)
        compile_one(self, backend="eager", **options)

    monkeypatch.setattr(torch.nn.Module, "compile", traced)
    plain = train(store, tmp_path, "plain", backbone="mlp", max_steps=3)
    other = train(store, tmp_path, "other", backbone="mlp", max_steps=3, compile=True)
    assert len(compiled) == 2
    assert other.validation["nats"] == pytest.approx(plain.validation["nats"], rel=1e-4)
    kept = [safetensors.torch.load_file(found.run.folder / WEIGHTS) for found in (plain, other)]
    assert kept[0].keys() == kept[1].keys()
    torch._dynamo.reset()


def test_figures_go_to_tensorboard_and_layers_to_their_file(store: Path, tmp_path: Path) -> None:
    folder = train(store, tmp_path, "run", tracker="tensorboard", debug_gradients=True, epochs=1).run.folder
    (events,) = (folder / TENSORBOARD).iterdir()
    assert b"validation/nats" in events.read_bytes()
    watched = lines(folder, LAYERS)
    assert [line["step"] for line in watched][:2] == [1, 10]
    assert {"weight", "gradient", "output"} <= watched[0]["layers"]["backbone.embed"].keys()


def test_a_run_that_stopped_early_is_not_resumed(store: Path, tmp_path: Path) -> None:
    train(store, tmp_path, "run", patience=1, min_delta=9.0, epochs=5)
    assert sum(line["kind"] == "validation" for line in lines(tmp_path / "run")) == 2
    with pytest.raises(UsageError, match=r"run stopped early.*begin another run"):
        resume("run", store=store, models=tmp_path, changes={"epochs": 9}, reporter=Silent())
    saved = json.loads((tmp_path / "run" / "config.json").read_text())
    assert saved["epochs"] == 5
    assert ALONE.is_first
