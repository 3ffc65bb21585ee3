"""Causal attention in which a frame sees the last `span` frames, itself among them: a plain and a fused twin.

Shapes: queries, keys, values and outputs (B, heads, L, head_dim). Without a span every earlier frame is seen.
"""

import math
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import dropout as drop
from torch.nn.functional import pad, scaled_dot_product_attention


def plain_attention(q: Tensor, k: Tensor, v: Tensor, *, span: int | None, dropout: float) -> Tensor:
    """The formula as written, with all L x L scores in memory: the reference."""
    length = q.shape[-2]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    seen = band(length, length, 0, span or length, q.device)
    exact = torch.promote_types(scores.dtype, torch.float32)
    weights = torch.softmax(scores.masked_fill(~seen, -torch.inf), dim=-1, dtype=exact).to(v.dtype)
    return drop(weights, dropout) @ v


def fused_attention(q: Tensor, k: Tensor, v: Tensor, *, span: int | None, dropout: float) -> Tensor:
    """The same through torch's fused kernels, which keep no scores.

    Windows longer than the span go in blocks of `span` frames, each against itself and the block before: work
    grows with L x span, not with L x L.
    """
    length = q.shape[-2]
    attend = partial(scaled_dot_product_attention, dropout_p=dropout)
    if span is None or length <= span:
        return attend(q, k, v, is_causal=True)
    blocks = -(-length // span)
    whole = [pad(x, (0, 0, 0, blocks * span - length)).unflatten(-2, (blocks, span)) for x in (q, k, v)]
    q, k, v = whole
    first = attend(q[:, :, 0], k[:, :, 0], v[:, :, 0], is_causal=True)
    k, v = (torch.cat((x[:, :, :-1], x[:, :, 1:]), dim=-2).flatten(1, 2) for x in (k, v))
    seen = band(span, 2 * span, span, span, q.device)
    rest = attend(q[:, :, 1:].flatten(1, 2), k, v, attn_mask=seen).unflatten(1, (-1, blocks - 1))
    return torch.cat((first, rest.flatten(2, 3)), dim=-2)[:, :, :length]


def band(queries: int, keys: int, offset: int, span: int, device: torch.device) -> Tensor:
    """(queries, keys) bool: query i stands at key i + offset and sees the `span` keys that end there."""
    age = torch.arange(queries, device=device)[:, None] + offset - torch.arange(keys, device=device)
    return (age >= 0) & (age < span)
