"""The training loop: steps, validation, checkpoints, and a clean stop.

Every step is a pure function of its number and of the checkpoint before it, so a run that was stopped and
resumed ends with the same bytes as one that was not.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
from torch import Tensor

from exphil.errors import ExphilError
from exphil.loading.batch import Batch
from exphil.loading.dataset import diversity
from exphil.loading.draws import hashed
from exphil.loading.loader import Loader
from exphil.training import checkpoint
from exphil.training.baselines import Baselines
from exphil.training.checkpoint import Position, Saved
from exphil.training.diagnose import diagnose
from exphil.training.distributed import ALONE, World
from exphil.training.interrupt import StoppedError, StopRequest, stop_on_signals
from exphil.training.layer_norms import LayerWatch
from exphil.training.learner import Found, Learner
from exphil.training.metrics import Meter
from exphil.training.progress import Reporter
from exphil.training.runs import DIVERGENCE, Run
from exphil.training.schedule import Schedule
from exphil.training.stopping import Record
from exphil.training.validate import Validation, validate
from exphil.training.writer import Writer

LOG_STEPS = 10
"""Steps between two training lines of `metrics.jsonl`. Where they are written hangs on nothing else but epochs."""

DROPOUT = 100
"""What this file's draws are for, beside those of `exphil.loading.draws`."""


class DivergedError(ExphilError):
    """The loss or a gradient is no number any more."""


@dataclass(slots=True)
class Trainer:
    """One run in progress.

    Attributes:
        run: folder and options.
        learner: the policy, and what changes with it from step to step.
        train: loader of the training split.
        validation: loader of the validation split.
        guesses: baselines on the validation frames.
        writer: of metrics, weights and checkpoints.
        schedule: the learning rate, and the number of steps, of the whole run.
        position: how far the run is.
        record: what its validations have come to.
        watch: of the layers, with --debug-gradients.
        meter: figures since the last training line.
        figures: of that line, as people read them.
    """

    run: Run
    learner: Learner
    train: Loader
    validation: Loader
    guesses: Baselines
    writer: Writer
    schedule: Schedule
    reporter: Reporter
    world: World = ALONE
    position: Position = field(default_factory=Position)
    record: Record = field(default_factory=Record)
    watch: LayerWatch | None = None
    meter: Meter = field(default_factory=Meter)
    figures: str = "first steps"

    def fit(self) -> None:
        """Train to the end of the run, or until patience is at its end.

        Raises:
            StoppedError: a signal asked to stop; the run is saved.
            DivergedError: the loss is no number; the last good checkpoint is kept.
        """
        self.learner.policy.train()
        self.reporter.begin(self.position.step, self.schedule.total_steps)
        try:
            with stop_on_signals() as stop:
                while not self.is_over():
                    self._epoch(stop)
                    if not self.position.validated:
                        self._validate(stop)
                    self.position = replace(self.position, epoch=self.position.epoch + 1, batch=0)
        finally:
            self.reporter.end()

    def restore(self, saved: Saved) -> None:
        """Go back to a checkpoint: what was logged after it is dropped, and will be logged again."""
        self.learner.load_state_dict(saved.learner)
        self.meter.load_state_dict(saved.meter)
        self.position, self.record = saved.position, saved.record
        self.writer.rewind(saved.position)

    def is_over(self) -> bool:
        """Whether nothing is left to do: all steps are done, or patience is at its end, and it is validated."""
        at_end = self._all_steps_done() or self.record.exhausted(self.run.config.patience)
        return at_end and self.position.validated

    def _all_steps_done(self) -> bool:
        return self.position.step >= self.schedule.total_steps

    def _epoch(self, stop: StopRequest) -> None:
        """Train on what is left of the epoch, or of the run."""
        saved = time.perf_counter()
        with closing(self.train.batches(self.position.epoch, self.position.batch)) as batches:
            while not self._all_steps_done() and (group := self._next_group(batches)):
                found = self._step(group, stop)
                if self.position.step % LOG_STEPS == 0:
                    self._log()
                self.reporter.step(self.position.step, self.figures)
                if found.stop or (stop and self.world.size == 1):
                    self._save_and_stop()
                if time.perf_counter() - saved > 60 * self.run.config.checkpoint_minutes:
                    self._save()
                    saved = time.perf_counter()
        self._log()

    def _next_group(self, batches: Iterator[Batch]) -> list[Batch]:
        """The batches of one step; an epoch's last step may have fewer, and none when the epoch is over."""
        group: list[Batch] = []
        while len(group) < self.run.config.accumulate:
            asked = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                break
            self.meter.wait(time.perf_counter() - asked, diversity(batch.replay))
            group.append(batch)
        return group

    def _step(self, batches: list[Batch], stop: StopRequest) -> Found:
        """One update of the weights; none, and the end of the run, if it would make them no numbers."""
        seeds = self._dropout_seeds(len(batches))
        found = self.learner.gradients(batches, seeds, stop=bool(stop))
        done, step = self.position.batch + len(batches), self.position.step + 1
        if not (math.isfinite(found.loss) and math.isfinite(found.grad_norm)):
            what = "gradient" if math.isfinite(found.loss) else "loss"
            self._diverged(step, what, self.learner.again(batches, seeds))
        if self.watch is not None and (step == 1 or step % LOG_STEPS == 0):
            self.writer.layers(step, self.watch)
        self.learner.step(self.schedule.share(step - 1), found.grad_norm)
        self.meter.step(found)
        self.position = replace(self.position, batch=done, step=step, validated=False)
        return found

    def _dropout_seeds(self, count: int) -> list[int]:
        """One for each of the next batches, and another on each rank."""
        batch = self.position.batch + np.arange(count)
        seeds = hashed(
            batch * self.world.size + self.world.rank, self.run.config.seed, self.position.epoch, DROPOUT
        )
        return [int(seed >> np.uint64(1)) for seed in seeds]

    def _log(self) -> None:
        """Write the line of the steps since the last."""
        if not self.meter:
            return
        line = {
            "kind": "train",
            "step": self.position.step,
            "epoch": self.position.epoch,
            "learning_rate": self.learner.learning_rate,
            **self.meter.figures(),
        }
        self.writer.line(line)
        self.figures = _train_text(line)
        self.meter.reset()

    def _validate(self, stop: StopRequest) -> None:
        self._save()
        self.reporter.step(self.position.step, "validating")
        with self.learner.in_use() as policy:
            found = validate(
                policy, self.validation, self.learner.device, self.run.config.supervise, stop, self.world
            )
        if found is None:
            self._save_and_stop()
        if not math.isfinite(found.nats):
            self._diverged(self.position.step, "validation loss")
        step = self.position.step
        self.record = self.record.after(found.nats, step, self.run.config.min_delta)
        self.position = replace(self.position, validated=True)
        self.writer.line(
            {
                "kind": "validation",
                "step": step,
                "epoch": self.position.epoch,
                "best": self.record.is_best(step),
                **found.to_dict(self.guesses),
            }
        )
        self.writer.validated(self._saved(), self.learner.weights())
        self.reporter.note(_validation_text(self.position, found, self.guesses))
        if self.record.exhausted(self.run.config.patience) and not self._all_steps_done():
            self.reporter.note(_exhausted_text(self.record))

    def _diverged(self, step: int, what: str, losses: Sequence[Callable[[], Tensor]] = ()) -> NoReturn:
        """End the run with a report: `losses` are those of the failed step's batches, to be computed again."""
        run = self.run
        last = checkpoint.saved_step(run.folder)
        kept = f"the checkpoint of step {last} is kept" if last is not None else "nothing was saved before it"
        message = f"the {what} of {run.folder} is no finite number at step {step}; {kept}"
        if self.writer.writes:
            found = diagnose(
                self.learner.policy,
                run.config,
                run.folder,
                step=step,
                epoch=self.position.epoch,
                what=what,
                losses=losses,
            )
            message = f"{message}; {found.sentence} (more in {run.folder / DIVERGENCE})"
        raise DivergedError(message)

    def _saved(self) -> Saved:
        return Saved(self.position, self.record, self.learner.state_dict(), self.meter.state_dict())

    def _save(self) -> None:
        self.writer.checkpoint(self._saved(), self.learner.weights())

    def _save_and_stop(self) -> NoReturn:
        self._save()
        raise StoppedError(
            f"stopped at step {self.position.step} and saved;"
            f" continue with `exphil train --resume {self.run.name}`"
        )


def _train_text(line: dict[str, Any]) -> str:
    same = math.isclose(line["loss"], line["nats"], rel_tol=1e-4)  # two sums of one thing, in another order
    bent = "" if same else f" (optimised {line['loss']:.4f})"
    return (
        f"epoch {line['epoch'] + 1}, loss {line['nats']:.4f} nats a frame{bent},"
        f" {line['frames_per_second']:,.0f} frames/s, waiting {line['waiting']:.0%},"
        f" diversity {line['diversity']:.2f}"
    )


def _validation_text(position: Position, found: Validation, guesses: Baselines) -> str:
    return (
        f"epoch {position.epoch + 1}, step {position.step}: validation {found.nats:.4f} nats a frame"
        f" (repeat {guesses.repeat.sum():.4f}, marginal {guesses.marginal.sum():.4f})"
        f" over {found.num_frames:,} frames"
    )


def _exhausted_text(record: Record) -> str:
    return (
        f"stopping early: no better validation in {record.waited} (--patience);"
        f" the weights of step {record.best_step} are kept, {record.best:.4f} nats a frame"
    )
