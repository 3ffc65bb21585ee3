"""Checkpoints: all that a run needs to go on bit for bit, replaced whole or not at all; and weights to use.

Nothing random is among it: dropout, order and augmentation of a batch hang on its number alone. Nor is any
gradient: a run is saved between two steps.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from exphil.errors import StoreError
from exphil.features import V1
from exphil.store.atomic import require_space, write_bytes
from exphil.training.runs import CHECKPOINTS, TRAINER, WEIGHTS, saving
from exphil.training.stopping import Record


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is.

    Attributes:
        epoch: from 0.
        batch: batches of the epoch that are done.
        step: optimizer steps of the run that are done.
        validated: whether the policy as it is now has been validated.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    validated: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """What a checkpoint holds.

    Attributes:
        position: how far the run was.
        record: what its validations had come to.
        learner: see `Learner.state_dict`.
        meter: see `Meter.state_dict`.
    """

    position: Position
    record: Record
    learner: Mapping[str, Any]
    meter: Mapping[str, float]


def save(folder: Path, saved: Saved, data: str) -> None:
    """Replace the run's `trainer.pt`.

    Args:
        data: digest of the selected data; the order of windows means nothing over other data.

    Raises:
        StoreError: the disk is full or the folder read-only; the checkpoint before is intact.
    """
    state = {
        "position": asdict(saved.position),
        "record": asdict(saved.record),
        "learner": dict(saved.learner),
        "meter": dict(saved.meter),
        "data": data,
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with saving(folder):
        require_space(folder, buffer.tell())
        write_bytes(folder / TRAINER, buffer.getvalue())


def load(folder: Path, data: str) -> Saved:
    """A run's checkpoint, its tensors on the CPU.

    Raises:
        StoreError: no checkpoint, a damaged one, or one over other data.
    """
    path = folder / TRAINER
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved = Saved(
            Position(**state["position"]), Record(**state["record"]), state["learner"], state["meter"]
        )
    except FileNotFoundError:
        raise StoreError(
            f"{folder} has no checkpoint: the run stopped before its first was saved; begin it anew"
        ) from None
    except Exception as error:
        raise StoreError(
            f"{path} cannot be read ({type(error).__name__}); restore it, or begin another run"
        ) from error
    if state["data"] != data:
        raise StoreError(
            f"{folder} was trained on other data than the store now selects; restore the store,"
            f" or begin another run with --config {folder / 'config.json'}"
        )
    return saved


def save_weights(folder: Path, weights: Mapping[str, Tensor]) -> None:
    """Replace `weights.safetensors`: the policy to use.

    Raises:
        StoreError: the disk is full or the folder read-only; the weights before are intact.
    """
    _write_weights(folder, folder / WEIGHTS, weights)


def keep_weights(folder: Path, weights: Mapping[str, Tensor], step: int, keep: int) -> None:
    """Write `checkpoints/step-N.safetensors`, and remove all but the last `keep` of them.

    Raises:
        StoreError: the disk is full or the folder read-only.
    """
    kept = folder / CHECKPOINTS
    with saving(folder):
        kept.mkdir(exist_ok=True)
    _write_weights(folder, kept / f"step-{step}.safetensors", weights)
    numbered = {int(path.stem.removeprefix("step-")): path for path in kept.glob("step-*.safetensors")}
    with saving(folder):
        for number in sorted(numbered)[:-keep]:
            numbered[number].unlink()


def _write_weights(folder: Path, path: Path, weights: Mapping[str, Tensor]) -> None:
    content = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in weights.items()},
        {"features": V1.canonical},  # one entry: the order of several would differ from file to file
    )
    with saving(folder):
        require_space(folder, len(content))
        write_bytes(path, content)


def stored_features(folder: Path) -> str:
    """Canonical JSON of the feature table that the run's weights read; empty where there are no weights."""
    path = folder / WEIGHTS
    if not path.exists():
        return ""
    with safe_open(path, "pt") as file:
        return str((file.metadata() or {}).get("features", ""))


def saved_step(folder: Path) -> int | None:
    """Batches done at the run's checkpoint; None where there is none."""
    path = folder / TRAINER
    if not path.exists():
        return None
    return int(torch.load(path, map_location="cpu", weights_only=True)["position"]["step"])
