"""The recurrence at the heart of Mamba: h[t] = exp(delta[t] A) h[t-1] + delta[t] u[t] B[t], y[t] = C[t] h[t].

Shapes, time first: u, delta, y (L, B, D); A (D, N), negative; B, C (L, B, N); h (B, N, D).
L frames, B batch, D inner channels, N state size. delta is already positive (after softplus).

Three twins that agree: `reference_scan` (plain, for tests), `selective_scan` without CUDA (ours, safe at any
delta, since no product of decays is ever formed or inverted), and mamba_ssm's CUDA kernel where installed.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

CACHED_ELEMENTS = 2**18
"""State elements worked on at once on a CPU: 1 MB of float32, so that a frame's passes stay in the cache."""

LOG2_E = math.log2(math.e)


def reference_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """The recurrence as written, through autograd, in any precision: slow, and the yardstick."""
    decay = torch.exp(delta.unsqueeze(-1) * A)  # (L, B, D, N)
    drive = (delta * u).unsqueeze(-1) * B.unsqueeze(-2)
    h = torch.zeros_like(drive[0])
    outputs = []
    for t in range(u.shape[0]):
        h = decay[t] * h + drive[t]
        outputs.append((h * C[t].unsqueeze(-2)).sum(-1))
    return torch.stack(outputs)


def selective_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """The recurrence for training, at least in float32; shapes as above."""
    dtype = torch.promote_types(u.dtype, torch.float32)
    u, delta, A, B, C = (tensor.to(dtype) for tensor in (u, delta, A, B, C))
    kernel = cuda_kernel() if u.is_cuda and dtype == torch.float32 else None
    if kernel is not None:
        y: Tensor = kernel(*(x.permute(1, 2, 0).contiguous() for x in (u, delta)), A,
                           *(x.permute(1, 2, 0).contiguous() for x in (B, C)))  # fmt: skip
        return y.permute(2, 0, 1)
    y = _SequentialScan.apply(  # type: ignore[no-untyped-call]
        u.contiguous(), delta.contiguous(), A.t().contiguous(), B.contiguous(), C.contiguous()
    )
    assert isinstance(y, Tensor)
    return y


@cache
def cuda_kernel() -> Callable[..., Any] | None:
    """mamba_ssm's fused scan, or None where the package (an extra) is absent or does not load."""
    try:
        from mamba_ssm.ops.selective_scan_interface import selective_scan_fn
    except (ImportError, OSError, RuntimeError, AttributeError):  # built for another torch, CUDA or driver
        return None
    kernel: Callable[..., Any] = selective_scan_fn
    return kernel


class _SequentialScan(torch.autograd.Function):
    """A loop over time that keeps h and computes the decays again on the way back.

    Everything is worked in place on slices that are contiguous in memory, D innermost, some rows of the batch
    at a time. exp2 rather than exp: the same accuracy, and about three times as fast in torch's CPU build.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
        """As `selective_scan`, all contiguous, and A as (N, D)."""
        exponent = A * LOG2_E
        drive = delta * u
        y = torch.empty_like(u)
        kept = []
        for rows in _batch_slices(u, A):
            delta_, drive_ = delta[:, rows, None, :], drive[:, rows, None, :]
            B_, C_, y_ = B[:, rows, :, None], C[:, rows, :, None], y[:, rows]
            states = u.new_empty(u.shape[0], y_.shape[1], *A.shape)
            scratch = torch.empty_like(states[0])
            for t, h in enumerate(states):
                if t == 0:
                    torch.mul(drive_[0], B_[0], out=h)
                else:
                    torch.mul(delta_[t], exponent, out=scratch).exp2_()
                    torch.mul(scratch, states[t - 1], out=h).addcmul_(drive_[t], B_[t])
                torch.sum(torch.mul(h, C_[t], out=scratch), 1, out=y_[t])
            kept.append(states)
        ctx.save_for_backward(u, delta, A, B, C, drive, *kept)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor, ...]:
        """`g` carries dL/dh from the end of the window to its start."""
        u, delta, A, B, C, drive, *kept = ctx.saved_tensors
        exponent = A * LOG2_E
        grad_y = grad_y.contiguous()
        grad_drive, grad_delta = torch.empty_like(u), torch.zeros_like(delta)
        grad_A, grad_B, grad_C = torch.zeros_like(A), torch.empty_like(B), torch.empty_like(C)
        for rows, states in zip(_batch_slices(u, A), kept, strict=True):
            delta_, drive_, gy_ = delta[:, rows, None, :], drive[:, rows, None, :], grad_y[:, rows, None, :]
            B_, C_ = B[:, rows, :, None], C[:, rows, :, None]
            out_drive, out_delta = grad_drive[:, rows], grad_delta[:, rows]
            out_B, out_C = grad_B[:, rows], grad_C[:, rows]
            g = torch.zeros_like(states[0])
            scratch, sum_A = torch.empty_like(g), torch.zeros_like(g)
            for t in range(len(states) - 1, -1, -1):
                torch.sum(torch.mul(states[t], gy_[t], out=scratch), 2, out=out_C[t])
                g.addcmul_(gy_[t], C_[t])
                torch.sum(torch.mul(g, B_[t], out=scratch), 1, out=out_drive[t])
                torch.sum(torch.mul(g, drive_[t], out=scratch), 2, out=out_B[t])
                if t == 0:
                    break  # h before the window is zero: no decay to follow
                g.mul_(torch.mul(delta_[t], exponent, out=scratch).exp2_())
                torch.mul(g, states[t - 1], out=scratch)  # dL/d(delta A)
                sum_A.addcmul_(scratch, delta_[t])
                torch.sum(scratch.mul_(A), 1, out=out_delta[t])
            grad_A += sum_A.sum(0)
        grad_delta.addcmul_(grad_drive, u)
        return grad_drive.mul_(delta), grad_delta, grad_A, grad_B, grad_C


def _batch_slices(u: Tensor, A: Tensor) -> list[slice]:
    """Which rows of the batch go together: as many as the cache holds on a CPU, all elsewhere."""
    batch = u.shape[1]
    step = max(1, CACHED_ELEMENTS // max(1, A.numel())) if u.device.type == "cpu" else max(1, batch)
    return [slice(start, min(start + step, batch)) for start in range(0, batch, step)]
