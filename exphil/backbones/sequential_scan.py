"""Mamba's recurrence as a loop over time in plain torch, with a backward pass of its own.

Shapes, time first: u, delta, y (L, B, D); A (N, D), negative; B, C (L, B, N); h (B, N, D).
L frames, B batch, D inner channels, N state size.

The loop keeps every eighth h, and on the way back walks each such stretch forward again. Everything is worked in
place on slices that are contiguous in memory, D innermost, some rows of the batch at a time: states and decays
then live in the cache and hardly ever in memory, which is what this costs. exp2 rather than exp: the same
accuracy, and about three times as fast in torch's CPU build.

Both ways are operators that torch knows by name, so that torch.compile calls them and does not unroll them.
"""

import math
from typing import Any

import torch
from torch import Tensor

CACHED_ELEMENTS = 2**17
"""State elements worked on at once on a CPU: 0.5 MB of float32, so that a frame's passes stay in the cache."""

STRETCH = 8
"""Frames between states that are kept for the backward pass: near the square root of common windows."""

LOG2_E = math.log2(math.e)


def sequential_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """y, safe at any delta: no product of decays is formed or divided by. All of one dtype; A as (D, N)."""
    inputs = (u.contiguous(), delta.contiguous(), A.t().contiguous(), B.contiguous(), C.contiguous())
    y, _ = _scan(*inputs)
    assert isinstance(y, Tensor)
    return y


@torch.library.custom_op("exphil::sequential_scan", mutates_args=())
def _scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
    """y, and the states that are kept (L / STRETCH, B, N, D)."""
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
    return y, kept


@torch.library.custom_op("exphil::sequential_scan_backward", mutates_args=())
def _scan_backward(
    grad_y: Tensor, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, kept: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of u, delta, A, B and C. `g` carries dL/dh from the end of the window to its start."""
    exponent, drive = A * LOG2_E, delta * u
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


@_scan.register_fake
def _(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
    length, batch = u.shape[:2]
    return torch.empty_like(u), u.new_empty(-(-length // STRETCH), batch, *A.shape)


@_scan_backward.register_fake
def _(grad_y: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.empty_like(tensor) for tensor in inputs[:5])


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*inputs, output[1])


def _gradients(ctx: Any, grad_y: Tensor | None, _: None) -> tuple[Tensor | None, ...]:
    if grad_y is None:
        return (None,) * 5
    found: tuple[Tensor, ...] = _scan_backward(grad_y.contiguous(), *ctx.saved_tensors)
    return found


_scan.register_autograd(_gradients, setup_context=_keep)


def _batch_slices(u: Tensor, A: Tensor) -> list[slice]:
    """Which rows of the batch go together: as many as the cache holds on a CPU, all elsewhere."""
    batch = u.shape[1]
    step = max(1, CACHED_ELEMENTS // A.numel()) if u.device.type == "cpu" else batch
    return [slice(start, start + step) for start in range(0, batch, step)]
