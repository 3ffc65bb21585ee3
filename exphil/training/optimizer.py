"""AdamW, with weight decay on the matrices alone."""

import torch
from torch import nn


def make_optimizer(policy: nn.Module, *, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW in two groups: with decay, and without.

    No decay for vectors (biases, norms), for embeddings, and for parameters marked `_no_weight_decay`.
    """
    embedded = {
        id(parameter)
        for module in policy.modules()
        if isinstance(module, nn.Embedding)
        for parameter in module.parameters()
    }
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for parameter in policy.parameters():
        if parameter.requires_grad:
            spared = parameter.ndim < 2 or id(parameter) in embedded
            spared = spared or bool(getattr(parameter, "_no_weight_decay", False))
            (plain if spared else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate)
