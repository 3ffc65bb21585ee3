"""One frame of a policy as one function of tensors: rows in, choices and memory out. This is what is exported.

Says the same as `Policy.step` and its heads, with everything that is constant worked out beforehand: columns of the
first layer in the order in which rows are read, masks multiplied into the weights.

Shapes: B batch, R bytes a row, N the delay, H hidden size, U units a head, 13 heads, 81 logits.
"""

import copy
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, log_softmax, silu, softplus

from exphil.backbones.base import State
from exphil.export.rows import UNUSED, RowReader
from exphil.export.sampling import Sampler
from exphil.features import feature_set
from exphil.melee.controller import NUM_HEADS
from exphil.policy.heads import (
    NUM_BUTTONS,
    STARTS,
    WIDTHS,
    AutoregressiveHeads,
    IndependentHeads,
    encode,
    groups,
)
from exphil.policy.inputs import InputEmbedding
from exphil.policy.policy import Policy

FREE: Final = -1
"""In `forced`: draw this head."""


class StepGraph(nn.Module):
    """A policy's step, heads and sampling. Shares no weight with the policy that it is made from."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        policy = copy.deepcopy(policy).eval()
        self.reader = RowReader(feature_set(policy.config.feature_set))
        self.delay = policy.config.delay
        self.tables = policy.inputs.tables
        self.id_kinds = policy.inputs.id_kinds
        self.backbone = policy.backbone
        self.backbone.embed = _reordered(policy.backbone.embed, policy.inputs, self.reader.dims, self.delay)
        self.heads = _heads(policy.heads)

    def forward(
        self,
        rows: Tensor,
        viewpoint: Tensor,
        queue: Tensor,
        noise: Tensor,
        temperature: Tensor,
        top_p: Tensor,
        forced: Tensor,
        state: State,
    ) -> tuple[Tensor, Tensor, Tensor, State]:
        """One frame.

        Args:
            rows: (B, R) uint8.
            viewpoint: (B,) int64: 0 where the first player is self, 1 for the second.
            queue: (B, N, 13) int64, inputs on their way.
            noise: (B, 13) float32 from 0 to below 1.
            temperature: () float32; 0 takes the likeliest.
            top_p: () float32.
            forced: (B, 13) int64: choices that are given; `FREE` for those to be drawn.
            state: the memory before.

        Returns:
            Choices (B, 13) int64, their log-probability (B, 13) at temperature 1 and without top-p, logits (B, 81)
            and the memory after.
        """
        features, held, ids = self.reader(rows, viewpoint)
        codes = [held]
        if self.delay:
            codes += encode(queue, held.dtype).unbind(1)
        vectors = [self.tables[kind].table(ids[:, column]) for column, kind in enumerate(self.id_kinds)]
        hidden, after = self.backbone.step(torch.cat((features, *codes, *vectors), dim=1), state)
        actions, logits = self.heads(hidden, codes[-1], noise, temperature, top_p, forced)
        return actions, log_prob(logits, actions), logits, after


class DrawnHeads(nn.Module):
    """Head by head: each is told what was drawn, or given, before it."""

    def __init__(self, heads: AutoregressiveHeads) -> None:
        super().__init__()
        self.units = heads.units
        self.sampler = Sampler()
        self.from_hidden, self.from_held = heads.from_hidden, heads.from_held
        with torch.no_grad():
            onto = (heads.from_choices.weight * heads.seen).t().contiguous()
            weight = heads.to_logits.weight * heads.used
            self.from_held.bias += heads.to_logits.bias
        for head, (start, width) in enumerate(zip(STARTS, WIDTHS, strict=True)):
            rows = slice(start, start + width)
            self.register_buffer(f"onto_{head}", onto[rows].clone(), persistent=False)
            seen = weight[rows, : (head + 1) * self.units]
            self.register_buffer(f"weight_{head}", seen.clone(), persistent=False)

    def forward(
        self, hidden: Tensor, held: Tensor, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B, H), (B, 81) and how to draw -> choices (B, 13) int64 and logits (B, 81)."""
        edges, others, heat, share = self.sampler.prepare(noise, temperature, top_p)
        context = self.from_hidden(hidden)
        offsets = self.from_held(held).split(WIDTHS, dim=1)
        given, free = forced.split(1, dim=1), (forced < 0).split(1, dim=1)
        edge, noises = edges.split(1, dim=1), others.split(1, dim=1)
        units: list[Tensor] = []
        logits: list[Tensor] = []
        choices: list[Tensor] = []
        for head, width in enumerate(WIDTHS):
            own, context = context[:, : self.units], context[:, self.units :]
            units.append(silu(own))
            logit = linear(torch.cat(units, dim=1), self.get_buffer(f"weight_{head}")) + offsets[head]
            if width == 1:
                drawn = (logit > edge[head]).long()
            else:
                drawn = self.sampler.choose(logit, noises[head - NUM_BUTTONS], heat, share).unsqueeze(1)
            choice = torch.where(free[head], drawn, given[head])
            logits.append(logit)
            choices.append(choice)
            if head + 1 < NUM_HEADS:
                onto = self.get_buffer(f"onto_{head}")[:, (head + 1) * self.units :]
                told = choice.to(context.dtype) * onto if width == 1 else onto[choice.squeeze(1)]
                context = context + told
        return torch.cat(choices, dim=1), torch.cat(logits, dim=1)


class DrawnTogether(nn.Module):
    """Independent heads, all drawn at once."""

    def __init__(self, heads: IndependentHeads) -> None:
        super().__init__()
        self.sampler = Sampler()
        self.from_hidden, self.from_held, self.to_logits = heads.from_hidden, heads.from_held, heads.to_logits
        with torch.no_grad():
            self.to_logits.weight *= heads.used

    def forward(
        self, hidden: Tensor, held: Tensor, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `DrawnHeads.forward`."""
        edges, others, heat, share = self.sampler.prepare(noise, temperature, top_p)
        logits = self.from_held(held) + self.to_logits(silu(self.from_hidden(hidden)))
        buttons, sticks, shoulder = groups(logits)
        others = others.unsqueeze(-1)
        drawn = torch.cat(
            (
                (buttons > edges).long(),
                self.sampler.choose(sticks, others[:, :-1], heat, share),
                self.sampler.choose(shoulder, others[:, -1:], heat, share),
            ),
            dim=1,
        )
        return torch.where(forced < 0, drawn, forced), logits


def log_prob(logits: Tensor, actions: Tensor) -> Tensor:
    """(B, 81), (B, 13) -> (B, 13): `exphil.policy.heads.score`, by softplus.

    Runtimes take the logarithm of a sigmoid for what torch calls logsigmoid, and lose four digits of a small one.
    """
    buttons, sticks, shoulder = groups(logits)
    pressed, stick, press = actions.split((NUM_BUTTONS, sticks.shape[1], 1), dim=1)
    return torch.cat(
        (
            -softplus(torch.where(pressed > 0, -buttons, buttons)),
            log_softmax(sticks, dim=-1).gather(-1, stick.unsqueeze(-1)).squeeze(-1),
            log_softmax(shoulder, dim=-1).gather(-1, press.unsqueeze(-1)).squeeze(-1),
        ),
        dim=1,
    )


def _heads(heads: nn.Module) -> nn.Module:
    if isinstance(heads, AutoregressiveHeads):
        return DrawnHeads(heads)
    assert isinstance(heads, IndependentHeads)
    return DrawnTogether(heads)


@torch.no_grad()
def _reordered(embed: nn.Linear, inputs: InputEmbedding, dims: list[int], delay: int) -> nn.Linear:
    """The first layer for columns as a `RowReader` gives them; those that no dim shows weigh nothing."""
    num_dense = 1 + max(dims)
    chosen = torch.tensor(dims)
    dense = embed.weight[:, :num_dense][:, chosen.clamp(min=0)] * (chosen != UNUSED)
    weight = torch.cat((dense, embed.weight[:, num_dense:]), dim=1)
    found = nn.Linear(weight.shape[1], embed.out_features)
    found.weight.copy_(weight)
    found.bias.copy_(embed.bias)
    assert inputs.output_size == embed.in_features
    return found
