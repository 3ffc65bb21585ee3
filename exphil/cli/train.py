"""`exphil train`: a policy from the store's windows."""

import inspect
import json
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from exphil.backbones.config import CONFIGS, BackboneConfig
from exphil.cli import output
from exphil.cli.options import JsonFlag, ModelsOption, StoreOption
from exphil.config.roots import models_root, store_root
from exphil.errors import UsageError
from exphil.policy.config import PolicyConfig
from exphil.training.config import BACKBONE_FLAGS, POLICY_FLAGS, TrainConfig, load_config

PLAIN_SECONDS: Final = 5.0


def _train(
    *,
    store: StoreOption = None,
    models: ModelsOption = None,
    run: str | None = None,
    resume: str | None = None,
    config: Path | None = None,
    settings: list[str] | None = None,
    as_json: JsonFlag = False,
    **typed: Any,
) -> None:
    """Train a policy on the store's windows.

    Validates after every epoch, in nats a frame beside two baselines, and writes `models/<run>/`. Ctrl-C saves
    and stops; `--resume` goes on exactly where it was. What is typed outweighs `--config`.

    For example:

        exphil train --store storage/ --backbone mamba --window-size 60 --epochs 3
        exphil train --backbone mlp --where "character = 'FOX' AND opponent_character = 'MARTH'"
        exphil train --resume mamba-20260101-1 --epochs 6
    """
    from exphil.cli.recording import record_in_dagster
    from exphil.training.session import resume as resume_run
    from exphil.training.session import start

    given = {name: value for name, value in typed.items() if value is not None}
    watcher = _watcher()
    if resume is not None:
        _only_run_length(run, config, settings)
        outcome = resume_run(
            resume,
            store=None if store is None else store_root(store),
            models=models_root(models),
            changes=given,
            reporter=watcher,
        )
    else:
        base = TrainConfig() if config is None else load_config(config)
        chosen = base.with_flags(given, settings or [])
        outcome = start(
            chosen, store=store_root(store), models=models_root(models), name=run, reporter=watcher
        )
    record_in_dagster(outcome)
    figures = outcome.validation
    if as_json:
        named = ("epoch", "step", "nats", "repeat", "marginal", "num_frames", "by_head")
        output.say(
            json.dumps(
                {"run": outcome.run.name, "folder": str(outcome.run.folder), **{k: figures[k] for k in named}}
            )
        )
    else:
        output.say(
            f"{outcome.run.folder}: validation {figures['nats']:.4f} nats a frame"
            f" (repeat {figures['repeat']:.4f}, marginal {figures['marginal']:.4f})"
        )


def _only_run_length(run: str | None, config: Path | None, settings: list[str] | None) -> None:
    for flag, value in (("--run", run), ("--config", config), ("--set", settings)):
        if value:
            raise UsageError(f"{flag} does not go with --resume: the run has its name and options already")


def _flags() -> list[inspect.Parameter]:
    """A flag for each option of `TrainConfig` and each that all backbones share; help and default from there.

    They default to None here, so that what was not typed leaves a configuration file's value alone.
    """
    found = [_flag("backbone", str, "mamba", f"What remembers: {', '.join(CONFIGS)}.")]
    shared = {item.name: item for item in fields(BackboneConfig)}
    for name in BACKBONE_FLAGS[1:]:
        item = shared[name]
        found.append(_flag(name, item.type, item.default, item.metadata["help"]))
    policy = PolicyConfig.__dataclass_fields__
    for name in POLICY_FLAGS:
        item = policy[name]
        found.append(_flag(name, item.type, item.default, item.metadata["help"]))
    for item in fields(TrainConfig):
        if item.name != "policy":
            found.append(_flag(item.name, item.type, item.default, item.metadata["help"]))
    return found


def _flag(name: str, kind: Any, default: Any, doc: str) -> inspect.Parameter:
    shown = "" if default is None else f" [default: {default}]"
    annotation = Annotated[kind | None, Parameter(help=doc + shown, show_default=False)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _named(name: str, kind: Any, doc: str, flag: str | None = None) -> inspect.Parameter:
    annotation = Annotated[kind | None, Parameter(name=flag, help=doc, show_default=False)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _with_flags(command: Callable[..., None]) -> Callable[..., None]:
    """`command` under the signature that the options derive from."""
    plain = inspect.signature(command).parameters
    parameters = [
        plain["store"],
        plain["models"],
        _named("run", str, "Name of the new run; else BACKBONE-DATE-NUMBER."),
        _named("resume", str, "Go on with this run; only its length and device may change."),
        _named("config", Path, "Options from a JSON file, such as the config.json of a run."),
        *_flags(),
        _named(
            "settings",
            list[str],
            "An option of the backbone or policy alone: backbone.state_size=32.",
            "--set",
        ),
        plain["as_json"],
    ]

    def train(**given: Any) -> None:
        command(**given)

    train.__doc__ = command.__doc__
    train.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    train.__annotations__ = {item.name: item.annotation for item in parameters}
    return train


train = _with_flags(_train)


class LineReporter:
    """Plain lines to stderr: remarks, and figures every few seconds."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._total = 0

    def note(self, text: str) -> None:
        output.note(text)

    def begin(self, done: int, total: int) -> None:
        self._total = total
        self._shown = time.monotonic()

    def step(self, done: int, text: str) -> None:
        if time.monotonic() - self._shown >= PLAIN_SECONDS or done == self._total:
            self._shown = time.monotonic()
            output.note(f"step {done} of {self._total}, {text}")

    def end(self) -> None:
        return None


class BarReporter:
    """A bar on a terminal, with remarks above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", visible=False)

    def note(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)

    def begin(self, done: int, total: int) -> None:
        self._bar.update(self._task, total=total, completed=done, visible=True)
        self._bar.start()

    def step(self, done: int, text: str) -> None:
        self._bar.update(self._task, completed=done, description=text)

    def end(self) -> None:
        self._bar.stop()


def _watcher() -> LineReporter | BarReporter:
    return BarReporter() if sys.stderr.isatty() else LineReporter()
