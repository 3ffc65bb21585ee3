"""What decays and what does not, and which layers have a learning rate of their own."""

from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from torch import nn

from exphil.errors import UsageError
from exphil.training.optimizer import make_optimizer, set_rate


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


class Layer(nn.Module):
    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)


class Attention(Layer):
    kind = "attention"


class Mamba(Layer):
    kind = "mamba"


class Hybrid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 3)
        self.mixers = nn.ModuleList([Mamba(), Attention()])


def by_name(
    model: nn.Module, figure: Callable[[dict[str, float]], float], **rates: float
) -> dict[str, float]:
    optimizer = make_optimizer(model, learning_rate=0.1, weight_decay=0.3, by_kind=rates)
    owner = {id(p): figure(group) for group in optimizer.param_groups for p in group["params"]}
    return {name: owner[id(parameter)] for name, parameter in model.named_parameters()}


def test_layers_of_a_kind_have_the_rate_that_is_given() -> None:
    rates = by_name(Hybrid(), lambda group: group["lr"], attention=0.01)
    assert rates == {
        "embed.weight": 0.1,
        "embed.bias": 0.1,
        "mixers.0.linear.weight": 0.1,
        "mixers.0.linear.bias": 0.1,
        "mixers.1.linear.weight": 0.01,
        "mixers.1.linear.bias": 0.01,
    }
    decay = by_name(Hybrid(), lambda group: group["weight_decay"], attention=0.01, mamba=0.5)
    assert {name for name, value in decay.items() if value} == {name for name in decay if "weight" in name}


def test_the_schedule_scales_every_rate_alike() -> None:
    optimizer = make_optimizer(
        Hybrid(), learning_rate=0.1, weight_decay=0.0, by_kind={"attention": 0.01, "mamba": None}
    )
    for share in (0.5, 0.25):  # of the highest, not of the last
        set_rate(optimizer, share)
        assert sorted(group["lr"] for group in optimizer.param_groups) == [0.01 * share, 0.1 * share]


def test_a_rate_for_layers_that_are_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="--attention-learning-rate: this backbone has no attention layers"):
        make_optimizer(Mamba(), learning_rate=0.1, weight_decay=0.0, by_kind={"attention": 0.01})
