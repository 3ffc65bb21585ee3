"""The training loop: batches, validation, checkpoints, and a clean stop.

Every batch is a pure function of its number and of the checkpoint before it, so a run that was stopped and
resumed ends with the same bytes as one that was not.
"""

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch

from exphil.errors import ExphilError
from exphil.loading.batch import Batch
from exphil.loading.dataset import diversity
from exphil.loading.loader import Loader
from exphil.policy.policy import Policy
from exphil.training import checkpoint
from exphil.training.baselines import Baselines
from exphil.training.checkpoint import Position
from exphil.training.interrupt import StoppedError, StopRequest, stop_on_signals
from exphil.training.metrics import Meter, MetricsLog
from exphil.training.progress import Reporter
from exphil.training.runs import Run
from exphil.training.schedule import learning_rate, warmup_of
from exphil.training.validate import Validation, validate

LOG_STEPS = 10
"""Batches between two training lines of `metrics.jsonl`; the loss is read from the device as often."""


class DivergedError(ExphilError):
    """The loss or a gradient is no number any more."""


@dataclass(slots=True)
class Trainer:
    """One run in progress.

    Attributes:
        run: folder and options.
        policy: on `device`, as is what `optimizer` holds.
        train: loader of the training split.
        validation: loader of the validation split.
        guesses: baselines on the validation frames.
        data: digest of the selected data, for the checkpoint.
        position: how far the run is.
        finish: called after every validation, with all lines of `metrics.jsonl`: writes card and curve.
        figures: of the last training line, as people read them.
    """

    run: Run
    policy: Policy
    optimizer: torch.optim.Optimizer
    device: torch.device
    train: Loader
    validation: Loader
    guesses: Baselines
    data: str
    position: Position
    reporter: Reporter
    finish: Callable[[list[dict[str, Any]]], None]
    figures: str = ""

    def fit(self) -> None:
        """Train to the end of the run.

        Raises:
            StoppedError: a signal asked to stop; the run is saved.
            DivergedError: the loss is no number; the last good checkpoint is kept.
        """
        total = self.total_steps()
        self.policy.train()
        self.reporter.begin(self.position.step, total)
        try:
            with stop_on_signals() as stop:
                while True:
                    if self.position.step < total:
                        self._epoch(total, stop)
                    if not self.position.validated:
                        self._validate(stop)
                    if self.position.step >= total:
                        return
                    self.position = replace(self.position, epoch=self.position.epoch + 1, batch=0)
        finally:
            self.reporter.end()

    def total_steps(self) -> int:
        """Batches of the whole run; the learning rate falls to its end over exactly as many."""
        config = self.run.config
        steps = sum(self.train.sampler.num_batches(epoch) for epoch in range(config.epochs))
        return steps if config.max_steps is None else min(steps, config.max_steps)

    def _epoch(self, total: int, stop: StopRequest) -> None:
        """Train on what is left of the epoch, or of the run."""
        pending: list[tuple[torch.Tensor, torch.Tensor]] = []
        meter = Meter()
        saved = asked = time.perf_counter()
        with closing(self.train.batches(self.position.epoch, self.position.batch)) as batches:
            for batch in batches:
                waited = time.perf_counter() - asked
                pending.append(self._step(batch, total))
                meter.add(waited=waited, frames=batch.mask.numel(), diversity=diversity(batch.replay))
                over = self.position.step >= total
                save = time.perf_counter() - saved > 60 * self.run.config.checkpoint_minutes
                if self.position.step % LOG_STEPS == 0 or over or save or stop:
                    self._log(pending, meter)
                else:
                    self.reporter.step(self.position.step, self.figures)
                if stop:
                    self._save_and_stop()
                if over:
                    break
                if save:
                    self._save()
                    saved = time.perf_counter()
                asked = time.perf_counter()
        self._log(pending, meter)

    def _step(self, batch: Batch, total: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One update; returns loss and gradient norm, still on the device."""
        config = self.run.config
        rate = learning_rate(
            self.position.step,
            highest=config.learning_rate,
            total_steps=total,
            warmup_steps=warmup_of(config.warmup_steps, total),
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        found = self.policy.nll(batch.to(self.device), supervise=config.supervise)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(found.mean)
        norm = torch.nn.utils.clip_grad_norm_(self.policy.parameters(), config.max_grad_norm)
        self.optimizer.step()
        self.position = replace(
            self.position, batch=self.position.batch + 1, step=self.position.step + 1, validated=False
        )
        return found.mean.detach(), norm.detach()

    def _log(self, pending: list[tuple[torch.Tensor, torch.Tensor]], meter: Meter) -> None:
        """Read the losses since the last line, check them, and write the line."""
        if not pending:
            return
        losses = [(float(loss), float(norm)) for loss, norm in pending]
        first = self.position.step - len(losses) + 1
        for step, (loss, norm) in enumerate(losses, start=first):
            if not (math.isfinite(loss) and math.isfinite(norm)):
                self._diverged(step, "loss" if not math.isfinite(loss) else "gradient")
        line = {
            "kind": "train",
            "step": self.position.step,
            "epoch": self.position.epoch,
            "nats": sum(loss for loss, _ in losses) / len(losses),
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "grad_norm": sum(norm for _, norm in losses) / len(losses),
            **meter.figures(),
        }
        MetricsLog(self.run.folder).append(line)
        self.figures = _train_text(line)
        self.reporter.step(self.position.step, self.figures)
        pending.clear()
        meter.reset()

    def _diverged(self, step: int, what: str) -> NoReturn:
        last = checkpoint.saved_step(self.run.folder)
        kept = f"the checkpoint of step {last} is kept" if last is not None else "nothing was saved before it"
        raise DivergedError(
            f"the {what} of {self.run.folder} is no finite number at step {step}; {kept};"
            " begin again with a lower --learning-rate or --max-grad-norm"
        )

    def _validate(self, stop: StopRequest) -> None:
        self._save()
        self.reporter.step(self.position.step, "validating")
        found = validate(self.policy, self.validation, self.device, self.run.config.supervise, stop)
        if found is None:
            self._save_and_stop()
        if not math.isfinite(found.nats):
            self._diverged(self.position.step, "validation loss")
        log = MetricsLog(self.run.folder)
        log.append(
            {
                "kind": "validation",
                "step": self.position.step,
                "epoch": self.position.epoch,
                **found.to_dict(self.guesses),
            }
        )
        # Card and curve first: were they to fail, resuming would validate and write them again.
        self.finish(log.lines())
        self.position = replace(self.position, validated=True)
        self._save()
        self.reporter.note(_validation_text(self.position, found, self.guesses))

    def _save(self) -> None:
        checkpoint.save(self.run.folder, self.policy, self.optimizer, self.position, self.data)

    def _save_and_stop(self) -> NoReturn:
        self._save()
        raise StoppedError(
            f"stopped at step {self.position.step} and saved;"
            f" continue with `exphil train --resume {self.run.name}`"
        )


def _train_text(line: dict[str, Any]) -> str:
    return (
        f"epoch {line['epoch'] + 1}, loss {line['nats']:.4f} nats a frame,"
        f" {line['frames_per_second']:,.0f} frames/s, waiting {line['waiting']:.0%},"
        f" diversity {line['diversity']:.2f}"
    )


def _validation_text(position: Position, found: Validation, guesses: Baselines) -> str:
    return (
        f"epoch {position.epoch + 1}, step {position.step}: validation {found.nats:.4f} nats a frame"
        f" (repeat {guesses.repeat.sum():.4f}, marginal {guesses.marginal.sum():.4f})"
        f" over {found.num_frames:,} frames"
    )
