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

CACHED_ELEMENTS = 2**17
"""State elements worked on at once on a CPU: 0.5 MB of float32, so that a frame's passes stay in the cache."""

STRETCH = 8
"""Frames between states that are kept for the backward pass: near the square root of common windows."""

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
    """A loop over time that keeps every eighth h, and on the way back walks each such stretch forward again.

    Everything is worked in place on slices that are contiguous in memory, D innermost, some rows of the batch
    at a time: states and decays then live in the cache and hardly ever in memory, which is what this costs.
    exp2 rather than exp: the same accuracy, and about three times as fast in torch's CPU build.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
        """As `selective_scan`, all contiguous, and A as (N, D)."""
        exponent = A * LOG2_E
        drive = delta * u
        y = torch.empty_like(u)
        length, batch = u.shape[:2]
        kept = u.new_empty(-(-length // STRETCH), batch, *A.shape)
        for rows in _batch_slices(u, A):
            delta_, drive_ = delta[:, rows, None, :], drive[:, rows, None, :]
            B_, C_, y_, kept_ = B[:, rows, :, None], C[:, rows, :, None], y[:, rows], kept[:, rows]
            h = torch.zeros_like(kept_[0])
            scratch = torch.empty_like(h)
            for t in range(length):
                if t % STRETCH == 0:
                    kept_[t // STRETCH].copy_(h)
                h.mul_(torch.mul(delta_[t], exponent, out=scratch).exp2_()).addcmul_(drive_[t], B_[t])
                torch.sum(torch.mul(h, C_[t], out=scratch), 1, out=y_[t])
        ctx.save_for_backward(u, delta, A, B, C, drive, kept)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor, ...]:
        """`g` carries dL/dh from the end of the window to its start."""
        u, delta, A, B, C, drive, kept = ctx.saved_tensors
        exponent = A * LOG2_E
        grad_y = grad_y.contiguous()
        grad_drive, grad_delta = torch.empty_like(u), torch.empty_like(delta)
        grad_A, grad_B, grad_C = torch.zeros_like(A), torch.empty_like(B), torch.empty_like(C)
        for rows in _batch_slices(u, A):
            delta_, drive_, gy_ = delta[:, rows, None, :], drive[:, rows, None, :], grad_y[:, rows, None, :]
            B_, C_, kept_ = B[:, rows, :, None], C[:, rows, :, None], kept[:, rows]
            out_drive, out_delta = grad_drive[:, rows], grad_delta[:, rows]
            out_B, out_C = grad_B[:, rows], grad_C[:, rows]
            g = torch.zeros_like(kept_[0])
            scratch, sum_A = torch.empty_like(g), torch.zeros_like(g)
            h, decay = g.new_empty(STRETCH + 1, *g.shape), g.new_empty(STRETCH, *g.shape)
            for stretch in reversed(range(len(kept_))):
                start = stretch * STRETCH
                frames = range(min(STRETCH, len(u) - start))
                h[0].copy_(kept_[stretch])  # h[i] is the state before frame start + i
                for i in frames:
                    torch.mul(delta_[start + i], exponent, out=decay[i]).exp2_()
                    torch.mul(h[i], decay[i], out=h[i + 1]).addcmul_(drive_[start + i], B_[start + i])
                for i in reversed(frames):
                    t = start + i
                    torch.sum(torch.mul(h[i + 1], gy_[t], out=scratch), 2, out=out_C[t])
                    g.addcmul_(gy_[t], C_[t])
                    torch.sum(torch.mul(g, B_[t], out=scratch), 1, out=out_drive[t])
                    torch.sum(torch.mul(g, drive_[t], out=scratch), 2, out=out_B[t])
                    torch.mul(g.mul_(decay[i]), h[i], out=scratch)  # dL/d(delta A)
                    sum_A.addcmul_(scratch, delta_[t])
                    torch.sum(scratch.mul_(A), 1, out=out_delta[t])
            grad_A += sum_A.sum(0)
        grad_delta.addcmul_(grad_drive, u)
        return grad_drive.mul_(delta), grad_delta, grad_A, grad_B, grad_C


def _batch_slices(u: Tensor, A: Tensor) -> list[slice]:
    """Which rows of the batch go together: as many as the cache holds on a CPU, all elsewhere."""
    batch = u.shape[1]
    step = max(1, CACHED_ELEMENTS // A.numel()) if u.device.type == "cpu" else batch
    return [slice(start, start + step) for start in range(0, batch, step)]
