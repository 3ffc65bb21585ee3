"""Causal attention over the last frames, with rotary positions, and a ring of their keys and values in play.

Shapes: B batch, L frames, H hidden size, K attention_window.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from exphil.backbones.attention_kernels import fused_attention, plain_attention
from exphil.backbones.base import Kind, MixerState, zero_state
from exphil.backbones.feedforward import FeedForward
from exphil.backbones.options import AttentionOptions
from exphil.backbones.rotary import Rotary


class AttentionMixer(nn.Module):
    """Multi-head attention in which frame t sees frames t - K + 1 to t.

    Without `use_sliding_window` a window's frames see all before them. A step keeps K frames either way, and is
    then the same function for the first K frames only.
    """

    kind: ClassVar[Kind] = "attention"
    ages: Tensor

    def __init__(self, config: AttentionOptions) -> None:
        super().__init__()
        self.heads = (config.num_heads, config.head_dim)
        self.attention_window = config.attention_window
        self.span = config.attention_window if config.use_sliding_window else None
        self.dropout = config.attention_dropout
        self.attend = fused_attention if config.flash_attention else plain_attention
        self.qkv = nn.Linear(config.hidden_size, 3 * config.attention_size, bias=False)
        self.query_norm = nn.LayerNorm(config.head_dim) if config.qk_layernorm else nn.Identity()
        self.key_norm = nn.LayerNorm(config.head_dim) if config.qk_layernorm else nn.Identity()
        self.rotary = Rotary(config.head_dim)
        self.out = nn.Linear(config.attention_size, config.hidden_size, bias=False)
        ages = torch.arange(config.attention_window - 1, -1, -1)
        self.register_buffer("ages", ages, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, H) -> (B, L, H)"""
        frames = torch.arange(x.shape[1], device=x.device)
        q, k, v = (part.transpose(1, 2) for part in self._project(x, frames))
        rate = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, span=self.span, dropout=rate).transpose(1, 2)
        out: Tensor = self.out(mixed.flatten(-2))
        return out

    def output_layer(self) -> nn.Linear:
        return self.out

    def initial_state(self, batch: int) -> MixerState:
        """(keys, values, each (B, K, heads, head_dim) and the newest last; frames seen so far (B,) int64)"""
        shape = (batch, self.attention_window, *self.heads)
        seen = torch.zeros(batch, dtype=torch.int64, device=self.qkv.weight.device)
        return zero_state(self.qkv.weight, *shape), zero_state(self.qkv.weight, *shape), seen

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        """(B, H) -> (B, H), at the same cost for every frame."""
        keys, values, seen = state
        q, k, v = (part.to(keys.dtype).unsqueeze(1) for part in self._project(x, seen))
        keys, values = torch.cat((keys[:, 1:], k), dim=1), torch.cat((values[:, 1:], v), dim=1)
        filled = self.ages <= seen.unsqueeze(-1)
        q, k, v = (part.transpose(1, 2) for part in (q, keys, values))
        rate = self.dropout if self.training else 0.0
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=filled[:, None, None], dropout_p=rate)
        out: Tensor = self.out(mixed.flatten(1).to(x.dtype))
        return out, (keys, values, seen + 1)

    def _project(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(..., H) at frame numbers -> queries and keys, turned, and values: (..., heads, head_dim)."""
        q, k, v = self.qkv(x).unflatten(-1, (3, *self.heads)).unbind(-3)
        both = torch.stack((self.query_norm(q), self.key_norm(k)), dim=-3)
        q, k = self.rotary(both, frames[..., None, None]).to(v.dtype).unbind(-3)
        return q, k, v


def attention_layer(config: AttentionOptions) -> list[nn.Module]:
    """Two mixers, each on a residual of its own: attention, then a feed-forward mixer."""
    inner = config.ffn_factor * config.hidden_size
    return [AttentionMixer(config), FeedForward(config.hidden_size, inner, gelu)]


def mixers(config: AttentionOptions) -> list[nn.Module]:
    """Attention and feed-forward in turn, two mixers a layer."""
    return [mixer for _ in range(config.num_layers) for mixer in attention_layer(config)]
