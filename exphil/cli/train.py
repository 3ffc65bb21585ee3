"""`exphil train`: a policy from the store's windows."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from exphil.cli import output
from exphil.cli.options import JsonFlag, ModelsOption, StoreOption
from exphil.cli.reporters import watcher
from exphil.cli.train_flags import named_flag, option_flags
from exphil.config.roots import models_root, store_root
from exphil.errors import UsageError
from exphil.training.config_layers import configure
from exphil.training.presets import PRESETS

ListPresets = Annotated[
    bool, Parameter(negative=(), show_default=False, help="Print the presets and what they set, and stop.")
]


def _train(
    *,
    store: StoreOption = None,
    models: ModelsOption = None,
    run: str | None = None,
    resume: str | None = None,
    preset: str | None = None,
    config: Path | None = None,
    list_presets: ListPresets = False,
    as_json: JsonFlag = False,
    **typed: Any,
) -> None:
    """Train a policy on the store's windows.

    Validates after every epoch, in nats a frame beside two baselines, and writes `models/<run>/`. Ctrl-C saves
    and stops; `--resume` goes on exactly where it was. What is typed outweighs `--config`, which outweighs
    `--preset`, which outweighs the preset of the backbone; defaults below are those with that one.

    For example:

        exphil train --store storage/ --backbone mamba --window-size 60 --epochs 3
        exphil train --preset cpu_quick --backbone jamba --attention-every 2
        exphil train --backbone mlp --where "character = 'FOX' AND opponent_character = 'MARTH'"
        exphil train --resume mamba-20260101-1 --epochs 6
    """
    if list_presets:
        _show_presets(as_json)
        return
    from exphil.cli.recording import record_in_dagster
    from exphil.training.session import resume as resume_run
    from exphil.training.session import start

    given = {name: value for name, value in typed.items() if value is not None}
    reporter = watcher()
    if resume is not None:
        _only_changes(run, preset, config)
        outcome = resume_run(
            resume,
            store=None if store is None else store_root(store),
            models=models_root(models),
            changes=given,
            reporter=reporter,
        )
    else:
        chosen = configure(given, preset=preset, file=config)
        outcome = start(
            chosen, store=store_root(store), models=models_root(models), name=run, reporter=reporter
        )
    if not outcome.is_first:
        return  # one of the processes that torchrun started: the first speaks for all
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


def _show_presets(as_json: bool) -> None:
    if as_json:
        output.json_document(
            [
                {"name": item.name, "summary": item.summary, "options": item.options}
                for item in PRESETS.values()
            ]
        )
        return
    for item in PRESETS.values():
        base = "" if item.base is None else f"{item.base}, "
        values = ", ".join(f"{name} {value}" for name, value in item.values.items())
        output.say(f"{item.name}: {item.summary}")
        output.say(f"    {base}{values}")


def _only_changes(run: str | None, preset: str | None, config: Path | None) -> None:
    for flag, value in (("--run", run), ("--preset", preset), ("--config", config)):
        if value:
            raise UsageError(f"{flag} does not go with --resume: the run has its name and options already")


def _with_flags(command: Callable[..., None]) -> Callable[..., None]:
    """`command` under the signature that the options derive from."""
    plain = inspect.signature(command).parameters
    parameters = [
        plain["store"],
        plain["models"],
        named_flag("run", str, "Name of the new run; else BACKBONE-DATE-NUMBER."),
        named_flag("resume", str, "Go on with this run; only its length, device and watching may change."),
        named_flag("preset", str, "A named set of options; --list-presets tells them."),
        named_flag("config", Path, "Options from a JSON file, such as the config.json of a run."),
        plain["list_presets"],
        plain["as_json"],
        *option_flags(),
    ]

    def train(**given: Any) -> None:
        command(**given)

    train.__doc__ = command.__doc__
    train.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    train.__annotations__ = {item.name: item.annotation for item in parameters}
    return train


train = _with_flags(_train)
