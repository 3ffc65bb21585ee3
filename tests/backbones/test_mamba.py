"""Ours against mamba_ssm's own numbers, kept as data, and against the recurrence in float64: the same layer."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.func import functional_call

from exphil.backbones.config import MambaConfig
from exphil.backbones.mamba import MambaMixer
from exphil.backbones.selective_scan import reference_scan, selective_scan
from tests.backbones.mamba_reference import reference_layer

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "mamba_block.safetensors"
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def golden() -> Tensors:
    return load_file(GOLDEN)


def under(golden: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in golden.items() if name.startswith(prefix)}


@pytest.fixture
def mixer(golden: Tensors) -> MambaMixer:
    layer = MambaMixer(MambaConfig(hidden_size=16))
    layer.load_state_dict(under(golden, "weight."), strict=True)
    return layer


def test_forward_and_gradients(golden: Tensors, mixer: MambaMixer) -> None:
    x = golden["x"].clone().requires_grad_()
    y = mixer(x)
    (y * golden["weigh"]).sum().backward()
    torch.testing.assert_close(y, golden["y"], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(x.grad, golden["grad.x"], rtol=1e-4, atol=1e-5)
    gradients = {name: parameter.grad for name, parameter in mixer.named_parameters()}
    assert set(gradients) == set(under(golden, "weight."))
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, golden[f"grad.{name}"], rtol=1e-4, atol=1e-5)


def test_steps_and_the_states_they_leave(golden: Tensors, mixer: MambaMixer) -> None:
    state = mixer.initial_state(2)
    outputs = []
    for x in golden["x"].unbind(1):
        y, state = mixer.step(x, state)
        outputs.append(y)
    torch.testing.assert_close(torch.stack(outputs, dim=1), golden["step.y"], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(state[0], golden["conv_state"], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(state[1], golden["ssm_state"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scan", [selective_scan, reference_scan])
def test_scan(golden: Tensors, scan: object) -> None:
    """Time steps from 1e-4 to 30."""
    found = under(golden, "scan.")
    leaves = {name: found[name].clone().requires_grad_() for name in ("u", "delta", "A", "B", "C")}
    u, delta, B, C = (leaves[name].permute(2, 0, 1) for name in ("u", "delta", "B", "C"))
    y = scan(u, delta, leaves["A"], B, C).permute(1, 2, 0)  # type: ignore[operator]
    (y * found["weigh"]).sum().backward()
    torch.testing.assert_close(y, found["y"], rtol=1e-5, atol=1e-5)
    for name, leaf in leaves.items():
        torch.testing.assert_close(leaf.grad, found[f"grad.{name}"], rtol=1e-4, atol=1e-4)


def in_float64(mixer: MambaMixer) -> Tensors:
    return {name: p.detach().double().requires_grad_() for name, p in mixer.named_parameters()}


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(1, 20),
    hidden=st.integers(1, 18),
    state_size=st.integers(1, 5),
    expand_factor=st.integers(1, 3),
    conv_size=st.integers(1, 5),
)
def test_values_and_gradients_of_any_shape(
    length: int, hidden: int, state_size: int, expand_factor: int, conv_size: int
) -> None:
    torch.manual_seed(length)
    sizes = {"state_size": state_size, "expand_factor": expand_factor, "conv_size": conv_size}
    weights = in_float64(mixer := MambaMixer(MambaConfig(hidden_size=hidden, **sizes)))
    x, weigh = torch.randn(2, 2, length, hidden, dtype=torch.float64)
    ours = functional_call(mixer.double(), weights, (x,))
    theirs = reference_layer(x, weights)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-11)
    found = torch.autograd.grad((ours * weigh).sum(), weights.values())
    for name, gradient, exact in zip(
        weights, found, torch.autograd.grad((theirs * weigh).sum(), weights.values()), strict=True
    ):
        torch.testing.assert_close(gradient, exact, rtol=1e-9, atol=1e-10, msg=name)


@settings(max_examples=40, deadline=None)
@given(
    dt_bias=st.floats(-100, 1000),
    spread=st.floats(0, 30),
    log_decay=st.floats(-20, 12),
    scale=st.sampled_from([1e-3, 1.0, 30.0]),
    seed=st.integers(0, 100),
)
def test_float32_is_safe_at_every_time_step(
    dt_bias: float, spread: float, log_decay: float, scale: float, seed: int
) -> None:
    """From a state that never fades to one that is gone in a frame, far past what training reaches."""
    torch.manual_seed(seed)
    mixer = MambaMixer(MambaConfig(hidden_size=8, state_size=4))
    with torch.no_grad():
        mixer.dt_proj.bias.fill_(dt_bias)
        mixer.dt_proj.weight.mul_(spread)
        mixer.A_log.add_(log_decay)
    weights, x = in_float64(mixer), scale * torch.randn(2, 30, 8)
    ours, theirs = mixer(x), reference_layer(x.double(), weights)
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max() + 1e-30
    found = torch.autograd.grad(ours.sum(), list(mixer.parameters()))
    assert all(gradient.isfinite().all() for gradient in found)
    for name, gradient, exact in zip(
        weights, found, torch.autograd.grad(theirs.sum(), weights.values()), strict=True
    ):
        assert (gradient - exact).abs().max() <= 2e-3 * exact.abs().max() + 1e-25, name
    state = mixer.initial_state(2)
    with torch.no_grad():
        for t, frame in enumerate(x.unbind(1)):
            y, state = mixer.step(frame, state)
            assert (y - theirs[:, t]).abs().max() <= 1e-4 * theirs.abs().max() + 1e-30


def test_it_starts_as_the_paper_says() -> None:
    config = MambaConfig(hidden_size=64, state_size=8)
    layer = MambaMixer(config)
    torch.testing.assert_close(layer.A_log.exp(), torch.arange(1.0, 9.0).expand(config.inner_size, 8))
    assert torch.equal(layer.D, torch.ones(config.inner_size))
    steps = torch.nn.functional.softplus(layer.dt_proj.bias)
    assert 0.99e-3 < steps.min() < 3e-3
    assert 3e-2 < steps.max() < 1.01e-1
    assert layer.dt_proj.weight.abs().max() <= config.dt_rank**-0.5
    assert all(getattr(p, "_no_weight_decay", False) for p in (layer.A_log, layer.D))


@pytest.mark.parametrize(("hidden", "rank"), [(1, 1), (16, 1), (17, 2), (256, 16)])
def test_rank_is_that_of_mamba_ssm(hidden: int, rank: int) -> None:
    assert MambaConfig(hidden_size=hidden).dt_rank == rank
