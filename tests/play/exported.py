"""A small run in a models folder, trained by nobody, with its exported files."""

from pathlib import Path

import safetensors.torch

from exphil.export.files import FILES, weights_digest
from exphil.export.metadata import FP32, INT8
from exphil.export.onnx_file import exported_bytes
from exphil.export.quantise import quantised_bytes
from exphil.features import V1
from exphil.policy.policy import Policy
from exphil.training.config import TrainConfig
from exphil.training.runs import WEIGHTS, Run, create_run


def save_run(models: Path, name: str, policy: Policy) -> Run:
    """A run of this policy."""
    run = create_run(models, name, TrainConfig(policy=policy.config), {}, {})
    save_weights(run, policy)
    return run


def save_weights(run: Run, policy: Policy) -> None:
    """As if the run had learnt so much."""
    weights = {name: tensor.contiguous() for name, tensor in policy.state_dict().items()}
    safetensors.torch.save_file(weights, run.folder / WEIGHTS, {"features": V1.canonical})


def export_run(run: Run, policy: Policy, *, int8: bool = False) -> None:
    """What `exphil export` writes, unchecked."""
    content = exported_bytes(policy, run=run.name, weights=weights_digest(run))
    (run.folder / FILES[FP32]).write_bytes(content)
    if int8:
        (run.folder / FILES[INT8]).write_bytes(quantised_bytes(content))
