"""AdamW: weight decay on the matrices alone, and a learning rate of their own for attention and Mamba layers."""

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import nn

from exphil.errors import UsageError

HIGHEST: Final = "highest_rate"
"""Where a parameter group keeps the learning rate that the schedule's shares are of."""


def make_optimizer(
    policy: nn.Module,
    *,
    learning_rate: float,
    weight_decay: float,
    by_kind: Mapping[str, float | None] | None = None,
) -> torch.optim.AdamW:
    """AdamW with a group for each learning rate, with decay and without.

    No decay for vectors (biases, norms), for embeddings, and for parameters marked `_no_weight_decay`.

    Args:
        by_kind: kind of mixer ("attention", "mamba") to its learning rate, where it has one of its own.

    Raises:
        UsageError: a learning rate for layers that the policy has not.
    """
    kinds = _kinds(policy)
    rates = {kind: rate for kind, rate in (by_kind or {}).items() if rate is not None}
    for kind in rates:
        if kind not in kinds.values():
            raise UsageError(f"--{kind}-learning-rate: this backbone has no {kind} layers; leave it out")
    embedded = {
        id(parameter)
        for module in policy.modules()
        if isinstance(module, nn.Embedding)
        for parameter in module.parameters()
    }
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in policy.parameters():
        if parameter.requires_grad:
            spared = parameter.ndim < 2 or id(parameter) in embedded
            spared = spared or bool(getattr(parameter, "_no_weight_decay", False))
            rate = rates.get(kinds.get(id(parameter), ""), learning_rate)
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(parameter)
    described: list[dict[str, Any]] = [
        {"params": members, "lr": rate, HIGHEST: rate, "weight_decay": decay}
        for (rate, decay), members in groups.items()
    ]
    on_cuda = all(parameter.is_cuda for parameter in policy.parameters())
    return torch.optim.AdamW(described, lr=learning_rate, fused=on_cuda)


def set_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Give every group this share of its highest learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = share * group[HIGHEST]


def _kinds(policy: nn.Module) -> dict[int, str]:
    """Identity of each parameter of a mixer to the mixer's `kind`."""
    found: dict[int, str] = {}
    for module in policy.modules():
        kind = getattr(module, "kind", None)
        if isinstance(kind, str):
            found |= {id(parameter): kind for parameter in module.parameters()}
    return found
