"""Sizes of layers: what is written is what is there, and watching can end."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch import nn

from exphil.training.layer_norms import LayerWatch, layers
from exphil.training.runs import LAYERS


class Net(nn.Module):
    """A linear map, a cell that gives a tuple, and one whose weights are used without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.cell = nn.GRU(4, 2)
        self.borrowed = nn.Linear(2, 2, bias=False)
        self.idle = nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.cell(torch.relu(self.first(x)))[0] @ self.borrowed.weight
        return out


def test_norms_are_those_of_weights_gradients_and_outputs() -> None:
    torch.manual_seed(0)
    net, x = Net(), torch.randn(5, 2, 3)
    watch = LayerWatch(net)
    net(x).sum().backward()
    found = watch.norms()
    assert list(found) == [name for name, _ in layers(net)] == ["first", "cell", "borrowed", "idle"]
    weights = torch.cat([parameter.detach().flatten() for parameter in net.first.parameters()])
    gradients = [parameter.grad for parameter in net.first.parameters()]
    assert found["first"]["weight"] == pytest.approx(float(weights.norm()))
    assert found["first"]["gradient"] == pytest.approx(
        math.sqrt(sum(float(grad.square().sum()) for grad in gradients if grad is not None))
    )
    assert found["first"]["output"] == pytest.approx(float(net.first(x).detach().square().mean().sqrt()))
    assert found["cell"]["output"] > 0
    assert set(found["borrowed"]) == {"weight", "gradient"}
    assert set(found["idle"]) == {"weight"}


def test_lines_are_appended_and_hold_json_even_of_what_is_no_number(tmp_path: Path) -> None:
    net = Net()
    watch = LayerWatch(net)
    net(torch.ones(1, 1, 3))
    watch.write(tmp_path, 10)
    with torch.no_grad():
        net.idle.weight.fill_(float("inf"))
    watch.write(tmp_path, 20)
    lines = [
        json.loads(line, parse_constant=lambda word: pytest.fail(word))
        for line in (tmp_path / LAYERS).read_text().splitlines()
    ]
    assert [line["step"] for line in lines] == [10, 20]
    assert lines[1]["layers"]["idle"]["weight"] == "inf"
    assert lines[1]["layers"]["first"] == lines[0]["layers"]["first"]


def test_a_resumed_run_writes_over_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    net = Net()
    stopped, resumed = LayerWatch(net), LayerWatch(net)
    for step in (10, 20, 30):
        stopped.write(tmp_path, step)
    with (tmp_path / LAYERS).open("a") as file:
        file.write('{"step": 40, "lay')
    for step in (20, 30, 40):
        resumed.write(tmp_path, step)
    lines = (tmp_path / LAYERS).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [10, 20, 30, 40]


def test_watching_ends() -> None:
    net = Net()
    watch = LayerWatch(net)
    net(torch.ones(1, 1, 3))
    before = watch.norms()
    watch.close()
    net(torch.full((1, 1, 3), 9.0))
    assert watch.norms() == before
    assert not any(module._forward_hooks for module in net.modules())
