"""Plain negative log-likelihood on the validation split: what figures are compared by."""

from dataclasses import dataclass
from typing import Any

import torch

from exphil.loading.loader import Loader
from exphil.melee.controller import HEADS
from exphil.policy.loss import Nll, Supervise
from exphil.policy.policy import Policy
from exphil.training.baselines import Baselines
from exphil.training.interrupt import StopRequest

ORDER_EPOCH = 0
"""Validation always sees this epoch's windows, so that its figures differ by the policy alone."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Nats a frame of a policy on the validation split.

    Attributes:
        nats: all heads together.
        by_head: each head.
        num_frames: frames scored.
    """

    nats: float
    by_head: dict[str, float]
    num_frames: int

    def to_dict(self, guesses: Baselines) -> dict[str, Any]:
        """For `metrics.jsonl`, beside the baselines on the same frames."""
        return {
            "nats": self.nats,
            "marginal": float(guesses.marginal.sum()),
            "repeat": float(guesses.repeat.sum()),
            "num_frames": self.num_frames,
            "by_head": self.by_head,
        }


def validate(
    policy: Policy, loader: Loader, device: torch.device, supervise: Supervise, stop: StopRequest
) -> Validation | None:
    """Score every validation frame once; None if asked to stop before the end."""
    policy.eval()
    by_head = torch.zeros(len(HEADS), dtype=torch.float64)
    num_frames = 0
    with torch.inference_mode():
        for batch in loader.batches(ORDER_EPOCH):
            if stop:
                policy.train()
                return None
            found: Nll = policy.nll(batch.to(device), supervise=supervise)
            by_head += found.by_head.double().cpu()
            num_frames += int(found.num_frames)
    policy.train()
    mean = (by_head / max(1, num_frames)).tolist()
    return Validation(sum(mean), dict(zip(HEADS, mean, strict=True)), num_frames)
