"""What the ways to compute need, said in one line before training begins."""

import shutil
from typing import Any

import pytest
import torch

from exphil.errors import UsageError
from exphil.training import precision
from exphil.training.config import TrainConfig
from exphil.training.precision import autocast, prepare
from tests.policy.small import make

CPU = torch.device("cpu")


@pytest.mark.parametrize(("name", "dtype"), [("float32", torch.float32), ("bf16", torch.bfloat16)])
def test_autocast_is_what_the_option_says(name: str, dtype: torch.dtype) -> None:
    one = torch.ones(2, 2)
    with autocast(CPU, name):
        assert (one @ one).dtype == dtype


def test_without_a_compiler_the_flag_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match=r"--compile needs a C\+\+ compiler"):
        prepare(make(), TrainConfig(compile=True), CPU)


def test_without_triton_cuda_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="--compile needs the package triton"):
        prepare(make(), TrainConfig(compile=True), torch.device("cuda"))


def test_a_gpu_without_bfloat16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    with pytest.raises(UsageError, match="--precision bf16: this GPU has none"):
        prepare(make(), TrainConfig(precision="bf16"), torch.device("cuda"))


def test_only_what_is_asked_for_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **options: compiled.append(self))
    policy = make()
    prepare(policy, TrainConfig(), CPU)
    assert not compiled
    assert not policy.backbone.gradient_checkpointing
    monkeypatch.setattr(shutil, "which", lambda name: name)
    prepare(policy, TrainConfig(compile=True, gradient_checkpointing=True), CPU)
    assert compiled == [policy.decoder, policy.backbone]
    assert policy.backbone.gradient_checkpointing
