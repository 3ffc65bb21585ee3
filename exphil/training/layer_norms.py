"""Size of every layer's weights, gradients and outputs, to see which one grows.

A layer is a module with parameters of its own, by its name in the policy, as `backbone.mixers.0.in_proj`.
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from exphil.store.atomic import write_bytes
from exphil.training.runs import LAYERS, saving


class LayerWatch:
    """Keeps the size of each layer's latest output, until it is closed."""

    def __init__(self, policy: nn.Module) -> None:
        self._policy = policy
        self._outputs: dict[str, Tensor] = {}
        self._begun = False
        self._handles: list[RemovableHandle] = [
            module.register_forward_hook(self._keeping(name)) for name, module in layers(policy)
        ]

    def norms(self) -> dict[str, dict[str, float]]:
        """By layer: length of `weight` and of `gradient`, and `output`, the root mean square of its output.

        A layer without a gradient, or whose weights are used without calling it, lacks those.
        """
        found: dict[str, dict[str, float]] = {}
        for name, module in layers(self._policy):
            own = list(module.parameters(recurse=False))
            gradients = [parameter.grad for parameter in own if parameter.grad is not None]
            found[name] = {"weight": _length(own)}
            if gradients:
                found[name]["gradient"] = _length(gradients)
            if name in self._outputs:
                found[name]["output"] = float(self._outputs[name])
        return found

    def write(self, folder: Path, step: int) -> dict[str, dict[str, float]]:
        """Append the norms at `step` to the run's `layers.jsonl`; returns them.

        What a stopped run wrote from the first such step on is dropped: the resumed one writes it again.
        """
        found, path = self.norms(), folder / LAYERS
        line = json.dumps({"step": step, "layers": plain_numbers(found)}) + "\n"
        with saving(folder):
            if not self._begun and path.exists():
                write_bytes(path, "".join(_before(step, path)).encode())
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        self._begun = True
        return found

    def close(self) -> None:
        """Stop watching."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _keeping(self, name: str) -> Any:
        def keep(module: nn.Module, given: Any, output: Any) -> None:
            for tensor in tensors_in(output):
                self._outputs[name] = tensor.detach().float().square().mean().sqrt()
                return

        return keep


def layers(policy: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module with parameters of its own, by name, from input to output."""
    for name, module in policy.named_modules():
        if next(module.parameters(recurse=False), None) is not None:
            yield name, module


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The floating-point tensors of a module's arguments or results."""
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)


def plain_numbers(norms: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | str]]:
    """The same for JSON, which knows no infinity: what is no finite number becomes `nan` or `inf`."""
    return {
        layer: {name: value if math.isfinite(value) else str(value) for name, value in sizes.items()}
        for layer, sizes in norms.items()
    }


def _before(step: int, path: Path) -> Iterator[str]:
    """The whole lines of earlier steps; a last one that a crash cut short is left out."""
    for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
        with suppress(ValueError):
            if json.loads(text)["step"] < step:
                yield text


def _length(tensors: list[Any]) -> float:
    return float(torch.stack([tensor.detach().float().norm() for tensor in tensors]).norm())
