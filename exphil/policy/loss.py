"""Negative log-likelihood in nats a frame: what is optimised by default, and always what is reported.

Shapes: B batch, L frames of a window, 13 heads.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from exphil.errors import UsageError

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
