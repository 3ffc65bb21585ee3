"""A run from its options: `start` a new one, `resume` one that was stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from exphil.errors import FingerprintError, UsageError
from exphil.features import V1, describe_mismatch
from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler, Segments
from exphil.policy.build import build_policy
from exphil.policy.decode import FeatureDecoder
from exphil.store.atomic import write_bytes
from exphil.store.store import Store
from exphil.training import checkpoint
from exphil.training.baselines import baselines, count_pairs, scored_segments
from exphil.training.card import model_card
from exphil.training.checkpoint import Position
from exphil.training.config import BACKBONE_FLAGS, RUN_LENGTH, TrainConfig
from exphil.training.curve import draw_curve
from exphil.training.loop import Trainer
from exphil.training.metrics import MetricsLog
from exphil.training.optimizer import make_optimizer
from exphil.training.progress import Reporter
from exphil.training.provenance import made_with
from exphil.training.runs import CARD, CONFIG, CURVE, Run, create_run, discard_unused, open_run, saving
from exphil.training.schedule import warmup_of
from exphil.training.selection import Selection, describe, select


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run came to.

    Attributes:
        run: its folder and options.
        validation: last validation line of `metrics.jsonl`.
    """

    run: Run
    validation: Mapping[str, Any]


def start(config: TrainConfig, *, store: Path, models: Path, name: str | None, reporter: Reporter) -> Outcome:
    """Train a new policy.

    Raises:
        UsageError: options out of range, an empty selection or side of the split, a run of that name.
        StoreError: no store, no packs, a stale feature table, or a folder that cannot be written.
        StoppedError, DivergedError: see `Trainer.fit`.
    """
    opened = Store.open(store)
    selection = select(opened, config, reporter.note)
    device = _prepare(config)
    loaders = _loaders(config, selection, device)
    run = create_run(models, name, config, made_with(opened), selection.games)
    torch.manual_seed(config.seed)
    try:
        return _fit(run, selection, loaders, device, reporter, resumed=False)
    except BaseException:
        discard_unused(run)
        raise


def resume(
    name: str, *, store: Path | None, models: Path, changes: Mapping[str, Any], reporter: Reporter
) -> Outcome:
    """Go on with a run exactly where it was saved.

    Args:
        name: of the run, or its folder.
        store: the feature store; None for the one that the run began with.
        changes: options to change; only those of `RUN_LENGTH` may.

    Raises:
        UsageError: no such run, a change that would make it another run, or nothing left to do.
        FingerprintError: the feature table is another now.
        StoreError: no checkpoint, or the store selects other data now.
    """
    run = open_run(models, name)
    config = _changed(run, changes)
    if run.made_with["fingerprint"] != V1.fingerprint:
        raise FingerprintError(
            f"{run.folder} was trained with another feature table"
            f" ({describe_mismatch(checkpoint.stored_features(run.folder))}); begin another run"
        )
    selection = select(Store.open(store or Path(run.made_with["store"])), config, reporter.note)
    device = _prepare(config)
    loaders = _loaders(config, selection, device)
    return _fit(replace(run, config=config), selection, loaders, device, reporter, resumed=True)


def _fit(
    run: Run,
    selection: Selection,
    loaders: tuple[Loader, Loader],
    device: torch.device,
    reporter: Reporter,
    *,
    resumed: bool,
) -> Outcome:
    config = run.config
    train, validation = loaders
    policy = build_policy(config.policy).to(device)
    optimizer = make_optimizer(policy, learning_rate=config.learning_rate, weight_decay=config.weight_decay)
    log = MetricsLog(run.folder)
    position = Position()
    if resumed:
        position = checkpoint.load(run.folder, policy, optimizer, selection.digest)
        log.rewind(position.step, validated=position.validated)
    decoder = FeatureDecoder(V1)
    guesses = baselines(
        count_pairs(selection.packs, selection.train, decoder, config.delay),
        count_pairs(selection.packs, scored_segments(validation.sampler, 0), decoder, config.delay),
    )
    num_parameters = sum(parameter.numel() for parameter in policy.parameters())

    def finish(lines: list[dict[str, Any]]) -> None:
        card = model_card(
            run, figures=selection.figures, data=selection.digest, num_parameters=num_parameters, lines=lines
        )
        with saving(run.folder):
            write_bytes(run.folder / CARD, card.encode())
            write_bytes(run.folder / CURVE, draw_curve(lines, run.name).encode())

    trainer = Trainer(
        run,
        policy,
        optimizer,
        device,
        train,
        validation,
        guesses,
        selection.digest,
        position,
        reporter,
        finish,
    )
    total = trainer.total_steps()
    if resumed:
        if position.step >= total and position.validated:
            raise UsageError(f"{run.name} is complete at step {position.step}; ask for more with --epochs")
        run.write_config(config)
    reporter.note(f"{run.folder}: {config.policy.backbone.name}, {num_parameters:,} parameters, on {device}")
    reporter.note(describe(selection.figures))
    reporter.note(_plan(trainer, total))
    trainer.fit()
    return Outcome(run, next(line for line in reversed(log.lines()) if line["kind"] == "validation"))


def _plan(trainer: Trainer, total: int) -> str:
    config = trainer.run.config
    warmup = warmup_of(config.warmup_steps, total)
    shortened = f" (asked for {config.warmup_steps})" if warmup < config.warmup_steps else ""
    windows = trainer.train.sampler.epoch(0).num_windows
    return (
        f"{total:,} batches of {config.batch_size} windows, {windows:,} windows an epoch,"
        f" warm-up {warmup} batches{shortened};"
        f" baselines: repeat {trainer.guesses.repeat.sum():.4f},"
        f" marginal {trainer.guesses.marginal.sum():.4f} nats a frame"
    )


def _loaders(config: TrainConfig, selection: Selection, device: torch.device) -> tuple[Loader, Loader]:
    """Training and validation loader. Validation windows do not depend on the seed: figures of runs compare."""

    def loader(segments: Segments, seed: int, num_windows: int | None) -> Loader:
        sampler = Sampler(
            segments,
            window_size=config.window_size,
            batch_size=config.batch_size,
            context=config.context,
            supervise=config.supervise,
            num_windows=num_windows,
            seed=seed,
        )
        return Loader(selection.packs, sampler, delay=config.delay, pin=device.type == "cuda")

    return loader(selection.train, config.seed, config.windows_per_epoch), loader(
        selection.validation, 0, None
    )


def _prepare(config: TrainConfig) -> torch.device:
    """Settings of torch, and the device.

    Raises:
        UsageError: no such device here.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    if config.device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(config.device)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {config.device} cannot be used here: {reason}") from error
    return device


def _changed(run: Run, changes: Mapping[str, Any]) -> TrainConfig:
    """The run's options with `changes`, all of which must be of its length or place."""
    config = run.config.with_flags(changes, [])
    for name in changes:
        owner = "policy" if name in BACKBONE_FLAGS else name
        if name not in RUN_LENGTH and getattr(config, owner) != getattr(run.config, owner):
            raise UsageError(
                f"--{name.replace('_', '-')} cannot change on --resume (only"
                f" {', '.join('--' + item.replace('_', '-') for item in sorted(RUN_LENGTH))} can);"
                f" begin another run with --config {run.folder / CONFIG}"
            )
    return config
