"""Mixers as a graph steps them: twins of `exphil.backbones` in fewer operations, with a memory laid out for a frame.

On one frame an operation costs more than its numbers do. So nothing is turned around from frame to frame: a Mamba
layer keeps its channels last, an attention layer its heads first. A memory of theirs is none of the policy's.

Shapes: B batch, H hidden size, D inner channels, N state size, K conv size, or frames that attention sees.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from exphil.backbones.attention import AttentionMixer
from exphil.backbones.base import MixerState, zero_state
from exphil.backbones.mamba import MambaMixer
from exphil.backbones.rotary import TURN

UNSEEN = -1e9
"""Added to the score of a frame that has not been."""


class MambaStep(nn.Module):
    """One selective state space layer of a policy, a frame at a time."""

    taps: Tensor
    rates: Tensor

    def __init__(self, mixer: MambaMixer) -> None:
        super().__init__()
        self.in_proj, self.x_proj, self.dt_proj = mixer.in_proj, mixer.x_proj, mixer.dt_proj
        self.out_proj, self.D, self.sizes = mixer.out_proj, mixer.D, mixer.sizes
        assert mixer.conv1d.bias is not None
        self.conv_bias = mixer.conv1d.bias
        with torch.no_grad():
            self.register_buffer("taps", mixer.conv1d.weight.squeeze(1).t().clone(), persistent=False)
            self.register_buffer("rates", mixer._decay_rates().t().clone(), persistent=False)

    def initial_state(self, batch: int) -> MixerState:
        """(inputs of the last K - 1 frames (B, K - 1, D), state (B, N, D))"""
        (size, channels), states = self.taps.shape, len(self.rates)
        return zero_state(self.D, batch, size - 1, channels), zero_state(self.D, batch, states, channels)

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        """(B, H) -> (B, H): `MambaMixer.step`."""
        earlier, h = state
        u, z = self.in_proj(x).split(len(self.D), dim=-1)
        seen = torch.cat((earlier, u.unsqueeze(1)), dim=1)
        u = silu((seen * self.taps).sum(1) + self.conv_bias)
        dt, B, C = self.x_proj(u).split(self.sizes, dim=-1)
        delta = softplus(self.dt_proj(dt))
        h = torch.exp(delta.unsqueeze(1) * self.rates) * h + B.unsqueeze(-1) * (delta * u).unsqueeze(1)
        y = (C.unsqueeze(1) @ h).squeeze(1)
        return self.out_proj((y + self.D * u) * silu(z)), (seen[:, 1:], h)


class AttentionStep(nn.Module):
    """One layer of attention of a policy, a frame at a time."""

    parts_a_frame: Tensor
    angle_of_part: Tensor
    ages: Tensor

    def __init__(self, mixer: AttentionMixer) -> None:
        super().__init__()
        self.qkv, self.out = mixer.qkv, mixer.out
        self.query_norm, self.key_norm = mixer.query_norm, mixer.key_norm
        self.heads, self.head_dim = mixer.heads
        self.scale = 1 / math.sqrt(self.head_dim)
        # the halves of a vector turn by the same angle, the first against the second
        angle = torch.full((self.head_dim,), 2 * math.pi / TURN)
        angle[: self.head_dim // 2] *= -1
        self.register_buffer("parts_a_frame", mixer.rotary.parts_a_frame.repeat(2), persistent=False)
        self.register_buffer("angle_of_part", angle, persistent=False)
        self.register_buffer("ages", mixer.ages.clone(), persistent=False)

    def initial_state(self, batch: int) -> MixerState:
        """(keys, values, each (B, heads, K - 1, head_dim) and the newest last; frames seen so far (B,) int64)"""
        shape = (batch, self.heads, len(self.ages) - 1, self.head_dim)
        weight = self.qkv.weight
        seen = torch.zeros(batch, dtype=torch.int64, device=weight.device)
        return zero_state(weight, *shape), zero_state(weight, *shape), seen

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        """(B, H) -> (B, H): `AttentionMixer.step`."""
        keys, values, seen = state
        size = self.heads * self.head_dim
        both, v = self.qkv(x).split((2 * size, size), dim=-1)
        number = seen.reshape(-1, 1, 1, 1)
        q, k = self._turned(both.reshape(-1, 2, self.heads, self.head_dim), number).split(1, dim=1)
        frame = (-1, self.heads, 1, self.head_dim)
        keys = torch.cat((keys, k.reshape(frame)), dim=2)
        values = torch.cat((values, v.reshape(frame)), dim=2)
        scores = q.reshape(frame) @ keys.transpose(-1, -2) * self.scale
        scores = scores + torch.where(self.ages <= number, 0.0, UNSEEN)
        mixed = (torch.softmax(scores, dim=-1) @ values).reshape(-1, size)
        return self.out(mixed), (keys[:, :, 1:], values[:, :, 1:], seen + 1)

    def _turned(self, both: Tensor, number: Tensor) -> Tensor:
        """Queries and keys (B, 2, heads, head_dim) of frames (B, 1, 1, 1), normed and turned."""
        if not isinstance(self.query_norm, nn.Identity):
            q, k = both.split(1, dim=1)
            both = torch.cat((self.query_norm(q), self.key_norm(k)), dim=1)
        angle = (number * self.parts_a_frame % TURN).float() * self.angle_of_part
        left, right = both.split(self.head_dim // 2, dim=-1)
        return both * angle.cos() + torch.cat((right, left), dim=-1) * angle.sin()


def stepped(mixer: nn.Module) -> nn.Module:
    """What steps in the place of a mixer: a twin, or the mixer itself where it has none."""
    if isinstance(mixer, MambaMixer):
        return MambaStep(mixer)
    if isinstance(mixer, AttentionMixer):
        return AttentionStep(mixer)
    return mixer
