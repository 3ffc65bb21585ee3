"""How the layers are computed: in which precision, compiled or not, and what is kept for the backward pass.

Weights, gradients of weights, losses and validation stay float32 whatever is chosen here.
"""

import os
import shutil
from importlib.util import find_spec

import torch
from torch import nn

from exphil.errors import UsageError
from exphil.policy.policy import Policy
from exphil.training.config import TrainConfig


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """A block in which the layers compute as `precision` says; for training alone."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def prepare(policy: Policy, config: TrainConfig, device: torch.device) -> None:
    """Set the policy up to be trained as `config` says.

    Raises:
        UsageError: the device has no bfloat16, or nothing to compile with.
    """
    policy.backbone.gradient_checkpointing = config.gradient_checkpointing
    if config.precision == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise UsageError("--precision bf16: this GPU has none; leave it out")
    if config.compile:
        _require_compiler(device)
        for part in compiled_parts(policy):
            part.compile(dynamic=None)


def compiled_parts(policy: Policy) -> tuple[nn.Module, ...]:
    """What `--compile` compiles, in place: the names of the weights stay as they are."""
    return policy.decoder, policy.backbone


def _require_compiler(device: torch.device) -> None:
    """torch.compile makes C++ on the CPU and Triton on CUDA: say so before the first step does at length."""
    if device.type == "cpu":
        found = any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++", "cl"))
        missing = "a C++ compiler (g++, clang++ or cl)"
    else:
        found = device.type != "cuda" or find_spec("triton") is not None
        missing = "the package triton"
    if not found:
        raise UsageError(f"--compile needs {missing}; install it, or leave the flag out")
