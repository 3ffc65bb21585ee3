"""Checkpoints are whole or not there, load without unpickling code, and say what went wrong with them."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from torch import nn

from exphil.errors import StoreError
from exphil.features import V1, describe_mismatch
from exphil.store import atomic
from exphil.training import checkpoint
from exphil.training.checkpoint import Position
from exphil.training.optimizer import make_optimizer
from exphil.training.runs import TRAINER, WEIGHTS


def trained(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A small model after two updates, so that the optimiser has moments to keep."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 5), nn.Dropout(0.5), nn.Linear(5, 2))
    optimizer = make_optimizer(model, learning_rate=0.1, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        torch.autograd.backward(model(torch.randn(4, 3)).square().sum())
        optimizer.step()
    return model, optimizer


def states(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    moments = [value for state in optimizer.state.values() for value in state.values()]
    return [*model.state_dict().values(), *moments]


def test_everything_comes_back(tmp_path: Path) -> None:
    model, optimizer = trained(1)
    position = Position(epoch=2, batch=7, step=31, validated=True)
    checkpoint.save(tmp_path, model, optimizer, position, "data")
    expected_draw = torch.rand(4)
    kept = [tensor.clone() for tensor in states(model, optimizer)]

    other, other_optimizer = trained(2)
    assert checkpoint.load(tmp_path, other, other_optimizer, "data") == position
    assert torch.equal(torch.rand(4), expected_draw)
    assert all(torch.equal(a, b) for a, b in zip(kept, states(other, other_optimizer), strict=True))
    assert checkpoint.saved_step(tmp_path) == 31


def test_nothing_in_it_is_code(tmp_path: Path) -> None:
    model, optimizer = trained(1)
    checkpoint.save(tmp_path, model, optimizer, Position(), "data")
    torch.load(tmp_path / TRAINER, weights_only=True)
    with safetensors.safe_open(tmp_path / WEIGHTS, "pt") as file:
        assert set(file.keys()) == set(model.state_dict())


def test_weights_name_the_feature_table_row_by_row(tmp_path: Path) -> None:
    model, optimizer = trained(1)
    checkpoint.save(tmp_path, model, optimizer, Position(), "data")
    assert describe_mismatch(checkpoint.stored_features(tmp_path)) == "the tables are the same"
    assert "features" in V1.canonical


def fail_on(monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> None:
    """Make the renaming of a temporary file to `name` fail."""
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if Path(target).name == name:
            raise OSError(
                code, "No space left on device" if code == errno.ENOSPC else "Read-only file system"
            )
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)


@pytest.mark.parametrize(("code", "reason"), [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only")])
@pytest.mark.parametrize("name", [TRAINER, WEIGHTS])
def test_a_failed_save_says_so_and_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int, reason: str
) -> None:
    model, optimizer = trained(1)
    checkpoint.save(tmp_path, model, optimizer, Position(step=1), "data")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with monkeypatch.context() as patch:
        fail_on(patch, name, code)
        with pytest.raises(
            StoreError, match=rf"{reason}.*the checkpoint before it is intact.*--models"
        ) as caught:
            checkpoint.save(tmp_path, trained(2)[0], optimizer, Position(step=2), "data")
    assert "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == set(before)
    assert (tmp_path / name).read_bytes() == before[name]
    # Either checkpoint is whole, whichever of the two files failed.
    assert checkpoint.load(tmp_path, model, optimizer, "data").step in (1, 2)


def test_a_full_disk_is_noticed_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(atomic.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(StoreError, match="the disk is full"):
        checkpoint.save(tmp_path, *trained(1), Position(), "data")
    assert not list(tmp_path.iterdir())


def test_a_killed_save_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = trained(1)
    checkpoint.save(tmp_path, model, optimizer, Position(step=1), "data")
    kept = [tensor.clone() for tensor in model.state_dict().values()]

    def killed(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, trained(2)[0], optimizer, Position(step=2), "data")
    fresh, fresh_optimizer = trained(3)
    assert checkpoint.load(tmp_path, fresh, fresh_optimizer, "data").step == 1
    assert all(torch.equal(a, b) for a, b in zip(kept, fresh.state_dict().values(), strict=True))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "has no checkpoint"),
        (lambda path: path.write_bytes(b"torn"), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "cannot be read"),
    ],
)
def test_a_damaged_checkpoint_is_one_clear_line(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    model, optimizer = trained(1)
    checkpoint.save(tmp_path, model, optimizer, Position(), "data")
    spoil(tmp_path / TRAINER)
    with pytest.raises(StoreError, match=message):
        checkpoint.load(tmp_path, model, optimizer, "data")
