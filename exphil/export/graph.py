"""One frame of a policy as one function of tensors: rows in, choices and memory out. This is what is exported.

Says the same as `Policy.step` and its heads, with everything that is constant worked out beforehand: columns of the
first layer in the order in which rows are read, masks multiplied into the weights.

Shapes: B batch, R bytes a row, N the delay, H hidden size, U units a head, 13 heads, 81 logits.
"""

import copy
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, silu, softplus

from exphil.backbones.base import State
from exphil.export.banks import UNUSED
from exphil.export.rows import RowReader
from exphil.export.sampling import OTHER_SIZES, Sampler
from exphil.features import feature_set
from exphil.melee.controller import NUM_HEADS, SHOULDER_BINS, STICK_BINS, STICKS
from exphil.policy.heads import (
    NUM_BUTTONS,
    STARTS,
    WIDTHS,
    AutoregressiveHeads,
    IndependentHeads,
    encode,
    groups,
)
from exphil.policy.inputs import IdEmbedding, IdKind, InputEmbedding
from exphil.policy.policy import Policy

FREE: Final = -1
"""In `forced`: draw this head."""


class StepGraph(nn.Module):
    """A policy's step, heads and sampling. Shares no weight with the policy that it is made from."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        policy = copy.deepcopy(policy).eval()
        kinds = cast("dict[IdKind, IdEmbedding]", dict(policy.inputs.tables.items()))
        tables = {kind: embedding.table.weight for kind, embedding in kinds.items()}
        self.reader = RowReader(feature_set(policy.config.feature_set), tables)
        self.delay = policy.config.delay
        self.backbone = policy.backbone
        self.backbone.embed = _reordered(policy.backbone.embed, policy.inputs, self.reader)
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
        numbers, held = self.reader(rows, viewpoint)
        codes = [held]
        if self.delay:
            codes += encode(queue, held.dtype).unbind(1)
        hidden, after = self.backbone.step(torch.cat((*numbers, *codes), dim=1), state)
        actions, logits = self.heads(hidden, codes[-1], noise, temperature, top_p, forced)
        return actions, log_prob(logits, actions), logits, after


class DrawnHeads(nn.Module):
    """Head by head: each is told what was drawn, or given, before it.

    All heads' hidden units are worked out anew for each: those of the heads before stay as they were, and one wide
    operation costs less than cutting out and joining narrow ones.
    """

    def __init__(self, heads: AutoregressiveHeads) -> None:
        super().__init__()
        self.sampler = Sampler()
        self.from_hidden, self.from_held = heads.from_hidden, heads.from_held
        with torch.no_grad():
            onto = (heads.from_choices.weight * heads.seen).t()
            weight = heads.to_logits.weight * heads.used
            self.from_held.bias.add_(heads.to_logits.bias)
        first = torch.zeros_like(onto[0])
        for head, (start, width) in enumerate(zip(STARTS, WIDTHS, strict=True)):
            told, logits = onto[start : start + width], weight[start : start + width]
            if width > 1:  # by steps: from each class to the next, and from none to class 0
                first = first + told[0]
                told = torch.cat((told[1:] - told[:-1], torch.zeros_like(told[:1])))
            self.register_buffer(f"told_{head}", told.clone(), persistent=False)
            self.register_buffer(f"logits_{head}", logits.t().clone(), persistent=False)
        with torch.no_grad():
            self.from_hidden.bias.add_(first)
        self.register_buffer("class_of_steps", _class_of_steps(), persistent=False)

    def forward(
        self, hidden: Tensor, held: Tensor, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B, H), (B, 81) and how to draw -> choices (B, 13) int64 and logits (B, 81)."""
        get = self.get_buffer
        draws = self.sampler.prepare(noise, temperature, top_p, forced)
        edges, noises = draws.edge.split(1, dim=1), draws.noise.split(1, dim=1)
        pushed = draws.pushed.split(OTHER_SIZES, dim=1)
        offsets = self.from_held(held).split(WIDTHS, dim=1)
        context = self.from_hidden(hidden)
        logits: list[Tensor] = []
        steps: list[Tensor] = []
        for head, width in enumerate(WIDTHS):
            found = torch.addmm(offsets[head], silu(context), get(f"logits_{head}"))
            if width == 1:
                chosen = (found > edges[head]).to(found.dtype)
            else:
                other = head - NUM_BUTTONS
                chosen = self.sampler.steps(
                    found, width, noises[other], pushed[other], draws.cooled, draws.share
                )
            logits.append(found)
            steps.append(chosen)
            if head + 1 < NUM_HEADS:
                context = torch.addmm(context, chosen, get(f"told_{head}"))
        actions = (torch.cat(steps, dim=1) @ get("class_of_steps")).long()
        return actions, torch.cat(logits, dim=1)


class DrawnTogether(nn.Module):
    """Independent heads, all drawn at once."""

    def __init__(self, heads: IndependentHeads) -> None:
        super().__init__()
        self.sampler = Sampler()
        self.from_hidden, self.from_held, self.to_logits = heads.from_hidden, heads.from_held, heads.to_logits
        with torch.no_grad():
            self.to_logits.weight.mul_(heads.used)
        self.register_buffer("class_of_steps", _class_of_steps(), persistent=False)

    def forward(
        self, hidden: Tensor, held: Tensor, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `DrawnHeads.forward`."""
        draws = self.sampler.prepare(noise, temperature, top_p, forced)
        logits = self.from_held(held) + self.to_logits(silu(self.from_hidden(hidden)))
        buttons, sticks, shoulder = groups(logits)
        noises, rest = draws.noise.unsqueeze(-1), (draws.cooled, draws.share)
        pushed = torch.cat((torch.zeros_like(buttons), draws.pushed), dim=1)
        _, pushed_sticks, pushed_shoulder = groups(pushed)
        steps = (
            (buttons > draws.edge).to(logits.dtype),
            self.sampler.steps(sticks, STICK_BINS, noises[:, :-1], pushed_sticks, *rest).flatten(1),
            self.sampler.steps(shoulder, SHOULDER_BINS, noises[:, -1:], pushed_shoulder, *rest).flatten(1),
        )
        return (torch.cat(steps, dim=1) @ self.get_buffer("class_of_steps")).long(), logits


def _class_of_steps() -> Tensor:
    """(81, 13): a head's class is the number of its steps."""
    return torch.repeat_interleave(torch.eye(NUM_HEADS), torch.tensor(WIDTHS), dim=0)


def log_prob(logits: Tensor, actions: Tensor) -> Tensor:
    """(B, 81), (B, 13) -> (B, 13): `exphil.policy.heads.score`, by softplus.

    Runtimes take the logarithm of a sigmoid for what torch calls logsigmoid, and lose four digits of a small one.
    """
    buttons, flat, shoulder = logits.split((NUM_BUTTONS, len(STICKS) * STICK_BINS, SHOULDER_BINS), dim=1)
    pressed, stick, press = actions.split((NUM_BUTTONS, len(STICKS), 1), dim=1)
    sticks = flat.reshape(-1, len(STICKS), STICK_BINS)
    return torch.cat(
        (
            -softplus(torch.where(pressed > 0, -buttons, buttons)),
            log_softmax(sticks, dim=-1).gather(-1, stick.unsqueeze(-1)).squeeze(-1),
            log_softmax(shoulder, dim=-1).gather(-1, press),
        ),
        dim=1,
    )


def _heads(heads: nn.Module) -> nn.Module:
    if isinstance(heads, AutoregressiveHeads):
        return DrawnHeads(heads)
    assert isinstance(heads, IndependentHeads)
    return DrawnTogether(heads)


@torch.no_grad()
def _reordered(embed: nn.Linear, inputs: InputEmbedding, reader: RowReader) -> nn.Linear:
    """The first layer for numbers as `reader` gives them, then codes; what no input is weighs nothing."""
    codes = inputs.output_size - 1 - max(reader.places)
    num_dense = len(reader.features.dense_dims)
    weight = torch.cat((embed.weight[:, :num_dense], embed.weight[:, num_dense + codes :]), dim=1)
    chosen = torch.tensor(reader.places)
    numbers = weight[:, chosen.clamp(min=0)] * (chosen != UNUSED)
    weight = torch.cat((numbers, embed.weight[:, num_dense : num_dense + codes]), dim=1)
    found = nn.Linear(weight.shape[1], embed.out_features)
    found.weight.copy_(weight)
    found.bias.copy_(embed.bias)
    return found
