"""Checkpoints: all that a run needs to go on bit for bit, replaced whole or not at all."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import safe_open
from torch import nn

from exphil.errors import StoreError
from exphil.features import V1
from exphil.store.atomic import require_space, write_bytes
from exphil.training.runs import TRAINER, WEIGHTS, saving


@dataclass(slots=True)
class Position:
    """How far a run is.

    Attributes:
        epoch: from 0.
        batch: batches of the epoch that are done.
        step: batches of the run that are done.
        validated: whether the policy as it is now has been validated.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    validated: bool = False


def save(
    folder: Path, policy: nn.Module, optimizer: torch.optim.Optimizer, position: Position, data: str
) -> None:
    """Replace the run's checkpoint.

    `trainer.pt` holds the weights as well, so that one rename decides; `weights.safetensors` follows it.

    Raises:
        StoreError: the disk is full or the folder read-only; the checkpoint before is intact.
    """
    state = {
        "policy": policy.state_dict(),
        "optimizer": optimizer.state_dict(),
        "position": asdict(position),
        "random": _random_state(),
        "data": data,
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    weights = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in policy.state_dict().items()},
        {"features": V1.canonical},  # one entry: the order of several would differ from file to file
    )
    with saving(folder):
        require_space(folder, buffer.tell() + len(weights))
        write_bytes(folder / TRAINER, buffer.getvalue())
        write_bytes(folder / WEIGHTS, weights)


def load(folder: Path, policy: nn.Module, optimizer: torch.optim.Optimizer, data: str) -> Position:
    """Put a run's checkpoint into `policy` and `optimizer`, and the random state into torch.

    Args:
        data: digest of the selected data; the order of windows means nothing over other data.

    Raises:
        StoreError: no checkpoint, a damaged one, or one over other data.
    """
    path = folder / TRAINER
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        position = Position(**state["position"])
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
    policy.load_state_dict(state["policy"])
    optimizer.load_state_dict(state["optimizer"])
    _restore_random_state(state["random"])
    return position


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


def _random_state() -> dict[str, Any]:
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}


def _restore_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
