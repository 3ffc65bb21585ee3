"""Training: what was interrupted ends as if it had not been, and what goes wrong leaves the run whole."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from exphil.errors import StoreError
from exphil.loading.batch import Batch
from exphil.loading.dataset import find_segments
from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler
from exphil.melee.controller import HEADS
from exphil.policy.loss import Nll
from exphil.training import checkpoint
from exphil.training.baselines import Baselines
from exphil.training.checkpoint import Position
from exphil.training.config import TrainConfig
from exphil.training.interrupt import StoppedError
from exphil.training.loop import DivergedError, Trainer
from exphil.training.metrics import MetricsLog
from exphil.training.optimizer import make_optimizer
from exphil.training.progress import Silent
from exphil.training.runs import METRICS, TRAINER, WEIGHTS, Run, create_run

ROW_BYTES = 16


class TinyPolicy(nn.Module):
    """Predicts a class of each head from the row before; the class is a byte of the row, folded."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(ROW_BYTES, 24)
        self.dropout = nn.Dropout(0.2)
        self.outer = nn.Linear(24, len(HEADS) * 2)

    def nll(self, batch: Batch, *, supervise: str = "all") -> Nll:
        length = batch.length
        seen = batch.rows[:, :length].float() / 255
        targets = (batch.rows[:, 1 : length + 1, : len(HEADS)] > 127).long()
        logits = self.outer(self.dropout(torch.tanh(self.inner(seen)))).unflatten(-1, (len(HEADS), 2))
        chosen = torch.log_softmax(logits, -1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        kept = torch.where(batch.mask.unsqueeze(-1), chosen, 0.0)
        return Nll(-kept.sum(dim=(0, 1)), batch.mask.sum())


@pytest.fixture
def make_trainer(make_packs: Callable[..., Any], tmp_path: Path) -> Callable[..., Trainer]:
    """A trainer of a few dozen batches in `models/<name>`; a second one of the name takes up its folder."""
    rng = np.random.default_rng(0)
    packs = make_packs(
        [320, 240, 290, 360], make_rows=lambda rows: rng.integers(0, 256, (rows, ROW_BYTES), np.uint8)
    )
    segments = find_segments(packs.segments, packs, 0)
    models = tmp_path / "models"

    def make(name: str = "run", policy: nn.Module | None = None, **options: Any) -> Trainer:
        config = TrainConfig(window_size=10, batch_size=8, epochs=2, warmup_steps=3, seed=5, **options)
        folder = models / name
        run = Run(folder, config, {}) if folder.exists() else create_run(models, name, config, {}, {})
        torch.manual_seed(config.seed)
        model = policy or TinyPolicy()
        optimizer = make_optimizer(model, learning_rate=config.learning_rate, weight_decay=0.01)
        position = Position()
        if (folder / TRAINER).exists():
            position = checkpoint.load(folder, model, optimizer, "data")
            MetricsLog(folder).rewind(position.step, validated=position.validated)
        return Trainer(
            run=run,
            policy=model,  # type: ignore[arg-type]
            optimizer=optimizer,
            device=torch.device("cpu"),
            train=Loader(packs, Sampler(segments, window_size=10, batch_size=8, seed=config.seed)),
            validation=Loader(packs, Sampler(segments, window_size=10, batch_size=8)),
            guesses=Baselines(np.ones(13), np.full(13, 0.5), segments.num_frames),
            data="data",
            position=position,
            reporter=Silent(),
            finish=lambda lines: None,
        )

    return make


class AtStep(Silent):
    """Does something when a batch is done."""

    def __init__(self, step: int, action: Callable[[], None]) -> None:
        self._step = step
        self._action = action

    def step(self, done: int, text: str) -> None:
        if done >= self._step:
            self._action()


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def weights(run: Run) -> bytes:
    return (run.folder / WEIGHTS).read_bytes()


def figures(run: Run) -> list[dict[str, Any]]:
    """Lines of the metrics without what depends on the clock."""
    timed = {"frames_per_second", "waiting"}
    return [{k: v for k, v in line.items() if k not in timed} for line in MetricsLog(run.folder).lines()]


def test_a_run_stopped_and_resumed_ends_as_if_it_had_not_been(make_trainer: Callable[..., Trainer]) -> None:
    straight = make_trainer("straight")
    straight.fit()
    total = straight.total_steps()
    assert total > 30

    stopped = make_trainer("stopped")
    stopped.reporter = AtStep(20, interrupt)
    with pytest.raises(StoppedError, match="--resume stopped"):
        stopped.fit()
    torch.manual_seed(99)  # what the process did meanwhile must not matter
    resumed = make_trainer("stopped")
    assert 20 <= resumed.position.step < total
    resumed.fit()

    assert weights(straight.run) == weights(resumed.run)
    validations = [
        [line for line in figures(trainer.run) if line["kind"] == "validation"]
        for trainer in (straight, resumed)
    ]
    assert len(validations[0]) == 2
    assert validations[0] == validations[1]


def test_an_epoch_raises_the_likelihood_of_validation_frames(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(learning_rate=0.01)
    trainer.fit()
    first, last = (line["nats"] for line in figures(trainer.run) if line["kind"] == "validation")
    assert last < first
    assert last < len(HEADS) * np.log(2) * 1.02


def test_every_line_of_the_metrics_has_its_figures(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer()
    trainer.fit()
    lines = MetricsLog(trainer.run.folder).lines()
    train = [line for line in lines if line["kind"] == "train"]
    assert [line["step"] for line in train] == sorted({line["step"] for line in train})
    for line in train:
        assert 0 < line["diversity"] <= 1
        assert 0 <= line["waiting"] <= 1
        assert line["frames_per_second"] > 0
        assert line["learning_rate"] > 0
    last = lines[-1]
    assert last["kind"] == "validation"
    assert last["step"] == trainer.total_steps()
    assert last["nats"] == pytest.approx(sum(last["by_head"].values()))
    assert last["marginal"] == 13
    assert last["repeat"] == 6.5
    assert last["num_frames"] == trainer.validation.sampler.segments.num_frames


def test_a_second_signal_stops_at_once(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer()

    def twice() -> None:
        interrupt()
        interrupt()

    trainer.reporter = AtStep(10, twice)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit()
    assert not (trainer.run.folder / TRAINER).exists()


def test_signals_are_given_back(make_trainer: Callable[..., Trainer]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    make_trainer(max_steps=2).fit()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_sigterm_saves_as_well(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer()
    trainer.reporter = AtStep(10, lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(StoppedError) as caught:
        trainer.fit()
    assert caught.value.exit_code == 130
    assert checkpoint.saved_step(trainer.run.folder) is not None


def test_max_steps_ends_the_run_and_is_validated(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(max_steps=7)
    trainer.fit()
    assert trainer.position.step == 7
    lines = figures(trainer.run)
    assert [line["step"] for line in lines if line["kind"] == "validation"] == [7]
    # The cosine ends with the run's last batch, not with an epoch's.
    assert lines[0]["learning_rate"] < 0.1 * trainer.run.config.learning_rate


def test_a_run_stopped_at_its_very_last_batch_trains_no_further(make_trainer: Callable[..., Trainer]) -> None:
    straight = make_trainer("straight", max_steps=7)
    straight.fit()
    trainer = make_trainer("stopped", max_steps=7)
    trainer.reporter = AtStep(7, interrupt)
    with pytest.raises(StoppedError):
        trainer.fit()
    resumed = make_trainer("stopped", max_steps=7)
    resumed.fit()
    assert resumed.position.step == 7
    assert weights(straight.run) == weights(resumed.run)
    assert figures(straight.run) == figures(resumed.run)


def test_a_shorter_run_than_was_trained_is_only_validated(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer()
    trainer.reporter = AtStep(20, interrupt)
    with pytest.raises(StoppedError):
        trainer.fit()
    shorter = make_trainer(max_steps=10)
    shorter.fit()
    assert shorter.position.step == 20
    assert figures(shorter.run)[-1]["kind"] == "validation"


def test_a_card_that_cannot_be_written_is_written_on_resuming(make_trainer: Callable[..., Trainer]) -> None:
    def full(lines: list[dict[str, Any]]) -> None:
        raise StoreError("the disk is full")

    trainer = make_trainer(max_steps=5)
    trainer.finish = full
    with pytest.raises(StoreError, match="the disk is full"):
        trainer.fit()
    written: list[int] = []
    again = make_trainer(max_steps=5)
    again.finish = lambda lines: written.append(len(lines))
    again.fit()
    assert written == [2]
    assert [line["kind"] for line in figures(again.run)] == ["train", "validation"]


def test_no_number_in_validation_stops_the_run_too(make_trainer: Callable[..., Trainer]) -> None:
    class Mute(TinyPolicy):
        def nll(self, batch: Batch, *, supervise: str = "all") -> Nll:
            found = super().nll(batch)
            return found if self.training else Nll(found.by_head * float("inf"), found.num_frames)

    trainer = make_trainer(policy=Mute(), max_steps=3)
    with pytest.raises(
        DivergedError, match=r"validation loss .* at step 3; the checkpoint of step 3 is kept"
    ):
        trainer.fit()
    assert all(line["kind"] == "train" for line in figures(trainer.run))


def test_more_epochs_go_on_from_the_end(make_trainer: Callable[..., Trainer]) -> None:
    make_trainer(max_steps=7).fit()
    longer = make_trainer()
    assert longer.position.step == 7
    longer.fit()
    assert longer.position.step == longer.total_steps() > 30
    assert [line["step"] for line in figures(longer.run) if line["kind"] == "train"][:2] == [7, 10]


class Poisoned(TinyPolicy):
    """Gives a loss, or a gradient, that is no number from a batch on."""

    def __init__(self, *, at: int, gradient_only: bool) -> None:
        super().__init__()
        self._left = at
        self._gradient_only = gradient_only

    def nll(self, batch: Batch, *, supervise: str = "all") -> Nll:
        found = super().nll(batch)
        if not self.training:
            return found
        self._left -= 1
        if self._left > 0:
            return found
        if self._gradient_only:
            poison = torch.sqrt(self.outer.bias.sum() * 0.0)
            return Nll(found.by_head + poison, found.num_frames)
        return Nll(found.by_head * float("nan"), found.num_frames)


@pytest.mark.parametrize(("gradient_only", "what"), [(False, "loss"), (True, "gradient")])
def test_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    make_trainer: Callable[..., Trainer], gradient_only: bool, what: str
) -> None:
    first = make_trainer(max_steps=12)
    first.fit()
    good = (first.run.folder / TRAINER).read_bytes()
    trainer = make_trainer(policy=Poisoned(at=5, gradient_only=gradient_only))
    with pytest.raises(DivergedError, match=rf"{what} .* at step 17; the checkpoint of step 12 is kept"):
        trainer.fit()
    assert (trainer.run.folder / TRAINER).read_bytes() == good
    assert all(
        torch.isfinite(t).all() for t in safetensors.torch.load_file(trainer.run.folder / WEIGHTS).values()
    )


def test_no_number_before_any_checkpoint_says_so(make_trainer: Callable[..., Trainer]) -> None:
    with pytest.raises(DivergedError, match="nothing was saved"):
        make_trainer(policy=Poisoned(at=1, gradient_only=False)).fit()


def test_validation_sees_the_same_windows_whatever_the_seed(make_trainer: Callable[..., Trainer]) -> None:
    runs = [make_trainer(f"run{seed}", max_steps=1) for seed in range(2)]
    orders: list[list[torch.Tensor]] = [[batch.rows for batch in t.validation.batches(0)] for t in runs]
    assert all(torch.equal(a, b) for a, b in zip(*orders, strict=True))


def test_stopping_while_validating_validates_again_on_resuming(
    make_trainer: Callable[..., Trainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = make_trainer("straight")
    straight.fit()
    trainer = make_trainer("stopped")
    batches = trainer.validation.batches

    def interrupted(epoch: int, first: int = 0) -> Iterator[Batch]:
        interrupt()
        yield from batches(epoch, first)

    monkeypatch.setattr(trainer.validation, "batches", interrupted)
    with pytest.raises(StoppedError):
        trainer.fit()
    resumed = make_trainer("stopped")
    assert not resumed.position.validated
    resumed.fit()
    assert weights(straight.run) == weights(resumed.run)
    assert figures(straight.run) == figures(resumed.run)


def test_a_checkpoint_every_so_often(
    make_trainer: Callable[..., Trainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(checkpoint_minutes=1e-9, max_steps=5)
    saved: list[int] = []
    monkeypatch.setattr(checkpoint, "save", lambda *args: saved.append(args[3].step))
    trainer.fit()
    assert saved[:4] == [1, 2, 3, 4]


def test_resuming_over_other_data_is_refused(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(max_steps=2)
    trainer.fit()
    with pytest.raises(StoreError, match=r"other data.*--config"):
        checkpoint.load(trainer.run.folder, trainer.policy, trainer.optimizer, "other")


def test_interrupted_metrics_are_rewound_to_the_checkpoint(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(max_steps=12)
    trainer.fit()
    path = trainer.run.folder / METRICS
    kept = path.read_text()
    path.write_text(kept + json.dumps({"kind": "train", "step": 20, "nats": 1.0}) + "\n" + '{"kind": "tr')
    again = make_trainer(max_steps=12)
    assert path.read_text() == kept
    assert replace(again.position, validated=False) == Position(0, 12, 12, False)
