"""A run's folder, `models/<run>/`: the names in it, and how it is made and found."""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from exphil.errors import StoreError, UsageError
from exphil.store.atomic import write_bytes
from exphil.store.paths import MANIFEST
from exphil.training.config import TrainConfig

CONFIG: Final = "config.json"
WEIGHTS: Final = "weights.safetensors"
TRAINER: Final = "trainer.pt"
METRICS: Final = "metrics.jsonl"
CARD: Final = "card.md"
CURVE: Final = "curve.svg"
SPLIT: Final = "split.json"
CHECKPOINTS: Final = "checkpoints"
DIVERGENCE: Final = "divergence.json"
LAYERS: Final = "layers.jsonl"
TENSORBOARD: Final = "tensorboard"
EVALUATION: Final = "evaluation.json"
EVALUATION_PAGE: Final = "evaluation.html"
ONNX: Final = "policy.onnx"
ONNX_INT8: Final = "policy.int8.onnx"

LAYOUT: Final = (
    (CONFIG, "every option, and what the run was made with; itself valid as --config"),
    (
        WEIGHTS,
        "the policy to use: the best that was validated, its weights averaged where --ema-decay says so",
    ),
    (TRAINER, "all that resuming needs: policy, optimizer, average, position, record of the validations"),
    (CHECKPOINTS, "step-N.safetensors: the weights at the last validations, with --keep above 1"),
    (METRICS, "a line for every few batches, and one for every validation"),
    (CARD, "the model card: data, split, code, figures"),
    (CURVE, "loss over the run, beside the baselines"),
    (SPLIT, "replay ids of the games on each side of the split"),
    (TENSORBOARD, "the figures of metrics.jsonl for `tensorboard --logdir models`"),
    (LAYERS, "the size of every layer's weights, gradients and outputs, with --debug-gradients"),
    (DIVERGENCE, "where the loss or a gradient first was no finite number, and what to try"),
    (EVALUATION, "what `exphil evaluate` found"),
    (EVALUATION_PAGE, "the same as a page with plots"),
    (ONNX, "the policy as one graph, by `exphil export`; its metadata say how to run it"),
    (ONNX_INT8, "the same with weights of eight bits"),
)
"""(file, what it holds): models/README.md is drawn from this."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run's folder.

    Attributes:
        folder: `models/<name>`.
        config: its options.
        made_with: code, data and features that it was begun with, as `config.json` records them.
    """

    folder: Path
    config: TrainConfig
    made_with: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    def write_config(self, config: TrainConfig) -> None:
        """Record options; on resuming they may ask for more epochs than the run began with."""
        content = {**config.to_dict(), "run": dict(self.made_with)}
        with saving(self.folder):
            write_bytes(self.folder / CONFIG, (json.dumps(content, indent=2) + "\n").encode())


def create_run(
    models: Path,
    name: str | None,
    config: TrainConfig,
    made_with: Mapping[str, Any],
    games: Mapping[str, Sequence[str]],
) -> Run:
    """Make the folder of a new run, called `<backbone>-<date>-<n>` unless named; `games` lists each side's replay ids.

    Raises:
        UsageError: the name is taken or no plain folder name.
        StoreError: the folder cannot be made.
    """
    run = Run(_claim(models, name, config.policy.backbone.name), config, made_with)
    run.write_config(config)
    with saving(run.folder):
        write_bytes(run.folder / SPLIT, (json.dumps(games, indent=1) + "\n").encode())
    return run


def discard_unused(run: Run) -> None:
    """Remove the folder of a run that stopped before it had learnt anything, so that its name is free again."""
    if {path.name for path in run.folder.iterdir()} <= {CONFIG, SPLIT}:
        for name in (CONFIG, SPLIT):
            (run.folder / name).unlink(missing_ok=True)
        run.folder.rmdir()


def open_run(models: Path, name: str) -> Run:
    """A run by its name under `models`, or by its folder.

    Raises:
        UsageError: there is none of that name.
        StoreError: its configuration cannot be read.
    """
    folder = models / name
    if not (folder / CONFIG).is_file():
        given = Path(name)
        if not (given / CONFIG).is_file():
            raise UsageError(_no_run(models, name))
        folder = given
    try:
        content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        made_with = content.pop("run")
        content.setdefault("min_quality", 0.0)  # runs from before games had a quality took them all
        return Run(folder, TrainConfig.from_dict(content), made_with)
    except UsageError as error:
        raise StoreError(f"{folder / CONFIG}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{folder / CONFIG} cannot be read ({error}); restore it, or begin another run"
        ) from error


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Turn a failed write into one line about the run rather than about the store."""
    try:
        yield
    except (OSError, StoreError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        kept = "; the checkpoint before it is intact" if (folder / TRAINER).exists() else ""
        raise StoreError(
            f"{folder} could not be written ({cause.strerror or cause}){kept};"
            " free space, change its permissions, or name another folder with --models"
        ) from cause


def _claim(models: Path, name: str | None, backbone: str) -> Path:
    if name is not None:
        if name in ("", ".", "..") or Path(name).name != name or "\\" in name:
            raise UsageError(f"--run {name}: give a plain name; --models names the folder that it goes to")
        folder = models / name
        if not _made(folder):
            raise UsageError(
                f"--run {name}: {folder} exists; continue it with --resume {name}, or take another name"
            )
        return folder
    today = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d")
    number = 1
    while not _made(models / f"{backbone}-{today}-{number}"):
        number += 1
    return models / f"{backbone}-{today}-{number}"


def _made(folder: Path) -> bool:
    """Whether the folder is new and now ours."""
    with saving(folder):
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not folder.is_dir():
                raise
            return False
    return True


def _no_run(models: Path, name: str) -> str:
    if (Path(name) / MANIFEST).is_file():
        return f"{name} is a feature store, no run; name a run of {models}, or the folder of one"
    runs = sorted(path.parent.name for path in models.glob(f"*/{CONFIG}")) if models.is_dir() else []
    near = get_close_matches(name, runs, n=1)
    guess = f"; did you mean {near[0]}?" if near else "."
    listed = f" It has: {', '.join(runs[-5:])}." if runs else " It has no runs yet."
    return f"no run {name!r} in {models}{guess}{listed}"
