"""A run from its options: `start` a new one, `resume` one that was stopped."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exphil.errors import FingerprintError, UsageError
from exphil.features import V1, describe_mismatch
from exphil.policy.decode import FeatureDecoder
from exphil.store.atomic import write_bytes
from exphil.store.store import Store
from exphil.training import checkpoint
from exphil.training.baselines import Baselines, baselines, count_pairs, scored_segments
from exphil.training.card import model_card
from exphil.training.config import RUN_LENGTH, TrainConfig
from exphil.training.curve import draw_curve
from exphil.training.distributed import ALONE, joined
from exphil.training.interrupt import StoppedError
from exphil.training.layer_norms import LayerWatch
from exphil.training.learner import Learner
from exphil.training.loop import DivergedError, Trainer
from exphil.training.metrics import MetricsLog
from exphil.training.precision import prepare
from exphil.training.progress import Reporter
from exphil.training.provenance import made_with
from exphil.training.runs import CARD, CONFIG, CURVE, Run, create_run, discard_unused, open_run, saving
from exphil.training.schedule import schedule_of
from exphil.training.selection import Selection, describe, shown
from exphil.training.setting import Setting, find_setting, fresh_policy, make_loader, make_sampler
from exphil.training.trackers import open_tracker
from exphil.training.writer import Writer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run came to.

    Attributes:
        run: its folder and options.
        validation: the validation line of `metrics.jsonl` that the weights in the folder are those of: the best.
        is_first: False on every rank but the first, which alone has something to tell.
    """

    run: Run
    validation: Mapping[str, Any]
    is_first: bool = True


def start(config: TrainConfig, *, store: Path, models: Path, name: str | None, reporter: Reporter) -> Outcome:
    """Train a new policy. Among processes that torchrun started, every one of them calls this.

    Raises:
        UsageError: options out of range, an empty selection or side of the split, a run of that name.
        StoreError: no store, no packs, a stale feature table, or a folder that cannot be written.
        StoppedError, DivergedError: see `Trainer.fit`.
    """
    with joined(config.device) as world:
        setting = find_setting(config, store, world, reporter)
        opened = Store.open(store)
        run = world.first(
            lambda: create_run(models, name, config, made_with(opened), setting.selection.games)
        )
        try:
            return _fit(run, setting, resumed=False)
        except BaseException:
            if world.is_first:
                discard_unused(run)
            raise


def resume(
    name: str, *, store: Path | None, models: Path, changes: Mapping[str, Any], reporter: Reporter
) -> Outcome:
    """Go on with a run exactly where it was saved, with any number of ranks.

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
    with joined(config.device) as world:
        setting = find_setting(config, store or Path(run.made_with["store"]), world, reporter)
        return _fit(replace(run, config=config), setting, resumed=True)


def _fit(run: Run, setting: Setting, *, resumed: bool) -> Outcome:
    config, selection, world, reporter = run.config, setting.selection, setting.world, setting.reporter
    policy = fresh_policy(config, setting.device)
    world.copy_first(list(policy.state_dict().values()))
    learner = Learner(policy, config, setting.device, world)
    train = make_loader(config, setting, selection.train, training=True)
    validation = make_loader(config, setting, selection.validation, training=False)
    num_parameters = sum(parameter.numel() for parameter in policy.parameters())
    tracker = open_tracker(config.tracker if world.is_first else "none", run.folder, shown(config))
    trainer = Trainer(
        run=run,
        learner=learner,
        train=train,
        validation=validation,
        guesses=world.first(lambda: _guesses(config, selection)),
        writer=Writer(
            run,
            selection.digest,
            tracker,
            _finisher(run, selection, num_parameters),
            writes=world.is_first,
        ),
        schedule=schedule_of(config, train.sampler),
        reporter=reporter,
        world=world,
        watch=LayerWatch(policy) if config.debug_gradients and world.is_first else None,
    )
    if resumed:
        _resume(trainer, selection.digest)
    prepare(policy, config, setting.device)
    ranks = f" by {world.size} ranks" if world.size > 1 else ""
    reporter.note(
        f"{run.folder}: {config.policy.backbone.name}, {num_parameters:,} parameters, on {setting.device}{ranks}"
    )
    reporter.note(describe(selection.figures))
    reporter.note(_plan(trainer))
    try:
        with closing(tracker):
            trainer.fit()
    except (StoppedError, DivergedError) as error:
        # All ranks end alike, and together: torchrun would end the first before it has said why.
        world.first(lambda: None)
        if world.is_first:
            raise
        raise SystemExit(error.exit_code) from error
    return Outcome(run, world.first(lambda: _best(MetricsLog(run.folder).lines())), world.is_first)


def _resume(trainer: Trainer, data: str) -> None:
    """Put the run's checkpoint into the trainer.

    Raises:
        UsageError: the run has nothing left to do.
    """
    run = trainer.run
    trainer.restore(checkpoint.load(run.folder, data))
    if trainer.is_over():
        early = trainer.record.exhausted(run.config.patience)
        ended = "stopped early, its patience at an end," if early else "is complete"
        more = "begin another run" if early else "ask for more with --epochs"
        raise UsageError(f"{run.name} {ended} at step {trainer.position.step}; {more}")
    if trainer.world.is_first:
        run.write_config(run.config)


def _guesses(config: TrainConfig, selection: Selection) -> Baselines:
    """The baselines on the validation frames, all ranks' together."""
    decoder, delay = FeatureDecoder(V1), config.policy.delay
    scored = scored_segments(make_sampler(config, selection.validation, ALONE, training=False), 0)
    return baselines(
        count_pairs(selection.packs, selection.train, decoder, delay),
        count_pairs(selection.packs, scored, decoder, delay),
    )


def _finisher(run: Run, selection: Selection, num_parameters: int) -> Callable[[list[dict[str, Any]]], None]:
    """Writes card and curve from the lines of `metrics.jsonl`."""

    def finish(lines: list[dict[str, Any]]) -> None:
        card = model_card(
            run, figures=selection.figures, data=selection.digest, num_parameters=num_parameters, lines=lines
        )
        with saving(run.folder):
            write_bytes(run.folder / CARD, card.encode())
            write_bytes(run.folder / CURVE, draw_curve(lines, run.name).encode())

    return finish


def _best(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return next(line for line in reversed(lines) if line["kind"] == "validation" and line["best"])


def _plan(trainer: Trainer) -> str:
    config, schedule = trainer.run.config, trainer.schedule
    shortened = f" (asked for {config.warmup_steps})" if schedule.warmup_steps < config.warmup_steps else ""
    windows = trainer.train.sampler.epoch(0).num_windows
    size = (
        f"{config.batch_size} windows"
        if config.accumulate == 1
        else (f"{config.accumulate} x {config.batch_size} windows")
    )
    return (
        f"{schedule.total_steps:,} steps of {size}, {windows:,} windows an epoch,"
        f" warm-up {schedule.warmup_steps} steps{shortened};"
        f" baselines: repeat {trainer.guesses.repeat.sum():.4f},"
        f" marginal {trainer.guesses.marginal.sum():.4f} nats a frame"
    )


def _changed(run: Run, changes: Mapping[str, Any]) -> TrainConfig:
    """The run's options with `changes`, all of which must be of its length or place."""
    config, before = run.config.with_flags(changes), run.config.flat()
    for name in changes:
        if name not in RUN_LENGTH and changes[name] != before.get(name):
            raise UsageError(
                f"--{name.replace('_', '-')} cannot change on --resume (only"
                f" {', '.join('--' + item.replace('_', '-') for item in sorted(RUN_LENGTH))} can);"
                f" begin another run with --config {run.folder / CONFIG}"
            )
    return config
