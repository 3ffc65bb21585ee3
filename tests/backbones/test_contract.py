"""What every backbone promises, written once."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import nn

from exphil.backbones.base import Backbone, Mixer, State
from exphil.backbones.config import CONFIGS, config_from_dict, config_to_dict
from exphil.backbones.registry import BACKBONES, MIXER_MODULES, build_backbone
from tests.backbones.small import small

INPUT, HIDDEN = 11, 24
NAMES = st.sampled_from(BACKBONES)
WITH_ATTENTION = ("attention", "sliding_window", "jamba")


def make(name: str, **options: object) -> Backbone:
    torch.manual_seed(3)
    return build_backbone(small(name, **options), INPUT).eval()


def stream(model: Backbone, x: torch.Tensor) -> torch.Tensor:
    state = model.initial_state(x.shape[0])
    outputs = []
    for t in range(x.shape[1]):
        out, state = model.step(x[:, t], state)
        outputs.append(out)
    return torch.stack(outputs, dim=1)


def kernel(name: str, fused: bool) -> dict[str, object]:
    return {"flash_attention": fused} if name in WITH_ATTENTION else {}


def shapes(state: State) -> list[list[tuple[torch.Size, torch.dtype]]]:
    return [[(part.shape, part.dtype) for part in layer] for layer in state]


@settings(max_examples=40, deadline=None)
@given(name=NAMES, batch=st.integers(1, 5), length=st.integers(1, 30), num_layers=st.integers(2, 4))
def test_any_batch_and_length(name: str, batch: int, length: int, num_layers: int) -> None:
    out = make(name, num_layers=num_layers)(torch.randn(batch, length, INPUT))
    assert out.shape == (batch, length, HIDDEN)
    assert out.isfinite().all()


@settings(max_examples=20, deadline=None)
@given(name=NAMES, changed=st.integers(0, 15), fused=st.booleans())
def test_the_future_does_not_show(name: str, changed: int, fused: bool) -> None:
    model, x = make(name, **kernel(name, fused)), torch.randn(2, 16, INPUT)
    other = x.clone()
    other[:, changed] += 1
    before, after = model(x), model(other)
    torch.testing.assert_close(before[:, :changed], after[:, :changed], rtol=0, atol=0)
    assert not torch.allclose(before[:, changed], after[:, changed])


@settings(max_examples=30, deadline=None)
@given(name=NAMES, length=st.integers(1, 70), pre_norm=st.booleans(), fused=st.booleans())
@example(name="attention", length=70, pre_norm=True, fused=True)
@example(name="jamba", length=70, pre_norm=False, fused=False)
def test_step_gives_what_the_window_gives(name: str, length: int, pre_norm: bool, fused: bool) -> None:
    """Windows of up to ten attention windows."""
    model = make(name, pre_norm=pre_norm, **kernel(name, fused))
    x = torch.randn(3, length, INPUT)
    with torch.no_grad():
        torch.testing.assert_close(stream(model, x), model(x), rtol=1e-5, atol=1e-5)


class OneStep(nn.Module):
    """`step` as the call of a module: what exporters take."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        return self.backbone.step(x, state)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_step_can_be_exported(name: str) -> None:
    """It is a fixed list of tensor operations, whatever the state holds."""
    model = make(name)
    exported = torch.export.export(OneStep(model), (torch.randn(2, INPUT), model.initial_state(2))).module()
    ours = theirs = model.initial_state(2)
    for x in torch.randn(9, 2, INPUT):
        y, ours = model.step(x, ours)
        again, theirs = exported(x, theirs)
        torch.testing.assert_close(again, y)


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_without_a_sliding_window_steps_agree_while_the_ring_holds_all(name: str) -> None:
    model, x = make(name, use_sliding_window=False), torch.randn(2, 12, INPUT)
    with torch.no_grad():
        window, steps = model(x), stream(model, x)
    torch.testing.assert_close(steps[:, :7], window[:, :7], rtol=1e-5, atol=1e-5)
    assert not torch.allclose(steps[:, 7:], window[:, 7:], atol=1e-3)


@pytest.mark.parametrize("name", BACKBONES)
def test_state_has_a_fixed_size_and_is_not_changed_in_place(name: str) -> None:
    model = make(name)
    state = model.initial_state(2)
    for _ in range(9):
        _, state = model.step(torch.randn(2, INPUT), state)
    before = [[part.clone() for part in layer] for layer in state]
    _, after = model.step(torch.randn(2, INPUT), state)
    assert shapes(after) == shapes(state) == shapes(model.initial_state(2))
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
    model, x = make(name), torch.randn(2, 9, INPUT)
    again = build_backbone(config_from_dict(config_to_dict(small(name))), INPUT).eval()
    again.load_state_dict(load(save(model.state_dict())))
    assert torch.equal(model(x), again(x))


@pytest.mark.parametrize("name", BACKBONES)
def test_mixers_keep_the_protocol(name: str) -> None:
    assert all(isinstance(mixer, Mixer) for mixer in make(name).mixers)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("mlp", ["feedforward"] * 2),
        ("lstm", ["recurrent"] * 2),
        ("gru", ["recurrent"] * 2),
        ("attention", ["attention", "feedforward"] * 2),
        ("sliding_window", ["attention", "feedforward"] * 2),
        ("mamba", ["mamba"] * 2),
        ("jamba", ["mamba", "attention", "feedforward"] * 2),
    ],
)
def test_layers_are_these_mixers(name: str, kinds: list[str]) -> None:
    assert [mixer.kind for mixer in make(name).mixers] == kinds


def test_every_configuration_can_be_built_in_one_order_everywhere() -> None:
    assert tuple(CONFIGS) == tuple(MIXER_MODULES) == BACKBONES
    assert BACKBONES == ("mlp", "lstm", "gru", "attention", "sliding_window", "mamba", "jamba")


@pytest.mark.parametrize("name", BACKBONES)
def test_gradient_checkpointing_changes_no_gradient(name: str) -> None:
    """Dropout draws the same numbers again when a mixer's work is done a second time."""
    model, x = make(name, dropout=0.3).train(), torch.randn(3, 17, INPUT)
    found = []
    for model.gradient_checkpointing in (False, True):
        torch.manual_seed(8)
        model.zero_grad()
        out = model(x)
        out.square().sum().backward()
        found.append([out.detach(), *(p.grad for p in model.parameters())])
    for plain, recomputed in zip(*found, strict=True):
        assert torch.equal(plain, recomputed)


def test_gradient_checkpointing_keeps_less_for_the_way_back() -> None:
    model, x = make("jamba").train(), torch.randn(3, 17, INPUT)
    kept = []
    for model.gradient_checkpointing in (False, True):
        numbers = 0

        def count(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal numbers
            numbers += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            model(x)
        kept.append(numbers)
    assert kept[1] < kept[0] / 3


@pytest.mark.parametrize("name", BACKBONES)
def test_post_norm_leaves_a_normed_stream_without_a_last_norm(name: str) -> None:
    out = make(name, pre_norm=False)(50 * torch.randn(2, 9, INPUT))
    torch.testing.assert_close(out.mean(-1), torch.zeros(2, 9), rtol=0, atol=1e-5)
    torch.testing.assert_close(out.var(-1, correction=0), torch.ones(2, 9), rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", BACKBONES)
def test_bfloat16_autocast_stays_near(name: str) -> None:
    model, x = make(name).train(), torch.randn(2, 40, INPUT)
    model.dropout.p = 0.0
    exact = model(x)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(x)
    rough.float().square().sum().backward()
    assert (rough - exact).abs().max() < 0.2
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
