"""Plain negative log-likelihood on the validation split: what figures are compared by."""

from dataclasses import dataclass
from typing import Any

import torch

from exphil.loading.loader import Loader
from exphil.melee.controller import HEADS
from exphil.policy.loss import Nll, Supervise
from exphil.policy.policy import Policy
from exphil.training.baselines import Baselines
from exphil.training.distributed import ALONE, World
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
    policy: Policy,
    loader: Loader,
    device: torch.device,
    supervise: Supervise,
    stop: StopRequest,
    world: World = ALONE,
) -> Validation | None:
    """Score every validation frame once, in float32, each rank its slice of every batch.

    None on all ranks if any was asked to stop before the end.
    """
    # Nats by head, frames, ranks that were asked to stop.
    sums = torch.zeros(len(HEADS) + 2, dtype=torch.float64)
    with torch.inference_mode():
        for batch in loader.batches(ORDER_EPOCH):
            if stop:
                sums[-1] = 1
                break
            if len(batch.viewpoint):
                found: Nll = policy.nll(batch.to(device), supervise=supervise)
                sums[:-2] += found.by_head.double().cpu()
                sums[-2] += int(found.num_frames)
    total = sums.to(device) if world.size > 1 else sums
    world.add_up([total])
    *by_head, num_frames, stopped = total.tolist()
    if stopped:
        return None
    mean = [nats / max(1.0, num_frames) for nats in by_head]
    return Validation(sum(mean), dict(zip(HEADS, mean, strict=True)), int(num_frames))
