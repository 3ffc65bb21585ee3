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
from exphil.policy.loss import Losses, Nll
from exphil.policy.objective import Objective
from exphil.training import checkpoint
from exphil.training.baselines import Baselines
from exphil.training.checkpoint import Position
from exphil.training.config import TrainConfig
from exphil.training.distributed import ALONE
from exphil.training.interrupt import StoppedError
from exphil.training.learner import Learner
from exphil.training.loop import DivergedError, Trainer
from exphil.training.metrics import TIMED, MetricsLog
from exphil.training.progress import Silent
from exphil.training.runs import CHECKPOINTS, METRICS, TRAINER, WEIGHTS, Run, create_run
from exphil.training.schedule import schedule_of
from exphil.training.trackers import NoTracker
from exphil.training.writer import Writer

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

    def losses(self, batch: Batch, *, objective: Objective, supervise: str = "all") -> Losses:
        found = self.nll(batch)
        return Losses(found.by_head.sum(), found.detach())


@pytest.fixture
def make_trainer(make_packs: Callable[..., Any], tmp_path: Path) -> Callable[..., Trainer]:
    """A trainer of a few dozen steps in `models/<name>`; a second one of the name takes up its folder."""
    rng = np.random.default_rng(0)
    packs = make_packs(
        [320, 240, 290, 360], make_rows=lambda rows: rng.integers(0, 256, (rows, ROW_BYTES), np.uint8)
    )
    segments = find_segments(packs.segments, packs, 0)
    models = tmp_path / "models"

    def make(name: str = "run", policy: nn.Module | None = None, **options: Any) -> Trainer:
        chosen = {"window_size": 10, "batch_size": 8, "epochs": 2, "warmup_steps": 3, "seed": 5, **options}
        config = TrainConfig(**chosen)
        folder = models / name
        run = Run(folder, config, {}) if folder.exists() else create_run(models, name, config, {}, {})
        torch.manual_seed(config.seed)
        learner = Learner(policy or TinyPolicy(), config, torch.device("cpu"), ALONE)  # type: ignore[arg-type]
        sampler = Sampler(segments, window_size=10, batch_size=8, seed=config.seed)
        trainer = Trainer(
            run=run,
            learner=learner,
            train=Loader(packs, sampler),
            validation=Loader(packs, Sampler(segments, window_size=10, batch_size=8)),
            guesses=Baselines(np.ones(13), np.full(13, 0.5), segments.num_frames),
            writer=Writer(run, "data", NoTracker(), lambda lines: None),
            schedule=schedule_of(config, sampler),
            reporter=Silent(),
        )
        if (folder / TRAINER).exists():
            trainer.restore(checkpoint.load(folder, "data"))
        return trainer

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


def figures(run: Run, kind: str | None = None) -> list[dict[str, Any]]:
    """Lines of the metrics without what depends on the clock."""
    return [
        {k: v for k, v in line.items() if k not in TIMED}
        for line in MetricsLog(run.folder).lines()
        if kind in (None, line["kind"])
    ]


@pytest.mark.parametrize("at", [3, 17, 20, 39])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"accumulate": 3, "ema_decay": 0.9, "epochs": 6, "schedule": "cosine_restarts", "restart_steps": 20},
    ],
)
def test_a_run_stopped_anywhere_and_resumed_ends_as_if_it_had_not_been(
    make_trainer: Callable[..., Trainer], at: int, options: dict[str, Any]
) -> None:
    straight = make_trainer("straight", **options)
    straight.fit()
    total = straight.schedule.total_steps
    assert total > 40

    stopped = make_trainer("stopped", **options)
    stopped.reporter = AtStep(at, interrupt)
    with pytest.raises(StoppedError, match="--resume stopped"):
        stopped.fit()
    torch.manual_seed(99)  # what the process did meanwhile must not matter
    resumed = make_trainer("stopped", **options)
    assert at <= resumed.position.step <= at + 1
    resumed.fit()

    assert weights(straight.run) == weights(resumed.run)
    assert figures(straight.run) == figures(resumed.run)
    assert len(figures(straight.run, "validation")) == straight.run.config.epochs


def test_an_epoch_raises_the_likelihood_of_validation_frames(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(learning_rate=0.01)
    trainer.fit()
    first, last = (line["nats"] for line in figures(trainer.run, "validation"))
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
        assert line["frames_per_second"] > line["batches_per_second"] > 0
        assert line["learning_rate"] > 0
        assert line["loss"] == pytest.approx(line["nats"])
    last = lines[-1]
    assert last["kind"] == "validation"
    assert last["step"] == trainer.schedule.total_steps
    assert last["nats"] == pytest.approx(sum(last["by_head"].values()))
    assert last["marginal"] == 13
    assert last["repeat"] == 6.5
    assert last["num_frames"] == trainer.validation.sampler.segments.num_frames


def test_plain_nats_are_logged_beside_what_is_optimised(make_trainer: Callable[..., Trainer]) -> None:
    class Bent(TinyPolicy):
        def losses(self, batch: Batch, *, objective: Objective, supervise: str = "all") -> Losses:
            assert objective == Objective(label_smoothing=0.1, focal_gamma=2.0, button_weight=3.0)
            found = super().losses(batch, objective=objective)
            return Losses(found.optimised * 2, found.nll)

    trainer = make_trainer(policy=Bent(), max_steps=4, label_smoothing=0.1, focal_gamma=2, button_weight=3)
    trainer.fit()
    (line,) = figures(trainer.run, "train")
    assert line["loss"] == pytest.approx(2 * line["nats"])


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
    assert checkpoint.saved_step(trainer.run.folder) == 10


def test_max_steps_ends_the_run_and_is_validated(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(max_steps=7)
    trainer.fit()
    assert trainer.position.step == 7
    assert [line["step"] for line in figures(trainer.run, "validation")] == [7]
    # The cosine ends with the run's last step, not with an epoch's.
    assert figures(trainer.run)[0]["learning_rate"] < 0.1 * trainer.run.config.learning_rate


def test_a_run_stopped_at_its_very_last_step_trains_no_further(make_trainer: Callable[..., Trainer]) -> None:
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
    trainer.writer = replace(trainer.writer, finish=full)
    with pytest.raises(StoreError, match="the disk is full"):
        trainer.fit()
    written: list[int] = []
    again = make_trainer(max_steps=5)
    again.writer = replace(again.writer, finish=lambda lines: written.append(len(lines)))
    again.fit()
    assert written == [2]
    assert [line["kind"] for line in figures(again.run)] == ["train", "validation"]


def test_more_epochs_go_on_from_the_end(make_trainer: Callable[..., Trainer]) -> None:
    make_trainer(max_steps=7).fit()
    longer = make_trainer()
    assert longer.position.step == 7
    longer.fit()
    assert longer.position.step == longer.schedule.total_steps > 30
    assert [line["step"] for line in figures(longer.run, "train")][:2] == [7, 10]


class Scripted(TinyPolicy):
    """Learns as it may, and validates as it was told."""

    def __init__(self, *nats: float) -> None:
        super().__init__()
        self._nats = iter(nats)
        self.seen: list[dict[str, torch.Tensor]] = []
        self._shown: float | None = None

    def train(self, mode: bool = True) -> "Scripted":
        if not mode:
            self._shown = next(self._nats)
            self.seen.append({name: t.clone() for name, t in self.state_dict().items()})
        super().train(mode)
        return self

    def nll(self, batch: Batch, *, supervise: str = "all") -> Nll:
        found = super().nll(batch)
        if self.training or self._shown is None:
            return found
        return Nll(torch.full((13,), self._shown / 13) * found.num_frames, found.num_frames)


def test_the_weights_to_use_are_those_of_the_best_validation(make_trainer: Callable[..., Trainer]) -> None:
    policy = Scripted(5.0, 3.0, 4.0, 3.0)
    trainer = make_trainer(policy=policy, epochs=4)
    trainer.fit()
    kept = safetensors.torch.load_file(trainer.run.folder / WEIGHTS)
    assert all(torch.equal(policy.seen[1][name], tensor) for name, tensor in kept.items())
    assert [line["best"] for line in figures(trainer.run, "validation")] == [True, True, False, False]
    saved = checkpoint.load(trainer.run.folder, "data")
    assert all(torch.equal(policy.seen[3][name], t) for name, t in saved.learner["policy"].items())
    assert not (trainer.run.folder / CHECKPOINTS).exists()


def test_before_the_first_validation_the_weights_are_the_latest(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer()
    trainer.reporter = AtStep(5, interrupt)
    with pytest.raises(StoppedError):
        trainer.fit()
    kept = safetensors.torch.load_file(trainer.run.folder / WEIGHTS)
    assert all(torch.equal(trainer.learner.policy.state_dict()[name], t) for name, t in kept.items())


def test_patience_ends_the_run_early(make_trainer: Callable[..., Trainer]) -> None:
    # 4.95 is better than 5, and not by enough to count.
    trainer = make_trainer(policy=Scripted(5.0, 4.95, 4.96, 4.0), epochs=9, patience=2, min_delta=0.1)
    notes: list[str] = []
    trainer.reporter.note = notes.append  # type: ignore[method-assign, assignment]
    trainer.fit()
    lines = figures(trainer.run, "validation")
    assert [line["nats"] for line in lines] == pytest.approx([5.0, 4.95, 4.96])
    assert [line["best"] for line in lines] == [True, True, False]
    assert trainer.position.step < trainer.schedule.total_steps
    assert notes[-1].startswith("stopping early: no better validation in 2 (--patience); the weights of step")
    again = make_trainer(policy=Scripted(), epochs=9, patience=2, min_delta=0.1)
    assert again.is_over()


def test_progress_resets_patience(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(policy=Scripted(5.0, 5.1, 4.0, 4.1, 3.0, 3.1, 3.2), epochs=9, patience=2)
    trainer.fit()
    assert len(figures(trainer.run, "validation")) == 7


@pytest.mark.parametrize("keep", [2, 3])
def test_the_weights_of_the_last_validations_are_kept(
    make_trainer: Callable[..., Trainer], keep: int
) -> None:
    policy = Scripted(1.0, 2.0, 3.0, 4.0)
    trainer = make_trainer(policy=policy, epochs=4, keep=keep)
    trainer.fit()
    steps = [line["step"] for line in figures(trainer.run, "validation")]
    folder = trainer.run.folder / CHECKPOINTS
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"step-{step}.safetensors" for step in steps[-keep:]
    )
    for step, seen in zip(steps[-keep:], policy.seen[-keep:], strict=True):
        kept = safetensors.torch.load_file(folder / f"step-{step}.safetensors")
        assert all(torch.equal(seen[name], tensor) for name, tensor in kept.items())


def test_the_average_is_validated_and_kept_and_the_trained_weights_go_on(
    make_trainer: Callable[..., Trainer],
) -> None:
    torch.manual_seed(1)
    policy = Scripted(2.0, 1.0)
    trainer = make_trainer(policy=policy, ema_decay=0.99)
    trainer.fit()
    assert trainer.learner.ema is not None
    averaged = trainer.learner.ema.weights
    kept = safetensors.torch.load_file(trainer.run.folder / WEIGHTS)
    assert all(torch.equal(averaged[name], tensor) for name, tensor in kept.items())
    assert all(torch.equal(averaged[name], tensor) for name, tensor in policy.seen[-1].items())
    assert not torch.equal(averaged["inner.weight"], policy.inner.weight)
    torch.manual_seed(1)
    plain = make_trainer("plain", policy=Scripted(2.0, 1.0))
    plain.fit()
    assert torch.equal(plain.learner.policy.state_dict()["inner.weight"], policy.inner.weight)


class Poisoned(TinyPolicy):
    """Gives a loss, or a gradient, that is no number from a batch on."""

    def __init__(self, *, at: int, gradient_only: bool) -> None:
        super().__init__()
        self._left = at
        self._gradient_only = gradient_only

    def losses(self, batch: Batch, *, objective: Objective, supervise: str = "all") -> Losses:
        found = super().losses(batch, objective=objective)
        self._left -= 1
        if self._left > 0:
            return found
        if self._gradient_only:
            return Losses(found.optimised + torch.sqrt(self.outer.bias.sum() * 0.0), found.nll)
        return Losses(found.optimised * float("nan"), found.nll)


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
    assert all(torch.isfinite(tensor).all() for tensor in trainer.learner.policy.state_dict().values())
    assert all(
        torch.isfinite(t).all() for t in safetensors.torch.load_file(trainer.run.folder / WEIGHTS).values()
    )


def test_no_number_before_any_checkpoint_says_so(make_trainer: Callable[..., Trainer]) -> None:
    with pytest.raises(DivergedError, match="nothing was saved"):
        make_trainer(policy=Poisoned(at=1, gradient_only=False)).fit()


def test_no_number_in_validation_stops_the_run_too(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(policy=Scripted(float("inf")), max_steps=3)
    with pytest.raises(
        DivergedError, match=r"validation loss .* at step 3; the checkpoint of step 3 is kept"
    ):
        trainer.fit()
    assert not figures(trainer.run, "validation")


def test_validation_sees_the_same_windows_whatever_the_seed(make_trainer: Callable[..., Trainer]) -> None:
    runs = [make_trainer(f"run{seed}", max_steps=1, seed=seed) for seed in range(2)]
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
    monkeypatch.setattr(checkpoint, "save", lambda folder, state, data: saved.append(state.position.step))
    trainer.fit()
    assert saved[:4] == [1, 2, 3, 4]


def test_resuming_over_other_data_is_refused(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(max_steps=2)
    trainer.fit()
    with pytest.raises(StoreError, match=r"other data.*--config"):
        checkpoint.load(trainer.run.folder, "other")


def test_interrupted_metrics_are_rewound_to_the_checkpoint(make_trainer: Callable[..., Trainer]) -> None:
    trainer = make_trainer(max_steps=12)
    trainer.fit()
    path = trainer.run.folder / METRICS
    kept = path.read_text()
    path.write_text(kept + json.dumps({"kind": "train", "step": 20, "nats": 1.0}) + "\n" + '{"kind": "tr')
    again = make_trainer(max_steps=12)
    assert path.read_text() == kept
    assert replace(again.position, validated=False) == Position(0, 12, 12, False)
