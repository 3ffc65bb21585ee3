"""A policy's step as the bytes of an ONNX file.

Torch's TorchScript exporter is used, not the newer one by way of torch.export: on these graphs it is some twenty times
faster, needs no further package, keeps no shape of the example's batch, and what it writes runs equally fast.
"""

import io
import warnings
from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from exphil.backbones.base import State
from exphil.export.graph import FREE, StepGraph
from exphil.export.metadata import FP32, Exported, StateSlot, written_metadata
from exphil.features import feature_set
from exphil.melee.controller import HEAD_SIZES, HEADS, NUM_HEADS
from exphil.policy.policy import Policy

OPSET: Final = 17
EXAMPLE_BATCH: Final = 2
"""Not 1: what is then the same for one viewpoint and for many shows as such to the exporter."""

FIRST_INPUTS: Final = ("rows", "viewpoint", "queue", "noise", "temperature", "top_p", "forced")
FIRST_OUTPUTS: Final = ("actions", "log_prob", "logits")
SETTINGS: Final = ("temperature", "top_p")
"""Inputs without a batch."""


class _Flat(nn.Module):
    """The step with its memory as a flat list, as files have it; without a delay there is no queue."""

    def __init__(self, graph: StepGraph, sizes: Sequence[int]) -> None:
        super().__init__()
        self.graph = graph
        self.sizes = tuple(sizes)

    def forward(self, rows: Tensor, viewpoint: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        queue, *others = rest if self.graph.delay else (rows.new_zeros(0), *rest)
        noise, temperature, top_p, forced, *flat = others
        parts = iter(flat)
        state: State = tuple(tuple(next(parts) for _ in range(size)) for size in self.sizes)
        *found, after = self.graph(rows, viewpoint, queue, noise, temperature, top_p, forced, state)
        return (*found, *(part for mixer in after for part in mixer))


def exported_bytes(policy: Policy, *, run: str, weights: str) -> bytes:
    """The file of a policy, fp32.

    Args:
        run: name of the run.
        weights: digest of its weights.
    """
    import onnx

    features, delay = feature_set(policy.config.feature_set), policy.config.delay
    graph = StepGraph(policy).cpu()
    memory = policy.initial_state(EXAMPLE_BATCH)
    flat = [part.cpu() for mixer in memory for part in mixer]
    slots = tuple(
        StateSlot(f"state_{at}", f"next_state_{at}", tuple(part.shape[1:]), str(part.numpy().dtype))
        for at, part in enumerate(flat)
    )
    first = [name for name in FIRST_INPUTS if delay or name != "queue"]
    inputs = [*first, *(slot.input for slot in slots)]
    outputs = [*FIRST_OUTPUTS, *(slot.output for slot in slots)]
    examples = _examples(features.row_dtype.itemsize, delay)
    arguments = (*(examples[name] for name in first), *flat)
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about shapes that are the same in every game
        torch.onnx.export(
            _Flat(graph, [len(mixer) for mixer in memory]).eval(),
            arguments,
            buffer,  # type: ignore[arg-type]
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs) if name not in SETTINGS},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    exported = Exported(
        run=run,
        backbone=policy.config.backbone.name,
        precision=FP32,
        weights=weights,
        fingerprint=features.fingerprint,
        row_bytes=features.row_dtype.itemsize,
        delay=delay,
        heads=tuple(zip(HEADS, HEAD_SIZES, strict=True)),
        states=slots,
    )
    model.producer_name, model.doc_string = "exphil", f"One frame of the policy {run}; see the metadata."
    onnx.helper.set_model_props(model, written_metadata(exported, features))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _examples(row_bytes: int, delay: int) -> dict[str, Any]:
    batch = EXAMPLE_BATCH
    return {
        "rows": torch.zeros(batch, row_bytes, dtype=torch.uint8),
        "viewpoint": torch.arange(batch) % 2,
        "queue": torch.zeros(batch, delay, NUM_HEADS, dtype=torch.int64),
        "noise": torch.full((batch, NUM_HEADS), 0.5),
        "temperature": torch.tensor(1.0),
        "top_p": torch.tensor(1.0),
        "forced": torch.full((batch, NUM_HEADS), FREE),
    }
