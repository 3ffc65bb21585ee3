"""Checkpoints are whole or not there, load without unpickling code, and say what went wrong with them."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch

from exphil.errors import StoreError
from exphil.features import V1, describe_mismatch
from exphil.training import checkpoint
from exphil.training.checkpoint import Position, Saved
from exphil.training.runs import CHECKPOINTS, TRAINER, WEIGHTS
from exphil.training.stopping import Record


def weights(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return {"b": torch.randn(3, 5), "a": torch.randn(4).t()}


def saved(seed: int, step: int = 31) -> Saved:
    return Saved(
        Position(epoch=2, batch=7, step=step, validated=True),
        Record(best=2.5, best_step=20, reference=2.6, waited=1),
        {"policy": weights(seed), "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}}, "ema": None},
        {"steps": 1.0, "nats": 12.345678901234567},
    )


def equal(first: Saved, second: Saved) -> bool:
    pairs = zip(first.learner["policy"].items(), second.learner["policy"].items(), strict=True)
    same = (first.position, first.record, first.meter) == (second.position, second.record, second.meter)
    return same and all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


def test_everything_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, saved(1), "data")
    assert equal(checkpoint.load(tmp_path, "data"), saved(1))
    assert checkpoint.saved_step(tmp_path) == 31


def test_nothing_in_it_is_code(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, saved(1), "data")
    torch.load(tmp_path / TRAINER, weights_only=True)
    checkpoint.save_weights(tmp_path, weights(1))
    with safetensors.safe_open(tmp_path / WEIGHTS, "pt") as file:
        assert set(file.keys()) == set(weights(1))


def test_weights_name_the_feature_table_row_by_row(tmp_path: Path) -> None:
    checkpoint.save_weights(tmp_path, weights(1))
    assert describe_mismatch(checkpoint.stored_features(tmp_path)) == "the tables are the same"
    assert "features" in V1.canonical


def test_equal_weights_make_equal_files(tmp_path: Path) -> None:
    files = []
    for order in (1, -1):
        checkpoint.save_weights(tmp_path, dict(list(weights(1).items())[::order]))
        files.append((tmp_path / WEIGHTS).read_bytes())
    assert files[0] == files[1]


def test_the_last_few_weights_are_kept_by_their_steps(tmp_path: Path) -> None:
    for step in (8, 9, 10, 100):
        checkpoint.keep_weights(tmp_path, weights(step), step, keep=2)
    kept = sorted(path.name for path in (tmp_path / CHECKPOINTS).iterdir())
    assert kept == ["step-10.safetensors", "step-100.safetensors"]


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
def test_a_failed_save_says_so_and_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    checkpoint.save(tmp_path, saved(1), "data")
    with monkeypatch.context() as patch:
        fail_on(patch, TRAINER, code)
        with pytest.raises(
            StoreError, match=rf"{reason}.*the checkpoint before it is intact.*--models"
        ) as caught:
            checkpoint.save(tmp_path, saved(2), "data")
    assert "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {TRAINER}
    assert equal(checkpoint.load(tmp_path, "data"), saved(1))


@pytest.mark.parametrize("write", [checkpoint.save_weights, lambda f, w: checkpoint.keep_weights(f, w, 3, 2)])
def test_weights_that_cannot_be_written_leave_those_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, Any], None]
) -> None:
    write(tmp_path, weights(1))
    (path,) = tmp_path.rglob("*.safetensors")
    before = path.read_bytes()
    fail_on(monkeypatch, path.name, errno.ENOSPC)
    with pytest.raises(StoreError, match="No space left"):
        write(tmp_path, weights(2))
    assert path.read_bytes() == before


def test_a_full_disk_is_noticed_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(StoreError, match="the disk is full"):
        checkpoint.save(tmp_path, saved(1), "data")
    assert not list(tmp_path.iterdir())


def test_a_killed_save_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, saved(1), "data")

    def killed(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, saved(2), "data")
    assert equal(checkpoint.load(tmp_path, "data"), saved(1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "has no checkpoint"),
        (lambda path: path.write_bytes(b"torn"), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "cannot be read"),
        (lambda path: torch.save({"position": {}}, path), "cannot be read"),
    ],
)
def test_a_damaged_checkpoint_is_one_clear_line(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    checkpoint.save(tmp_path, saved(1), "data")
    spoil(tmp_path / TRAINER)
    with pytest.raises(StoreError, match=message):
        checkpoint.load(tmp_path, "data")
