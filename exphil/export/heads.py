"""The heads of a graph: scores and choices of a frame, one head after the other.

Each kind has two ways to draw. `freely` knows neither top-p nor given choices, and so needs two thirds of the
operations; `drawn` has both. An exported file holds the two, and takes the first where it may.

Shapes: B batch, H hidden size, U units of all heads, 13 heads, 81 logits.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, silu, softplus

from exphil.export.sampling import OTHER_SIZES, Sampler
from exphil.melee.controller import NUM_HEADS, SHOULDER_BINS, STICK_BINS, STICKS
from exphil.policy.heads import (
    NUM_BUTTONS,
    STARTS,
    WIDTHS,
    AutoregressiveHeads,
    IndependentHeads,
    groups,
)

Begun: TypeAlias = tuple[Tensor, ...]
"""What both ways of drawing begin with."""


def is_free(top_p: Tensor, forced: Tensor) -> Tensor:
    """() and (B, 13) -> () bool: whether every head is drawn, and from all of its classes."""
    return (top_p >= 1) & (forced.amax() < 0)


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

    def begin(self, hidden: Tensor, held: Tensor) -> Begun:
        """Units (B, U) before any choice is known, and what the held input adds to the logits, (B, 81)."""
        return self.from_hidden(hidden), self.from_held(held)

    def freely(self, begun: Begun, noise: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        draws = self.sampler.prepare_freely(noise, temperature)
        edges, noises = draws.edge.split(1, dim=1), draws.noise.split(1, dim=1)

        def choose(head: int, logits: Tensor) -> Tensor:
            if head < NUM_BUTTONS:
                return _pressed(logits, edges[head])
            return self.sampler.free_steps(logits, WIDTHS[head], noises[head - NUM_BUTTONS], draws.cooled)

        return self._one_by_one(begun, choose)

    def drawn(
        self, begun: Begun, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor
    ) -> tuple[Tensor, Tensor]:
        draws = self.sampler.prepare(noise, temperature, top_p, forced)
        edges, noises = draws.edge.split(1, dim=1), draws.noise.split(1, dim=1)
        pushed = draws.pushed.split(OTHER_SIZES, dim=1)

        def choose(head: int, logits: Tensor) -> Tensor:
            if head < NUM_BUTTONS:
                return _pressed(logits, edges[head])
            other = head - NUM_BUTTONS
            return self.sampler.steps(
                logits, WIDTHS[head], noises[other], pushed[other], draws.cooled, draws.share
            )

        return self._one_by_one(begun, choose)

    def _one_by_one(self, begun: Begun, choose: Callable[[int, Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """`choose`: a head and its logits (B, k) to the steps of its choice (B, k)."""
        get = self.get_buffer
        context, held = begun
        offsets = held.split(WIDTHS, dim=1)
        logits: list[Tensor] = []
        steps: list[Tensor] = []
        for head in range(NUM_HEADS):
            logits.append(torch.addmm(offsets[head], silu(context), get(f"logits_{head}")))
            steps.append(choose(head, logits[-1]))
            if head + 1 < NUM_HEADS:
                context = torch.addmm(context, steps[-1], get(f"told_{head}"))
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

    def begin(self, hidden: Tensor, held: Tensor) -> Begun:
        """All logits, (B, 81)."""
        return (self.from_held(held) + self.to_logits(silu(self.from_hidden(hidden))),)

    def freely(self, begun: Begun, noise: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        (logits,) = begun
        draws = self.sampler.prepare_freely(noise, temperature)
        buttons, sticks, shoulder = groups(logits)
        noises = draws.noise.unsqueeze(-1)
        return self._counted(
            logits,
            buttons > draws.edge,
            self.sampler.free_steps(sticks, STICK_BINS, noises[:, :-1], draws.cooled),
            self.sampler.free_steps(shoulder, SHOULDER_BINS, noises[:, -1:], draws.cooled),
        )

    def drawn(
        self, begun: Begun, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor
    ) -> tuple[Tensor, Tensor]:
        (logits,) = begun
        draws = self.sampler.prepare(noise, temperature, top_p, forced)
        buttons, sticks, shoulder = groups(logits)
        noises, rest = draws.noise.unsqueeze(-1), (draws.cooled, draws.share)
        pushed = torch.cat((torch.zeros_like(buttons), draws.pushed), dim=1)
        _, pushed_sticks, pushed_shoulder = groups(pushed)
        return self._counted(
            logits,
            buttons > draws.edge,
            self.sampler.steps(sticks, STICK_BINS, noises[:, :-1], pushed_sticks, *rest),
            self.sampler.steps(shoulder, SHOULDER_BINS, noises[:, -1:], pushed_shoulder, *rest),
        )

    def _counted(
        self, logits: Tensor, pressed: Tensor, sticks: Tensor, shoulder: Tensor
    ) -> tuple[Tensor, Tensor]:
        steps = torch.cat((pressed.to(logits.dtype), sticks.flatten(1), shoulder.flatten(1)), dim=1)
        return (steps @ self.get_buffer("class_of_steps")).long(), logits


def drawn_heads(heads: nn.Module) -> DrawnHeads | DrawnTogether:
    """Of a policy's heads, whose weights change."""
    if isinstance(heads, AutoregressiveHeads):
        return DrawnHeads(heads)
    assert isinstance(heads, IndependentHeads)
    return DrawnTogether(heads)


def _pressed(logits: Tensor, edge: Tensor) -> Tensor:
    """(B, 1), (B, 1) -> (B, 1): 1 or 0."""
    pressed: Tensor = logits > edge
    return pressed.to(logits.dtype)


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
