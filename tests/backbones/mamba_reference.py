"""A Mamba layer as the paper and mamba_ssm write it, one frame after another, in float64 through autograd."""

import torch
from torch import Tensor
from torch.nn.functional import linear, silu


def reference_layer(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """(B, L, H) -> (B, L, H). `weights` under the names of mamba_ssm.Mamba."""
    inner, size = weights["conv1d.weight"].shape[0], weights["conv1d.weight"].shape[-1]
    state = weights["A_log"].shape[1]
    rank = weights["dt_proj.weight"].shape[1]
    decay_rates = -torch.exp(weights["A_log"])
    inputs = [torch.zeros(x.shape[0], inner, dtype=x.dtype)] * size
    h = torch.zeros(x.shape[0], inner, state, dtype=x.dtype)
    outputs = []
    for frame in x.unbind(1):
        u, z = linear(frame, weights["in_proj.weight"]).chunk(2, dim=-1)
        inputs = [*inputs[1:], u]
        taps = weights["conv1d.weight"][:, 0].unbind(-1)
        summed = sum((tap * seen for tap, seen in zip(taps, inputs, strict=True)), weights["conv1d.bias"])
        u = silu(summed)
        dt, write, read = linear(u, weights["x_proj.weight"]).split((rank, state, state), dim=-1)
        steps = linear(dt, weights["dt_proj.weight"], weights["dt_proj.bias"])
        delta = torch.logaddexp(steps, torch.zeros_like(steps))
        decay = torch.exp(delta.unsqueeze(-1) * decay_rates)
        h = decay * h + (delta * u).unsqueeze(-1) * write.unsqueeze(1)
        y = (h * read.unsqueeze(1)).sum(-1) + weights["D"] * u
        outputs.append(linear(y * silu(z), weights["out_proj.weight"]))
    return torch.stack(outputs, dim=1)
