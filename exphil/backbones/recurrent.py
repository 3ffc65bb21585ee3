"""LSTM and GRU mixers: torch's own layers over a window (cuDNN on CUDA), their gates written out in a step.

Shapes: B batch, L frames, H hidden size.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from exphil.backbones.base import Kind, MixerState, zero_state
from exphil.backbones.config import GruConfig, LstmConfig


class LstmMixer(nn.Module):
    """One LSTM layer; what it writes to the residual is its hidden state."""

    kind: ClassVar[Kind] = "recurrent"

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.cell = nn.LSTM(hidden_size, hidden_size, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, H) -> (B, L, H)"""
        out: Tensor = self.cell(x)[0]
        return out

    def output_layer(self) -> None:
        return None

    def initial_state(self, batch: int) -> MixerState:
        """(hidden (B, H), cell (B, H))"""
        return _zeros(self.cell, batch), _zeros(self.cell, batch)

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        """(B, H) -> (B, H)"""
        hidden, kept = state
        size = self.cell.hidden_size
        from_input, from_hidden = _gates(self.cell, x, hidden)
        both, new, show = (from_input + from_hidden).split((2 * size, size, size), dim=-1)
        write, keep = torch.sigmoid(both).split(size, dim=-1)
        kept = keep * kept + write * torch.tanh(new)
        out = torch.sigmoid(show) * torch.tanh(kept)
        return out.to(x.dtype), (out, kept)


class GruMixer(nn.Module):
    """One GRU layer; what it writes to the residual is its hidden state."""

    kind: ClassVar[Kind] = "recurrent"

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.cell = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, H) -> (B, L, H)"""
        out: Tensor = self.cell(x)[0]
        return out

    def output_layer(self) -> None:
        return None

    def initial_state(self, batch: int) -> MixerState:
        """(hidden (B, H),)"""
        return (_zeros(self.cell, batch),)

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        """(B, H) -> (B, H)"""
        (hidden,) = state
        size = self.cell.hidden_size
        (both, new), (both_hidden, new_hidden) = (
            gates.split((2 * size, size), dim=-1) for gates in _gates(self.cell, x, hidden)
        )
        reset, keep = torch.sigmoid(both + both_hidden).split(size, dim=-1)
        new = torch.tanh(new + reset * new_hidden)
        out = new + keep * (hidden - new)
        return out.to(x.dtype), (out,)


def _gates(cell: nn.RNNBase, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    """What the input and the hidden state each say to the gates, which lie as torch stacks them."""
    weight_input, weight_hidden, bias_input, bias_hidden = cell.all_weights[0]
    return linear(x, weight_input, bias_input), linear(hidden.to(x.dtype), weight_hidden, bias_hidden)


def _zeros(cell: nn.RNNBase, batch: int) -> Tensor:
    return zero_state(cell.all_weights[0][0], batch, cell.hidden_size)


def mixers(config: LstmConfig | GruConfig) -> list[nn.Module]:
    """One recurrent mixer a layer."""
    kind = LstmMixer if isinstance(config, LstmConfig) else GruMixer
    return [kind(config.hidden_size) for _ in range(config.num_layers)]
