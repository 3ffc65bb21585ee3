"""What every backbone promises, written once."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from exphil.backbones.base import Backbone, Mixer
from exphil.backbones.config import CONFIGS, backbone_config, config_from_dict, config_to_dict
from exphil.backbones.registry import BACKBONES, MIXER_MODULES, build_backbone

INPUT, HIDDEN = 11, 24
NAMES = st.sampled_from(BACKBONES)


def make(name: str, **options: object) -> Backbone:
    torch.manual_seed(3)
    config = backbone_config(name, **{"hidden_size": HIDDEN, "num_layers": 2, **options})
    return build_backbone(config, INPUT).eval()


def stream(model: Backbone, x: torch.Tensor) -> torch.Tensor:
    state = model.initial_state(x.shape[0])
    outputs = []
    for t in range(x.shape[1]):
        out, state = model.step(x[:, t], state)
        outputs.append(out)
    return torch.stack(outputs, dim=1)


@settings(max_examples=40, deadline=None)
@given(name=NAMES, batch=st.integers(1, 5), length=st.integers(1, 9), num_layers=st.integers(1, 3))
def test_any_batch_and_length(name: str, batch: int, length: int, num_layers: int) -> None:
    out = make(name, num_layers=num_layers)(torch.randn(batch, length, INPUT))
    assert out.shape == (batch, length, HIDDEN)
    assert out.isfinite().all()


@settings(max_examples=20, deadline=None)
@given(name=NAMES, changed=st.integers(0, 7))
def test_the_future_does_not_show(name: str, changed: int) -> None:
    model, x = make(name), torch.randn(2, 8, INPUT)
    other = x.clone()
    other[:, changed] += 1
    before, after = model(x), model(other)
    torch.testing.assert_close(before[:, :changed], after[:, :changed], rtol=0, atol=0)
    assert not torch.allclose(before[:, changed], after[:, changed])


@pytest.mark.parametrize("name", BACKBONES)
def test_step_gives_what_the_window_gives(name: str) -> None:
    model, x = make(name), torch.randn(3, 70, INPUT)
    torch.testing.assert_close(stream(model, x), model(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", BACKBONES)
def test_state_has_a_fixed_size_and_is_not_changed_in_place(name: str) -> None:
    model = make(name)
    state = model.initial_state(2)
    before = [[part.clone() for part in layer] for layer in state]
    _, after = model.step(torch.randn(2, INPUT), state)
    assert [[part.shape for part in layer] for layer in after] == [[part.shape for part in x] for x in state]
    for layer, copies in zip(state, before, strict=True):
        for part, copy in zip(layer, copies, strict=True):
            assert torch.equal(part, copy)


@pytest.mark.parametrize("name", BACKBONES)
def test_rows_of_a_batch_do_not_meet(name: str) -> None:
    model, x = make(name), torch.randn(3, 6, INPUT)
    torch.testing.assert_close(model(x)[1:2], model(x[1:2]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_every_parameter_gets_a_finite_gradient(name: str, scale: float) -> None:
    model = make(name).train()
    model(scale * torch.randn(4, 30, INPUT)).square().sum().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.any(), parameter_name


@pytest.mark.parametrize("name", BACKBONES)
def test_dropout_acts_in_training_only(name: str) -> None:
    model, x = make(name, dropout=0.5), torch.randn(2, 5, INPUT)
    assert torch.equal(model(x), model(x))
    model.train()
    assert not torch.equal(model(x), model(x))


@pytest.mark.parametrize("name", BACKBONES)
def test_weights_and_options_survive_a_file(name: str) -> None:
    model, x = make(name), torch.randn(2, 5, INPUT)
    config = backbone_config(name, hidden_size=HIDDEN, num_layers=2)
    again = build_backbone(config_from_dict(config_to_dict(config)), INPUT).eval()
    again.load_state_dict(load(save(model.state_dict())))
    assert torch.equal(model(x), again(x))


@pytest.mark.parametrize("name", BACKBONES)
def test_mixers_keep_the_protocol(name: str) -> None:
    assert all(isinstance(mixer, Mixer) for mixer in make(name).mixers)


def test_every_configuration_can_be_built() -> None:
    assert set(CONFIGS) == set(MIXER_MODULES) == set(BACKBONES)


@pytest.mark.parametrize("name", BACKBONES)
def test_bfloat16_autocast_stays_near(name: str) -> None:
    model, x = make(name).train(), torch.randn(2, 40, INPUT)
    model.dropout.p = 0.0
    exact = model(x)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(x)
    rough.float().square().sum().backward()
    assert (rough - exact).abs().max() < 0.15
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
