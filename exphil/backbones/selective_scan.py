"""The recurrence at the heart of Mamba: h[t] = exp(delta[t] A) h[t-1] + delta[t] u[t] B[t], y[t] = C[t] h[t].

Shapes, time first: u, delta, y (L, B, D); A (D, N), negative; B, C (L, B, N); h (B, N, D).
L frames, B batch, D inner channels, N state size. delta is already positive (after softplus).

Three twins that agree: `reference_scan` (plain, for tests), `selective_scan` without CUDA (ours, safe at any
delta, since no product of decays is ever formed or inverted), and mamba_ssm's CUDA kernel where installed.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from exphil.backbones.sequential_scan import sequential_scan


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
    return sequential_scan(u, delta, A, B, C)


@cache
def cuda_kernel() -> Callable[..., Any] | None:
    """mamba_ssm's fused scan, or None where the package (an extra) is absent or does not load."""
    try:
        from mamba_ssm.ops.selective_scan_interface import selective_scan_fn
    except (ImportError, OSError, RuntimeError, AttributeError):  # built for another torch, CUDA or driver
        return None
    kernel: Callable[..., Any] = selective_scan_fn
    return kernel
