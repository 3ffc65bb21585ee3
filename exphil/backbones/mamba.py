"""Mamba (Gu and Dao, 2023), in torch alone; weights interchangeable with `mamba_ssm.Mamba` by name and shape.

Shapes: B batch, L frames, H hidden size, D inner channels (expand_factor * H), N state size, K conv size.
Inside a mixer time comes first, (L, B, D): a frame of the whole batch is then one contiguous slice.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, silu, softplus

from exphil.backbones.base import Kind, MixerState, zero_state
from exphil.backbones.options import MambaOptions
from exphil.backbones.selective_scan import selective_scan

DT_RANGE = (1e-3, 1e-1)
"""Time steps at initialisation, from the paper; log-uniform."""


class MambaMixer(nn.Module):
    """One selective state space layer. Names of parameters are those of `mamba_ssm.Mamba`."""

    kind: ClassVar[Kind] = "mamba"

    def __init__(self, config: MambaOptions) -> None:
        super().__init__()
        hidden, inner, rank, state = config.hidden_size, config.inner_size, config.dt_rank, config.state_size
        self.sizes = (rank, state, state)
        self.conv_size = config.conv_size
        self.in_proj = nn.Linear(hidden, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, config.conv_size, groups=inner, padding=config.conv_size - 1)
        self.x_proj = nn.Linear(inner, rank + 2 * state, bias=False)
        self.dt_proj = nn.Linear(rank, inner)
        self.A_log = nn.Parameter(torch.log(torch.arange(1, state + 1, dtype=torch.float32)).repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, hidden, bias=False)
        self._initialise_dt(rank)
        for parameter in (self.A_log, self.D):
            parameter._no_weight_decay = True  # type: ignore[attr-defined]

    def _initialise_dt(self, rank: int) -> None:
        """Time steps that start inside DT_RANGE: the bias is softplus inverted."""
        nn.init.uniform_(self.dt_proj.weight, -(rank**-0.5), rank**-0.5)
        low, high = (math.log(bound) for bound in DT_RANGE)
        dt = torch.exp(torch.empty_like(self.dt_proj.bias).uniform_(low, high)).clamp(min=1e-4)
        with torch.no_grad():
            self.dt_proj.bias.copy_(dt + torch.log(-torch.expm1(-dt)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, H) -> (B, L, H)"""
        u, z = self.in_proj(x.transpose(0, 1)).chunk(2, dim=-1)
        u = silu(self._convolve(u))
        delta, B, C = self._select(u)
        y = selective_scan(u, delta, self._decay_rates(), B, C).to(u.dtype)
        y = (y + self.D * u) * silu(z)
        out: Tensor = self.out_proj(y).transpose(0, 1)
        return out

    def output_layer(self) -> nn.Linear:
        return self.out_proj

    def initial_state(self, batch: int) -> MixerState:
        """(conv_state (B, D, K), ssm_state (B, D, N)): the layout of mamba_ssm's inference cache."""
        inner, state = self.A_log.shape
        return zero_state(self.D, batch, inner, self.conv_size), zero_state(self.A_log, batch, inner, state)

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        """(B, H) -> (B, H), at the same cost for every frame."""
        conv_state, h = state
        u, z = self.in_proj(x).chunk(2, dim=-1)
        conv_state = torch.cat((conv_state[..., 1:], u.unsqueeze(-1).to(conv_state.dtype)), dim=-1)
        u = silu((conv_state.to(u.dtype) * self.conv1d.weight.squeeze(1)).sum(-1) + self._conv_bias())
        delta, B, C = self._select(u)
        delta = delta.to(h.dtype)
        h = torch.exp(delta.unsqueeze(-1) * self._decay_rates()) * h + (delta * u).unsqueeze(
            -1
        ) * B.unsqueeze(-2)
        y = (h * C.unsqueeze(-2)).sum(-1).to(u.dtype)
        return self.out_proj((y + self.D * u) * silu(z)), (conv_state, h)

    def _convolve(self, u: Tensor) -> Tensor:
        """Causal depthwise convolution over time, (L, B, D): K shifted products, without a transpose."""
        length = u.shape[0]
        padded = pad(u, (0, 0, 0, 0, self.conv_size - 1, 0))
        taps = self.conv1d.weight.squeeze(1).unbind(-1)
        out = self._conv_bias() + taps[0] * padded[:length]
        for k, tap in enumerate(taps[1:], start=1):
            out = out + tap * padded[k : k + length]
        return out

    def _conv_bias(self) -> Tensor:
        assert self.conv1d.bias is not None
        return self.conv1d.bias

    def _select(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Time step (..., D), and what to write to and read from the state (..., N), by the input."""
        dt, B, C = self.x_proj(u).split(self.sizes, dim=-1)
        return softplus(self.dt_proj(dt)), B, C

    def _decay_rates(self) -> Tensor:
        """(D, N), negative, float32 at least: its exponential is taken hundreds of times over."""
        exponents = self.A_log if self.A_log.dtype.itemsize >= 4 else self.A_log.float()
        return -torch.exp(exponents)


def mixers(config: MambaOptions) -> list[nn.Module]:
    """One Mamba mixer a layer."""
    return [MambaMixer(config) for _ in range(config.num_layers)]
