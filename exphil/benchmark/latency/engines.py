"""A policy made ready on a runtime: by torch as it is, by onnxruntime after an export; and its heads alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from exphil.benchmark.latency.heads import heads_alone, stored_bytes
from exphil.export.onnx_file import exported_bytes
from exphil.export.quantise import quantised_bytes
from exphil.export.session import OnnxEngine
from exphil.melee.controller import NUM_HEADS
from exphil.play.engine import Engine
from exphil.play.torch_engine import TorchEngine
from exphil.policy.heads import NUM_LOGITS
from exphil.policy.policy import Policy

NAME: Final = "benchmark"


@dataclass(frozen=True, slots=True)
class Built:
    """An engine, and what the table tells of it.

    Attributes:
        weights_bytes: of all numbers that it holds.
        sample: scores and draws one frame's 13 choices, and nothing else; None where the heads cannot be had alone.
        version: of onnxruntime; None with torch.
    """

    engine: Engine
    weights_bytes: int
    sample: Callable[[], object] | None
    version: str | None


def built_engine(policy: Policy, runtime: str, precision: str) -> Built:
    """Of `exphil.benchmark.latency.jobs.RUNTIMES`."""
    if runtime == "torch":
        held = sum(parameter.nbytes for parameter in policy.parameters())
        return Built(TorchEngine(policy), held, _torch_heads(policy), None)
    import onnxruntime

    content = exported_bytes(policy, run=NAME, weights="")
    if precision == "int8":
        content = quantised_bytes(content)
    version = str(onnxruntime.__version__)
    return Built(OnnxEngine(content), stored_bytes(content), heads_alone(content), version)


def _torch_heads(policy: Policy) -> Callable[[], object]:
    """As `TorchEngine` calls them."""
    hidden = torch.randn(1, policy.config.backbone.hidden_size + NUM_LOGITS)
    noise = torch.rand(1, NUM_HEADS)

    @torch.inference_mode()
    def sample() -> object:
        return policy.heads.log_prob(hidden, policy.sample(hidden, noise=noise))

    return sample
