"""The training scan against the plain recurrence, in values and gradients, at any time step."""

import sys
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.backbones import selective_scan as module
from exphil.backbones import sequential_scan
from exphil.backbones.selective_scan import cuda_kernel, reference_scan, selective_scan

Inputs = tuple[torch.Tensor, ...]


def inputs(length: int, batch: int, channels: int, state: int, log_delta: tuple[float, float]) -> Inputs:
    """u, delta, A, B, C in float64; time steps log-uniform within the given powers of ten."""
    u = torch.randn(length, batch, channels, dtype=torch.float64)
    delta = 10 ** torch.empty_like(u).uniform_(*log_delta)
    A = (
        -torch.arange(1, state + 1, dtype=torch.float64).repeat(channels, 1)
        * torch.rand(channels, 1).double().exp()
    )
    B, C = torch.randn(2, length, batch, state, dtype=torch.float64)
    return u, delta, A, B, C


def with_gradients(scan: object, values: Inputs, weigh: torch.Tensor) -> list[torch.Tensor]:
    leaves = [value.detach().clone().requires_grad_() for value in values]
    y = scan(*leaves)  # type: ignore[operator]
    (y * weigh).sum().backward()
    return [y.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(1, 20),
    batch=st.integers(1, 5),
    channels=st.integers(1, 6),
    state=st.integers(1, 5),
    block=st.integers(1, 64),
    seed=st.integers(0, 1000),
)
def test_equals_the_recurrence(
    length: int, batch: int, channels: int, state: int, block: int, seed: int
) -> None:
    torch.manual_seed(seed)
    values = inputs(length, batch, channels, state, (-3, 0))
    weigh = torch.randn(length, batch, channels, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequential_scan, "CACHED_ELEMENTS", block)
        found = with_gradients(selective_scan, values, weigh)
    for ours, theirs in zip(found, with_gradients(reference_scan, values, weigh), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("log_delta", [(-8, -6), (-4, -1), (0, 1), (2, 4), (-8, 4)])
def test_float32_stays_true_at_every_time_step(log_delta: tuple[float, float]) -> None:
    """From steps too small to decay at all to steps that forget everything at once."""
    torch.manual_seed(0)
    values = inputs(60, 3, 8, 16, log_delta)
    weigh = torch.randn(60, 3, 8, dtype=torch.float64)
    exact = with_gradients(reference_scan, values, weigh)
    found = with_gradients(selective_scan, tuple(v.float() for v in values), weigh.float())
    for ours, theirs in zip(found, exact, strict=True):
        assert ours.isfinite().all()
        assert (ours - theirs).abs().max() <= 2e-6 * theirs.abs().max() + 1e-30


def test_gradients_by_finite_differences() -> None:
    torch.manual_seed(1)
    values = tuple(v.requires_grad_() for v in inputs(4, 2, 3, 2, (-1, 0)))
    assert torch.autograd.gradcheck(selective_scan, values)


def test_torch_may_trace_and_compile_around_it() -> None:
    """The operators' shapes without values, and their gradients, are what torch.compile is told."""
    torch.manual_seed(1)
    u, delta, A, B, C = inputs(9, 2, 3, 2, (-1, 0))
    operands = tuple(v.requires_grad_() for v in (u, delta, A.t().contiguous(), B, C))
    torch.library.opcheck(torch.ops.exphil.sequential_scan.default, operands)


def test_half_precision_is_scanned_in_float32() -> None:
    torch.manual_seed(2)
    u, delta, A, B, C = inputs(30, 2, 4, 3, (-2, -1))
    low = tuple(v.bfloat16() for v in (u, delta)), A.float(), tuple(v.bfloat16() for v in (B, C))
    y = selective_scan(*low[0], low[1], *low[2])
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, reference_scan(*(v.float() for v in (*low[0], low[1], *low[2]))))


@pytest.mark.parametrize("failure", [ImportError("no CUDA"), RuntimeError("driver"), OSError("libcudart.so")])
def test_a_package_that_does_not_load_is_none(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(types.ModuleType):
        def __getattr__(self, name: str) -> object:
            raise failure

    for name in ("mamba_ssm", "mamba_ssm.ops", "mamba_ssm.ops.selective_scan_interface"):
        monkeypatch.setitem(sys.modules, name, Broken(name))
    cuda_kernel.cache_clear()
    assert cuda_kernel() is None
    cuda_kernel.cache_clear()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("fused", [True, False])
def test_on_cuda(fused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if fused and cuda_kernel() is None:
        pytest.skip("mamba_ssm is not installed")
    if not fused:
        monkeypatch.setattr(module, "cuda_kernel", lambda: None)
    torch.manual_seed(3)
    values = inputs(60, 4, 64, 16, (-4, 0))
    weigh = torch.randn(60, 4, 64, dtype=torch.float64)
    exact = with_gradients(reference_scan, values, weigh)
    found = with_gradients(selective_scan, tuple(v.float().cuda() for v in values), weigh.float().cuda())
    for ours, theirs in zip(found, exact, strict=True):
        assert (ours.cpu() - theirs).abs().max() <= 1e-5 * theirs.abs().max()
