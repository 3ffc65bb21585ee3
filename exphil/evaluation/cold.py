"""Nats by position in a window that begins with an empty memory, as in training: how fast the policy warms up."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import numpy as np
import torch

from exphil.evaluation.rollout import decoder_of
from exphil.loading.dataset import PackFiles
from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler, Segments
from exphil.melee.controller import HEADS, NUM_HEADS
from exphil.policy.policy import Policy
from exphil.training.baselines import Guesses

BATCH_WINDOWS: Final = 64
EPOCH: Final = 0
"""Validation during training sees the windows of this epoch too."""


@torch.inference_mode()
def cold_nats(
    policy: Policy,
    packs: PackFiles,
    places: Segments,
    guesses: Guesses,
    *,
    window_size: int,
    advance: Callable[[], None],
) -> dict[str, Any]:
    """Every frame once, each in one window without context.

    Args:
        window_size: frames of a window.
        advance: called after each batch.
    """
    device, delay = next(policy.parameters()).device, policy.config.delay
    sampler = Sampler(places, window_size=window_size, batch_size=BATCH_WINDOWS)
    loader = Loader(packs, sampler, delay=delay)
    by_head = np.zeros(NUM_HEADS)
    sums = np.zeros((window_size, 3))  # frames, nats of the policy, nats of repeat
    repeat = [torch.from_numpy(-np.log(table)).float().to(device) for table in guesses.repeat]
    for batch in loader.batches(EPOCH):
        moved = batch.to(device)
        length = batch.length
        nats = -policy.log_probs(moved)
        actions = decoder_of(policy).actions(moved.rows, moved.viewpoint)
        held, target = actions[:, delay : delay + length], actions[:, 1 + delay :]
        repeated = torch.stack(
            [table[held[..., head], target[..., head]] for head, table in enumerate(repeat)], dim=-1
        )
        counts = moved.mask & decoder_of(policy).alive(moved.rows[:, :length], moved.viewpoint)
        by_head += nats[counts].cpu().double().sum(0).numpy()
        for column, values in enumerate((torch.ones_like(counts), nats.sum(-1), repeated.sum(-1))):
            sums[:, column] += torch.where(counts, values, 0).cpu().double().sum(0).numpy()
        advance()
    frames = max(1.0, sums[:, 0].sum())
    return {
        "window_size": window_size,
        "num_frames": int(sums[:, 0].sum()),
        "nats": float(by_head.sum() / frames),
        "by_head": dict(zip(HEADS, (by_head / frames).tolist(), strict=True)),
        "by_position": [
            {
                "from": low,
                "to": high - 1,
                "num_frames": int(total),
                "policy": float(policy_nats / total),
                "repeat": float(repeat_nats / total),
            }
            for low, high in position_bins(window_size)
            for total, policy_nats, repeat_nats in [sums[low:high].sum(axis=0).tolist()]
            if total
        ],
    }


def num_batches(places: Segments, window_size: int) -> int:
    """Batches of one pass."""
    return Sampler(places, window_size=window_size, batch_size=BATCH_WINDOWS).num_batches(EPOCH)


def position_bins(window_size: int) -> list[tuple[int, int]]:
    """Positions of a window in bins that widen by a half: early ones matter alone, late ones are alike."""
    edges = [0]
    while edges[-1] < window_size:
        edges.append(min(window_size, max(edges[-1] + 1, edges[-1] * 3 // 2)))
    return list(pairwise(edges))
