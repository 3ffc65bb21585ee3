"""Learning rate over a run: up in a line, down along a cosine that ends with the run's last batch."""

import math

WARMUP_SHARE = 5
"""The warm-up takes at most one part in this many of the run, so that a short run still learns."""


def warmup_of(asked: int, total_steps: int) -> int:
    """Batches of warm-up in a run of `total_steps`."""
    return min(asked, total_steps // WARMUP_SHARE)


def learning_rate(step: int, *, highest: float, total_steps: int, warmup_steps: int) -> float:
    """Rate of batch `step`, from 0 to `total_steps` - 1. Never zero: every batch teaches something."""
    if step < warmup_steps:
        return highest * (step + 1) / (warmup_steps + 1)
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return highest * 0.5 * (1.0 + math.cos(math.pi * progress))
