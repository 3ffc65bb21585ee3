"""The controller as 13 choices: each conditioned on the hidden state, and by default on the choices before it.

Shapes: ... any leading dimensions (B, or B and L), H hidden size, 13 heads, 81 logits. What the heads are given,
(..., H + 81), is the backbone's output and, beside it, the code of the input that is held now.
A choice is a class index; a button is 0 or 1. Order: eight buttons, main x, main y, c x, c y, shoulder.

Buttons have one logit each, the other heads one a class; the one-hot code of the choices has the same layout,
so that one triangle of blocks says who may see whom. Training scores all heads in a handful of matrix
products, with the true choices as input; sampling walks the same weights head by head.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, logsigmoid, one_hot, silu

from exphil.melee.controller import BUTTONS, HEAD_SIZES, HEADS, NUM_HEADS, SHOULDER_BINS, STICK_BINS, STICKS
from exphil.policy.config import HeadsKind

NUM_BUTTONS: Final = len(BUTTONS)

WIDTHS: Final = (1,) * NUM_BUTTONS + HEAD_SIZES[NUM_BUTTONS:]
"""Logits of each head, and numbers of its one-hot code."""

NUM_LOGITS: Final = sum(WIDTHS)

HELD_LOGITS: Final = (8.0, 5.0)
"""What is held now, against what is not, at initialisation: for buttons (0.98 held on), and for the other heads."""

STARTS: Final = tuple(sum(WIDTHS[:head]) for head in range(NUM_HEADS))
SHOULDER_START: Final = STARTS[-1]


class ActionHeads(nn.Module, ABC):
    """Hidden state to a distribution over controller inputs: what both kinds of heads share.

    Most inputs are held for many frames, so fresh heads guess that what is held stays, and learn from there: one
    linear map from the held input's code to the logits starts as that guess, beside the path through the hidden state.
    """

    sizes: tuple[int, int]
    to_logits: nn.Linear

    @abstractmethod
    def logits(self, hidden: Tensor, actions: Tensor) -> Tensor:
        """(..., H + 81), (..., 13) int64 -> (..., 81), float32 at least whatever autocast says."""

    @abstractmethod
    def sample(
        self,
        hidden: Tensor,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """(B, H + 81) -> (B, 13) int64. Temperature 0 takes each head's likeliest class.

        `top_p` below 1 keeps the fewest likeliest classes that hold that share of a head's probability. With
        `noise`, (B, 13) uniform in [0, 1), no generator is asked, and what is drawn is a function of it; see `pick`.
        """

    def log_prob(self, hidden: Tensor, actions: Tensor) -> Tensor:
        """(..., H + 81), (..., 13) int64 -> (..., 13): nats by head; their sum is that of the whole action."""
        return score(self.logits(hidden, actions), actions)

    def _apart(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """(..., H + 81) -> what the backbone gave, and the code of the held input; in the weights' precision."""
        given, held = hidden.to(self.to_logits.weight.dtype).split(self.sizes, dim=-1)
        return given, held


class AutoregressiveHeads(ActionHeads):
    """Each head is told the choices of those before it: buttons that go together are drawn together."""

    seen: Tensor
    used: Tensor

    def __init__(self, hidden_size: int, units: int) -> None:
        """`units`: width of each head's own hidden layer, which the later heads see too."""
        super().__init__()
        self.units = units
        self.sizes = (hidden_size, NUM_LOGITS)
        self.from_hidden = nn.Linear(hidden_size, NUM_HEADS * units)
        self.from_choices = nn.Linear(NUM_LOGITS, NUM_HEADS * units, bias=False)
        self.to_logits = nn.Linear(NUM_HEADS * units, NUM_LOGITS)
        self.from_held = nn.Linear(NUM_LOGITS, NUM_LOGITS)
        _guess_what_is_held(self.to_logits, self.from_held)
        choice_head, unit_head = _owners(units)
        self.register_buffer("seen", (unit_head[:, None] > choice_head).float(), persistent=False)
        self.register_buffer("used", (choice_head[:, None] >= unit_head).float(), persistent=False)

    def logits(self, hidden: Tensor, actions: Tensor) -> Tensor:
        """Those of each head given the true choices of those before; see `ActionHeads.logits`."""
        with _full_precision(hidden):
            hidden, held = self._apart(hidden)
            code = encode(actions, hidden.dtype)
            units = silu(self.from_hidden(hidden) + linear(code, self.from_choices.weight * self.seen))
            out: Tensor = self.from_held(held)
            return out + linear(units, self.to_logits.weight * self.used, self.to_logits.bias)

    @torch.no_grad()
    def sample(
        self,
        hidden: Tensor,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Head by head, each told what was drawn before; see `ActionHeads.sample`."""
        hidden, held = self._apart(hidden)
        batch = hidden.shape[0]
        context = self.from_hidden(hidden)
        onto = (self.from_choices.weight * self.seen).t()  # (81, 13 units)
        weight, offset = self.to_logits.weight * self.used, self.to_logits.bias + self.from_held(held)
        units = hidden.new_zeros(batch, 0)
        actions = torch.empty(batch, NUM_HEADS, dtype=torch.int64, device=hidden.device)
        for head, (start, width) in enumerate(zip(STARTS, WIDTHS, strict=True)):
            own = silu(context[:, head * self.units : (head + 1) * self.units])
            units = torch.cat((units, own), dim=1)
            rows = slice(start, start + width)
            logits = linear(units, weight[rows, : units.shape[1]]) + offset[:, rows]
            if noise is None:
                choice = draw(_classes(logits), temperature, top_p, generator)
            else:
                choice = pick(logits, temperature, top_p, noise[:, head])
            actions[:, head] = choice
            told = choice.unsqueeze(1) * onto[start] if width == 1 else onto[start + choice]
            context = context + told
        return actions


class IndependentHeads(ActionHeads):
    """Each head sees the hidden state alone: one matrix product a frame, and choices that may not go together."""

    used: Tensor

    def __init__(self, hidden_size: int, units: int) -> None:
        """`units`: width of each head's own hidden layer."""
        super().__init__()
        self.sizes = (hidden_size, NUM_LOGITS)
        self.from_hidden = nn.Linear(hidden_size, NUM_HEADS * units)
        self.to_logits = nn.Linear(NUM_HEADS * units, NUM_LOGITS)
        self.from_held = nn.Linear(NUM_LOGITS, NUM_LOGITS)
        _guess_what_is_held(self.to_logits, self.from_held)
        choice_head, unit_head = _owners(units)
        self.register_buffer("used", (choice_head[:, None] == unit_head).float(), persistent=False)

    def logits(self, hidden: Tensor, actions: Tensor) -> Tensor:
        """The same whatever the choices are; see `ActionHeads.logits`."""
        with _full_precision(hidden):
            return self._logits(hidden)

    @torch.no_grad()
    def sample(
        self,
        hidden: Tensor,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """All heads at once; see `ActionHeads.sample`."""
        parts = self._logits(hidden).split(WIDTHS, dim=-1)
        if noise is None:
            choices = [draw(_classes(part), temperature, top_p, generator) for part in parts]
        else:
            columns = noise.unbind(-1)
            choices = [pick(part, temperature, top_p, u) for part, u in zip(parts, columns, strict=True)]
        return torch.stack(choices, dim=-1)

    def _logits(self, hidden: Tensor) -> Tensor:
        hidden, held = self._apart(hidden)
        units = silu(self.from_hidden(hidden))
        out: Tensor = self.from_held(held)
        return out + linear(units, self.to_logits.weight * self.used, self.to_logits.bias)


def action_heads(kind: HeadsKind, hidden_size: int, units: int) -> ActionHeads:
    """Fresh heads of a kind that `PolicyConfig.heads` names."""
    kinds: dict[HeadsKind, type[AutoregressiveHeads | IndependentHeads]] = {
        "autoregressive": AutoregressiveHeads,
        "independent": IndependentHeads,
    }
    return kinds[kind](hidden_size, units)


def encode(actions: Tensor, dtype: torch.dtype) -> Tensor:
    """(..., 13) int64 -> (..., 81): button bits, then one-hot codes."""
    parts = [actions[..., :NUM_BUTTONS].to(dtype)]
    parts.append(one_hot(actions[..., NUM_BUTTONS:-1], STICK_BINS).flatten(-2).to(dtype))
    parts.append(one_hot(actions[..., -1], SHOULDER_BINS).to(dtype))
    return torch.cat(parts, dim=-1)


def score(logits: Tensor, actions: Tensor) -> Tensor:
    """(..., 81), (..., 13) -> (..., 13): log-probability of each choice, in nats."""
    pressed = actions[..., :NUM_BUTTONS].bool()
    button, sticks, shoulder = groups(logits)
    return torch.cat(
        (
            logsigmoid(torch.where(pressed, button, -button)),
            _chosen(sticks, actions[..., NUM_BUTTONS:-1]),
            _chosen(shoulder, actions[..., -1:]),
        ),
        dim=-1,
    )


def groups(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(..., 81) -> buttons (..., 8), sticks (..., 4, 17), shoulder (..., 1, 5)."""
    return (
        logits[..., :NUM_BUTTONS],
        logits[..., NUM_BUTTONS:SHOULDER_START].unflatten(-1, (len(STICKS), STICK_BINS)),
        logits[..., SHOULDER_START:].unsqueeze(-2),
    )


def draw(logits: Tensor, temperature: float, top_p: float, generator: torch.Generator | None) -> Tensor:
    """(B, classes) -> (B,) int64: one class each."""
    if temperature <= 0:
        return logits.argmax(dim=-1)
    probability = torch.softmax(logits.float() / temperature, dim=-1)
    if top_p < 1:
        ranked, order = probability.sort(dim=-1, descending=True)
        ranked = ranked * (ranked.cumsum(-1) - ranked < max(top_p, 1e-6))  # the likeliest is always kept
        probability = torch.zeros_like(probability).scatter(-1, order, ranked)
    return torch.multinomial(probability, 1, generator=generator).squeeze(-1)


def pick(logits: Tensor, temperature: float, top_p: float, noise: Tensor) -> Tensor:
    """(B, logits of one head), (B,) uniform in [0, 1) -> (B,) int64: the class that the noise falls on.

    A button (one logit) is down where noise is below the probability that it is; another head takes the first class
    whose running sum of kept probabilities exceeds noise times their whole sum, so never one that is not kept.
    """
    if temperature <= 0:
        return _classes(logits).argmax(dim=-1)
    if logits.shape[-1] == 1:
        down = torch.sigmoid(logits[:, 0].float() / temperature)
        if top_p < 1:
            down = torch.where((down > 0.5) & (down >= top_p), 1.0, down)
            down = torch.where((down <= 0.5) & (1 - down >= top_p), 0.0, down)
        return (noise < down).long()
    probability = torch.softmax(logits.float() / temperature, dim=-1)
    if top_p < 1:
        ranked, order = probability.sort(dim=-1, descending=True, stable=True)
        ranked = ranked * (ranked.cumsum(-1) - ranked < max(top_p, 1e-6))  # the likeliest is always kept
        probability = torch.zeros_like(probability).scatter(-1, order, ranked)
    reached = probability.cumsum(-1)
    return (reached <= noise.unsqueeze(-1) * reached[:, -1:]).sum(-1)


def head_slices() -> Iterator[tuple[str, slice]]:
    """Each head's name and its place among the 81 logits."""
    for name, start, width in zip(HEADS, STARTS, WIDTHS, strict=True):
        yield name, slice(start, start + width)


@torch.no_grad()
def _guess_what_is_held(to_logits: nn.Linear, from_held: nn.Linear) -> None:
    """Fresh heads say little more than that what is held stays."""
    button, other = HELD_LOGITS
    nn.init.normal_(to_logits.weight, std=0.01)
    nn.init.zeros_(to_logits.bias)
    from_held.weight.copy_(other * torch.eye(NUM_LOGITS))
    from_held.weight[:NUM_BUTTONS, :NUM_BUTTONS] = button * torch.eye(NUM_BUTTONS)
    from_held.bias.zero_()[:NUM_BUTTONS] = -button / 2


def _owners(units: int) -> tuple[Tensor, Tensor]:
    """The head of each logit, (81,), and of each hidden unit, (13 units,)."""
    heads = torch.arange(NUM_HEADS)
    return torch.repeat_interleave(heads, torch.tensor(WIDTHS)), heads.repeat_interleave(units)


def _full_precision(hidden: Tensor) -> AbstractContextManager[None]:
    """No autocast: half precision rounds a logit of 8 to 1/32, which would show in every reported figure."""
    return torch.autocast(hidden.device.type, enabled=False)


def _classes(logits: Tensor) -> Tensor:
    """A head's logits with one for each class: a button's single one is that of being pressed."""
    return torch.cat((torch.zeros_like(logits), logits), dim=-1) if logits.shape[-1] == 1 else logits


def _chosen(logits: Tensor, classes: Tensor) -> Tensor:
    return torch.log_softmax(logits, dim=-1).gather(-1, classes.unsqueeze(-1)).squeeze(-1)
