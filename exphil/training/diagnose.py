"""Where a run stopped being numbers: the first layer forward, or the first weight backward, and what to try.

The step that failed is done again with every module watched. Its weights are those before the step, so it fails
the same way.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from exphil.store.atomic import write_bytes
from exphil.training.advice import advice
from exphil.training.config import TrainConfig
from exphil.training.layer_norms import LayerWatch, plain_numbers, tensors_in
from exphil.training.runs import DIVERGENCE, saving

Phase = Literal["weights", "input", "forward", "backward", "unseen"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first value that is no finite number turned up.

    Attributes:
        phase: `weights` that are none themselves; `input`: what the decoder read; `forward` and `backward`;
            or `unseen`, where doing the step again showed nothing.
        name: of the module (forward) or parameter (backward, weights); None where there is none to name.
        before: forward only: the module that was handed the value, if it arose between modules of `name`.
    """

    phase: Phase
    name: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Divergence:
    """What is known of a run that diverged.

    Attributes:
        step: number of the step that failed, from 1.
        what: that was no finite number: `loss`, `gradient` or `validation loss`.
        place: where it began.
        advice: flags to begin again with, the most promising first.
        layers: sizes of weights, gradients and outputs by layer at that step.
    """

    step: int
    what: str
    place: Place
    kind: str | None
    advice: tuple[str, ...]
    layers: Mapping[str, Mapping[str, float]]

    @property
    def sentence(self) -> str:
        """Where it began, and what to try, in one line."""
        place = self.place
        of_kind = f" ({self.kind})" if self.kind else ""
        begun = {
            "weights": f"the weight {place.name} is no finite number already",
            "input": "the features themselves hold a value that is no finite number",
            "forward": f"it begins in the forward pass of {place.name}{of_kind}"
            + (f", before {place.before}" if place.before else ""),
            "backward": f"it begins in the gradient of {place.name}{of_kind}",
            "unseen": "doing the step again on its own showed no layer that causes it",
        }[place.phase]
        return f"{begun}; try {' or '.join(self.advice[:3])}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        plain = asdict(self)
        return {**plain, "layers": plain_numbers(self.layers)}


def diagnose(
    policy: nn.Module,
    config: TrainConfig,
    folder: Path,
    *,
    step: int,
    epoch: int,
    what: str,
    losses: Sequence[Callable[[], Tensor]],
) -> Divergence:
    """Find where the failed step stopped being numbers, and write `divergence.json`. Overwrites the gradients.

    Args:
        policy: with the weights before the step.
        step: that failed, from 1.
        epoch: it belongs to, from 0.
        what: was no finite number.
        losses: the optimised loss of each batch of the step, computed anew when called.
    """
    watch = LayerWatch(policy)
    try:
        with torch.compiler.set_stance("force_eager"):  # compiled code calls no hooks
            place = first_place(policy, losses)
        layers = watch.norms()
    finally:
        watch.close()
    kind = _mixer_kind(policy, place.name)
    found = Divergence(
        step, what, place, kind, advice(config, place.phase, kind, step=step, epoch=epoch), layers
    )
    with saving(folder):
        write_bytes(folder / DIVERGENCE, (json.dumps(found.to_dict(), indent=2) + "\n").encode())
    return found


def first_place(policy: nn.Module, losses: Sequence[Callable[[], Tensor]]) -> Place:
    """Do the batches again and tell where the first value that is no finite number turns up."""
    for name, parameter in policy.named_parameters():
        if not parameter.isfinite().all():
            return Place("weights", name)
    for compute in losses:
        place = _forward_place(policy, compute) or _backward_place(policy, compute)
        if place is not None:
            return place
    return Place("unseen")


class _FoundError(Exception):
    """Ends a forward pass at the place that was looked for."""

    def __init__(self, place: Place) -> None:
        self.place = place


def _forward_place(policy: nn.Module, compute: Callable[[], Tensor]) -> Place | None:
    names = {module: name for name, module in policy.named_modules()}

    def before(module: nn.Module, given: Any) -> None:
        if _broken(given):
            parent = names[module].rpartition(".")[0]
            raise _FoundError(Place("forward", _stack_of(parent), names[module]))

    def after(module: nn.Module, given: Any, output: Any) -> None:
        if _broken(output):
            decoder = names[module].split(".")[0] == "decoder"
            raise _FoundError(Place("input") if decoder else Place("forward", names[module]))

    watched = [module for module, name in names.items() if name]
    handles = [module.register_forward_pre_hook(before) for module in watched]
    handles += [module.register_forward_hook(after) for module in watched]
    try:
        with torch.no_grad():
            loss = compute()
    except _FoundError as found:
        return found.place
    finally:
        for handle in handles:
            handle.remove()
    return None if loss.isfinite().all() else Place("forward", "heads")


def _backward_place(policy: nn.Module, compute: Callable[[], Tensor]) -> Place | None:
    broken: list[str] = []

    def watching(name: str) -> Callable[[Tensor], None]:
        def note(gradient: Tensor) -> None:
            if not broken and not gradient.isfinite().all():
                broken.append(name)

        return note

    policy.zero_grad(set_to_none=True)
    handles = [
        parameter.register_hook(watching(name))
        for name, parameter in policy.named_parameters()
        if parameter.requires_grad
    ]
    try:
        torch.autograd.backward(compute())
    finally:
        for handle in handles:
            handle.remove()
    return Place("backward", broken[0]) if broken else None


def _broken(value: Any) -> bool:
    return any(not tensor.isfinite().all() for tensor in tensors_in(value))


def _stack_of(name: str) -> str:
    """A list of modules is never called: what went wrong beside its items did so in its owner."""
    return name.removesuffix(".mixers").removesuffix(".norms") or "policy"


def _mixer_kind(policy: nn.Module, name: str | None) -> str | None:
    """Kind of the mixer that a module or parameter belongs to, if it belongs to one."""
    parts = (name or "").split(".")
    for length in range(len(parts), 0, -1):
        with suppress(AttributeError):
            kind = getattr(policy.get_submodule(".".join(parts[:length])), "kind", None)
            if isinstance(kind, str):
                return kind
    return None
