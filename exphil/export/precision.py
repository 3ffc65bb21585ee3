"""What int8 costs: nats a frame on the validation side, and whether each head's likeliest class stays the same."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch

from exphil.evaluation.streams import Streams
from exphil.export.agreement import class_log_probs
from exphil.export.games import carried, frames
from exphil.export.session import OnnxEngine, State
from exphil.features import feature_set
from exphil.loading.dataset import PackFiles
from exphil.melee.controller import HEADS, NUM_HEADS
from exphil.policy.config import PolicyConfig
from exphil.policy.decode import FeatureDecoder

MOST_LOSS: Final = 0.01
"""Share of the nats that int8 may add."""

SIDE_BY_SIDE: Final = 16


@dataclass(frozen=True, slots=True)
class Precision:
    """fp32 beside int8 on the same frames, each with its own memory.

    Attributes:
        frames: that were scored.
        fp32: nats a frame.
        int8: nats a frame.
        same_argmax: by head, share of frames whose likeliest class is the same, the recorded choices before it given.
    """

    frames: int
    fp32: float
    int8: float
    same_argmax: dict[str, float]

    @property
    def loss(self) -> float:
        """Share of the nats that int8 adds; below 0 where it happens to do better."""
        return self.int8 / self.fp32 - 1

    @property
    def is_miss(self) -> bool:
        return not abs(self.loss) <= MOST_LOSS

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "loss": self.loss}


@torch.inference_mode()
def compare_precisions(
    config: PolicyConfig,
    exact: OnnxEngine,
    rough: OnnxEngine,
    packs: PackFiles,
    streams: Streams,
    *,
    steps: int,
    advance: Callable[[int], None],
) -> Precision:
    """Run both over the streams, some viewpoints side by side, until `steps` frames are done."""
    decoder = FeatureDecoder(feature_set(config.feature_set))
    engines = (exact, rough)
    states: list[State] = [(), ()]
    nats, same = np.zeros(2), np.zeros(NUM_HEADS)
    done = scored = 0
    for number, frame in enumerate(
        frames(packs, streams, decoder, delay=config.delay, side_by_side=SIDE_BY_SIDE)
    ):
        fresh = exact.initial_state(len(frame.rows))
        likeliest = []
        for at, engine in enumerate(engines):
            before = fresh if number == 0 else carried(states[at], fresh, frame.previous)
            given = (frame.rows, frame.viewpoint, frame.queue, frame.target)
            log_prob, logits, states[at] = engine.judge(*given, before)
            nats[at] -= float(log_prob[frame.is_scored].astype(np.float64).sum())
            likeliest.append([part.argmax(-1).numpy() for part in class_log_probs(torch.from_numpy(logits))])
        for head, (a, b) in enumerate(zip(*likeliest, strict=True)):
            same[head] += int((a == b)[frame.is_scored].sum())
        scored += int(frame.is_scored.sum())
        real = int(frame.is_real.sum())
        done += real
        advance(real)
        if done >= steps:
            break
    frames_scored = max(1, scored)
    return Precision(
        scored,
        float(nats[0] / frames_scored),
        float(nats[1] / frames_scored),
        dict(zip(HEADS, (same / frames_scored).tolist(), strict=True)),
    )
