"""What decays and what does not."""

import torch
from torch import nn

from exphil.training.optimizer import make_optimizer


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 4)
        self.linear = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.marked = nn.Parameter(torch.ones(4, 4))
        self.marked._no_weight_decay = True  # type: ignore[attr-defined]
        self.frozen = nn.Parameter(torch.ones(4, 4), requires_grad=False)


def test_only_unmarked_matrices_decay() -> None:
    model = Mixed()
    optimizer = make_optimizer(model, learning_rate=0.1, weight_decay=0.3)
    decay = {
        id(parameter): group["weight_decay"]
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    found = {name: decay.get(id(parameter)) for name, parameter in model.named_parameters()}
    assert found == {
        "table.weight": 0.0,
        "linear.weight": 0.3,
        "linear.bias": 0.0,
        "norm.weight": 0.0,
        "norm.bias": 0.0,
        "marked": 0.0,
        "frozen": None,
    }
