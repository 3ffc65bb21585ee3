"""The moving average of the weights."""

import pytest
import torch
from torch import nn

from exphil.training.ema import Ema


class Model(nn.Module):
    count: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("count", torch.tensor(0))


def set_to(model: Model, value: float) -> None:
    with torch.no_grad():
        model.weight.fill_(value)
        model.count.fill_(int(value))


def test_it_follows_the_recurrence_with_a_decay_that_grows() -> None:
    model = Model()
    ema = Ema(model, 0.5)
    expected = 0.0
    for step in range(1, 30):
        set_to(model, step)
        ema.update(model)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert ema.weights["weight"].tolist() == pytest.approx([expected, expected])
    assert int(ema.weights["count"]) == 29
    # Weights that rise by one a step, averaged with a half, are one step behind.
    assert expected == pytest.approx(28, abs=0.01)


def test_it_is_in_place_for_a_block_alone() -> None:
    model = Model()
    ema = Ema(model, 0.9)
    set_to(model, 4)
    ema.update(model)
    averaged = ema.weights["weight"].clone()
    with ema.in_place(model):
        assert torch.equal(model.weight, averaged)
        assert not torch.equal(model.weight, torch.full((2,), 4.0))
    assert torch.equal(model.weight, torch.full((2,), 4.0))
    assert torch.equal(ema.weights["weight"], averaged)


def test_a_saved_average_goes_on() -> None:
    model, other = Model(), Model()
    ema, again = Ema(model, 0.9), Ema(other, 0.9)
    for step in range(5):
        set_to(model, step)
        ema.update(model)
    again.load_state_dict(ema.state_dict())
    for average in (ema, again):
        average.update(model)
    assert torch.equal(ema.weights["weight"], again.weights["weight"])
    assert ema.steps == again.steps == 6
