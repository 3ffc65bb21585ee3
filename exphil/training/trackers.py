"""Where the figures of a run are shown as it goes, beside `metrics.jsonl`: TensorBoard, W&B, or nowhere."""

import uuid
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from exphil.errors import UsageError
from exphil.training.runs import TENSORBOARD

WANDB_ID: Final = Path("wandb") / "run-id.txt"
"""In the run's folder: the name that W&B knows the run by, for resuming."""


class Tracker(Protocol):
    """Takes the figures of a run."""

    def log(self, step: int, figures: Mapping[str, Any]) -> None:
        """Figures of a step, as a line of `metrics.jsonl` holds them; what is no number is left out."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class NoTracker:
    """Shows nothing."""

    def log(self, step: int, figures: Mapping[str, Any]) -> None:
        return None

    def close(self) -> None:
        return None


class TensorBoard:
    """Events in `models/<run>/tensorboard/`: `tensorboard --logdir models` shows all runs side by side."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / TENSORBOARD
        self._writer: Any = None
        self._import()

    def log(self, step: int, figures: Mapping[str, Any]) -> None:
        if self._writer is None:
            # What a stopped run wrote from here on, the resumed one writes again.
            self._writer = self._import()(str(self._folder), purge_step=step)
        for name, value in named_figures(figures):
            self._writer.add_scalar(name, value, step)
        self._writer.flush()  # a killed run keeps what it showed

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _import(self) -> Any:
        return _package("torch.utils.tensorboard", "tensorboard").SummaryWriter


class Wandb:
    """A run of the project `exphil` on Weights & Biases; WANDB_PROJECT and WANDB_MODE hold."""

    def __init__(self, folder: Path, options: Mapping[str, Any]) -> None:
        wandb = _package("wandb", "wandb")
        path = folder / WANDB_ID
        known = path.exists()
        name = path.read_text(encoding="utf-8").strip() if known else uuid.uuid4().hex[:12]
        settings = {
            "dir": str(folder),
            "name": folder.name,
            "id": name,
            "resume": "allow",
            "config": dict(options),
        }
        try:
            self._run = wandb.init(**_project(), **settings)
        except Exception as error:  # a missing login, no network: W&B has many errors of its own
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise UsageError(
                f"--tracker wandb: it could not start ({reason}); `wandb login`, WANDB_MODE=offline,"
                " or --tracker tensorboard"
            ) from error
        if not known:
            path.parent.mkdir(exist_ok=True)
            path.write_text(name + "\n", encoding="utf-8")

    def log(self, step: int, figures: Mapping[str, Any]) -> None:
        self._run.log(dict(named_figures(figures)), step=step)

    def close(self) -> None:
        self._run.finish()


def open_tracker(kind: str, folder: Path, options: Mapping[str, Any] | None = None) -> Tracker:
    """The tracker of that kind (`--tracker`) for the run in `folder`.

    Args:
        options: of the run, for trackers that show them.

    Raises:
        UsageError: its package is not installed, or it does not start.
    """
    if kind == "tensorboard":
        return TensorBoard(folder)
    return Wandb(folder, options or {}) if kind == "wandb" else NoTracker()


def named_figures(figures: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers of a line by the names that they are shown under: `validation/nats`, `validation/by_head/A`."""
    kind = figures.get("kind")
    prefix = f"{kind}/" if isinstance(kind, str) else ""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from ((f"{prefix}{name}/{inner}", number) for inner, number in named_figures(value))
        elif name != "step" and isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{name}", float(value)


def _package(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"--tracker {package} needs the package {package} (pip install {package});"
            " --tracker none does without"
        ) from error


def _project() -> dict[str, str]:
    import os

    return {} if "WANDB_PROJECT" in os.environ else {"project": "exphil"}
