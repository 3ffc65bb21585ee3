"""A policy's step as the bytes of an ONNX file.

Torch's TorchScript exporter is used, not the newer one by way of torch.export: on these graphs it is some twenty times
faster, needs no further package, keeps no shape of the example's batch, and what it writes runs equally fast.
"""

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

from exphil.backbones.base import State
from exphil.export.branches import followed_by, with_branches
from exphil.export.graph import StepGraph
from exphil.export.heads import Begun, is_free, log_prob
from exphil.export.metadata import FP32, FREE, Exported, StateSlot, written_metadata
from exphil.features import feature_set
from exphil.melee.controller import HEAD_SIZES, HEADS, NUM_HEADS
from exphil.policy.heads import NUM_LOGITS
from exphil.policy.policy import Policy

OPSET: Final = 17
EXAMPLE_BATCH: Final = 2
"""Not 1: what is then the same for one viewpoint and for many shows as such to the exporter."""

FIRST_INPUTS: Final = ("rows", "viewpoint", "queue", "noise", "temperature", "top_p", "forced")
FIRST_OUTPUTS: Final = ("actions", "log_prob", "logits")
SETTINGS: Final = ("temperature", "top_p", "is_free")
"""Tensors without a batch."""

CHOSEN: Final = ("actions", "logits")

HEADS_NODE: Final = "heads"
"""The node that draws: an `If` whose first branch is that of play."""


class _Part(nn.Module):
    """A function of named tensors to named tensors, with the module whose weights it reads."""

    def __init__(self, graph: nn.Module, call: Callable[[Iterator[Tensor]], tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.graph = graph
        self.call = call

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        return self.call(iter(given))


def exported_bytes(policy: Policy, *, run: str, weights: str) -> bytes:
    """The file of a policy, fp32.

    Args:
        run: name of the run.
        weights: digest of its weights.
    """
    import onnx

    features, delay = feature_set(policy.config.feature_set), policy.config.delay
    graph = StepGraph(policy).cpu()
    memory = graph.initial_state(EXAMPLE_BATCH)
    flat = [part for mixer in memory for part in mixer]
    slots = tuple(
        StateSlot(f"state_{at}", f"next_state_{at}", tuple(part.shape[1:]), str(part.numpy().dtype))
        for at, part in enumerate(flat)
    )
    examples = _examples(features.row_dtype.itemsize, delay)
    examples |= {slot.input: part for slot, part in zip(slots, flat, strict=True)}
    model = _joined(graph, examples, [len(mixer) for mixer in memory], slots)
    _put_in_order(model, [*FIRST_INPUTS, *(slot.input for slot in slots)],
                  [*FIRST_OUTPUTS, *(slot.output for slot in slots)])  # fmt: skip
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


@torch.no_grad()
def _joined(
    graph: StepGraph, examples: Mapping[str, Tensor], sizes: list[int], slots: tuple[StateSlot, ...]
) -> Any:
    """A frame up to the heads; then these, freely or not; then how likely their choice was."""

    def see(given: Iterator[Tensor]) -> tuple[Tensor, ...]:
        rows, viewpoint, top_p, forced = (next(given) for _ in range(4))
        queue = next(given) if graph.delay else forced
        state: State = tuple(tuple(next(given) for _ in range(size)) for size in sizes)
        begun, after = graph.see(rows, viewpoint, queue, state)
        return (is_free(top_p, forced), *begun, *(part for mixer in after for part in mixer))

    seen = ["rows", "viewpoint", "top_p", "forced", *(["queue"] if graph.delay else [])]
    seen += [slot.input for slot in slots]
    shown = see(examples[name] for name in seen)
    begun = shown[1 : len(shown) - len(slots)]
    names = [f"begun_{at}" for at in range(len(begun))]
    examples = {**examples, **dict(zip(names, begun, strict=True))}
    examples["actions"] = torch.zeros(EXAMPLE_BATCH, NUM_HEADS, dtype=torch.int64)
    examples["logits"] = torch.zeros(EXAMPLE_BATCH, NUM_LOGITS)

    def exported(
        call: Callable[[Iterator[Tensor]], tuple[Tensor, ...]], inputs: list[str], outputs: tuple[str, ...]
    ) -> Any:
        return _exported(_Part(graph, call), {name: examples[name] for name in inputs}, outputs)

    def begins(given: Iterator[Tensor]) -> Begun:
        return tuple(next(given) for _ in names)

    model = exported(see, seen, ("is_free", *names, *(slot.output for slot in slots)))
    freely = exported(
        lambda given: graph.heads.freely(begins(given), *given), [*names, "noise", "temperature"], CHOSEN
    )
    drawn = exported(
        lambda given: graph.heads.drawn(begins(given), *given),
        [*names, "noise", "temperature", "top_p", "forced"],
        CHOSEN,
    )
    scored = exported(
        lambda given: (log_prob(next(given), next(given)),), ["logits", "actions"], ("log_prob",)
    )
    model.graph.input.extend(value for value in drawn.graph.input if value.name in ("noise", "temperature"))
    with_branches(model, "is_free", {True: freely, False: drawn}, CHOSEN, HEADS_NODE)
    followed_by(model, scored, "score/")
    model.graph.output.extend(value for value in scored.graph.input)
    return model


def _put_in_order(model: Any, inputs: list[str], outputs: list[str]) -> None:
    """Of inputs and outputs of a model those that are named, in that order."""
    for values, names in ((model.graph.input, inputs), (model.graph.output, outputs)):
        known = {value.name: value for value in values}
        del values[:]
        values.extend(known[name] for name in names if name in known)


def _exported(part: nn.Module, examples: Mapping[str, Tensor], outputs: tuple[str, ...]) -> Any:
    import onnx

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about shapes that are the same in every game
        torch.onnx.export(
            part.eval(),
            tuple(examples.values()),
            buffer,  # type: ignore[arg-type]
            input_names=list(examples),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in (*examples, *outputs) if name not in SETTINGS},
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


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
