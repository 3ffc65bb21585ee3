"""Negative log-likelihood in nats a frame, always reported; and what is optimised, which may be bent away from it.

Shapes: B batch, L frames of a window, 13 heads, 81 logits.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, logsigmoid, one_hot

from exphil.errors import UsageError
from exphil.policy.heads import NUM_BUTTONS, groups, score
from exphil.policy.objective import Objective

Supervise = Literal["all", "last"]


@dataclass(frozen=True, slots=True)
class Nll:
    """Summed over the scored frames, so that batches add up to exact means.

    Attributes:
        by_head: (13,) nats, with gradient where the log-probabilities have one.
        num_frames: () int64, frames scored.
    """

    by_head: Tensor
    num_frames: Tensor

    @property
    def mean(self) -> Tensor:
        """() nats a frame, all heads together: the loss. Zero where no frame is scored."""
        return self.by_head.sum() / self.num_frames.clamp(min=1)

    @property
    def mean_by_head(self) -> Tensor:
        """(13,) nats a frame."""
        return self.by_head / self.num_frames.clamp(min=1)

    def __add__(self, other: "Nll") -> "Nll":
        return Nll(self.by_head + other.by_head, self.num_frames + other.num_frames)

    def detach(self) -> "Nll":
        return Nll(self.by_head.detach(), self.num_frames)


@dataclass(frozen=True, slots=True)
class Losses:
    """What a batch came to, summed over its scored frames.

    Attributes:
        optimised: () with gradient; over the frames of a step it makes the step's loss.
        nll: plain, without gradient.
    """

    optimised: Tensor
    nll: Nll

    @property
    def mean(self) -> Tensor:
        """() optimised, a frame. Zero where no frame is scored."""
        return self.optimised / self.nll.num_frames.clamp(min=1)


def first_scored(length: int, *, supervise: Supervise = "all", warmup: int = 0) -> int:
    """Where in a window of `length` frames scoring starts: after the warm-up, or at the last frame alone."""
    if supervise not in ("all", "last"):
        raise UsageError(f"--supervise takes 'all' or 'last', not {supervise!r}")
    if not 0 <= warmup < length:
        raise UsageError(f"warm-up must leave a frame of the window to score: {warmup} of {length} frames")
    return length - 1 if supervise == "last" else warmup


def nll(log_probs: Tensor, scored: Tensor) -> Nll:
    """(B, L, 13) log-probabilities and (B, L) bool -> their negative sums over the scored frames.

    Frames that are not scored leave no trace, not even where their log-probability is no number.
    """
    kept = torch.where(scored.unsqueeze(-1), log_probs, 0.0)
    return Nll(-kept.float().sum(dim=(0, 1)), scored.sum())


def losses(logits: Tensor, actions: Tensor, scored: Tensor, objective: Objective) -> Losses:
    """(B, L, 81) logits, (B, L, 13) true choices and (B, L) bool -> both sums over the scored frames.

    With a plain objective the optimised sum is the reported one, to the bit.
    """
    if objective.is_plain:
        plain = nll(score(logits, actions), scored)
        return Losses(plain.by_head.sum(), plain.detach())
    with torch.no_grad():
        plain = nll(score(logits, actions), scored)
    bent = nll(-objective_nats(logits, actions, objective), scored)
    return Losses(bent.by_head.sum(), plain)


def objective_nats(logits: Tensor, actions: Tensor, objective: Objective) -> Tensor:
    """(..., 81), (..., 13) -> (..., 13): each head's share of the optimised loss."""
    button, sticks, shoulder = groups(logits)
    pressed = actions[..., :NUM_BUTTONS]
    by_class = torch.stack((logsigmoid(-button), logsigmoid(button)), dim=-1)
    weight = by_class.new_tensor((1.0, objective.button_weight))
    return torch.cat(
        (
            _bent(by_class, pressed, objective, weight),
            _bent(log_softmax(sticks, dim=-1), actions[..., NUM_BUTTONS:-1], objective),
            _bent(log_softmax(shoulder, dim=-1), actions[..., -1:], objective),
        ),
        dim=-1,
    )


def _bent(log_probs: Tensor, classes: Tensor, objective: Objective, weight: Tensor | None = None) -> Tensor:
    """(..., n, K) log-probabilities of n heads' K classes, (..., n), weights (K,) -> (..., n)."""
    num_classes = log_probs.shape[-1]
    true = one_hot(classes, num_classes)
    spread = objective.label_smoothing
    target = true * (1 - spread) + spread / num_classes
    nats = -(target * log_probs if weight is None else target * weight * log_probs).sum(-1)
    if not objective.focal_gamma:
        return nats
    # From the other classes, not as log(1 - p): that has no gradient left where p rounds to 1.
    missed = log_probs.masked_fill(true.bool(), -torch.inf).logsumexp(-1)
    return nats * torch.exp(objective.focal_gamma * missed)
