"""Whether an exported policy says what torch says, over thousands of steps of real games.

Both see the same rows and carry their own memory. Compared are the log-probability of every class of every head, the
recorded choices of the heads before it given, what is drawn from the same noise, and its log-probability.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from exphil.errors import ExphilError
from exphil.evaluation.streams import Streams
from exphil.export.games import carried, frames
from exphil.export.session import OnnxEngine, State
from exphil.features import feature_set
from exphil.loading.dataset import PackFiles
from exphil.melee.controller import HEADS, NUM_HEADS
from exphil.policy.decode import FeatureDecoder
from exphil.policy.heads import groups
from exphil.policy.policy import Policy

TOLERANCE: Final = 1e-4
"""Of a log-probability, in nats; of those beyond 1 nat a share."""

LEAST_SAME: Final = 0.999
"""Share of draws that must be the same: noise may fall just where two roundings differ."""

SIDE_BY_SIDE: Final = 4
SAMPLINGS: Final = ((1.0, 1.0), (0.7, 0.9), (0.0, 1.0))
"""Temperature and top-p of what is drawn, taken in turn."""


class MissError(ExphilError):
    """An exported policy that is not what it was made from; nothing was written."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an exported policy compares with torch.

    Attributes:
        steps: frames of real games, every viewpoint's counted.
        largest: difference of a log-probability, in nats.
        largest_excess: the same over `TOLERANCE`; above 1 is a miss.
        largest_head: the head where it was.
        same_draws: share of the inputs drawn from the same noise that were the same in all heads.
    """

    steps: int
    largest: float
    largest_excess: float
    largest_head: str
    same_draws: float

    @property
    def is_miss(self) -> bool:
        return not (self.largest_excess <= 1 and self.same_draws >= LEAST_SAME)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@torch.inference_mode()
def compare_with_torch(
    policy: Policy,
    engine: OnnxEngine,
    packs: PackFiles,
    streams: Streams,
    *,
    steps: int,
    advance: Callable[[int], None],
) -> Agreement:
    """Step both through real games, `steps` frames in all or as many as there are.

    Args:
        policy: on the CPU, in evaluation mode.
        advance: told how many frames were done.
    """
    decoder = FeatureDecoder(feature_set(policy.config.feature_set))
    random = np.random.default_rng(0)
    sizes = [len(mixer) for mixer in policy.initial_state(1)]
    own: State = ()
    other: State = ()
    done = same = 0
    largest, excess, head = 0.0, 0.0, HEADS[0]
    for number, frame in enumerate(
        frames(packs, streams, decoder, delay=policy.config.delay, side_by_side=SIDE_BY_SIDE)
    ):
        batch = len(frame.rows)
        fresh, fresh_other = _flat(policy.initial_state(batch)), engine.initial_state(batch)
        if number == 0:
            own, other = fresh, fresh_other
        own, other = carried(own, fresh, frame.previous), carried(other, fresh_other, frame.previous)
        rows, viewpoint, queue, target = (
            torch.from_numpy(part) for part in (frame.rows, frame.viewpoint, frame.queue, frame.target)
        )
        hidden, after = policy.step(
            rows, viewpoint, queue if policy.config.delay else None, _nested(own, sizes)
        )
        expected = class_log_probs(policy.heads.logits(hidden, target))
        noise = random.random((batch, NUM_HEADS), np.float32)
        temperature, top_p = SAMPLINGS[number % len(SAMPLINGS)]
        wanted = policy.sample(hidden, temperature=temperature, top_p=top_p, noise=torch.from_numpy(noise))
        given = (frame.rows, frame.viewpoint, frame.queue)
        found, told, _ = engine.step(*given, noise, temperature, top_p, other)
        _, logits, other = engine.judge(*given, frame.target, other)
        own = _flat(after)
        got = class_log_probs(torch.from_numpy(logits))
        real = torch.from_numpy(frame.is_real)
        drawn = policy.heads.log_prob(hidden, torch.from_numpy(found))
        pairs = [*zip(HEADS, expected, got, strict=True)]
        pairs += [*zip(HEADS, drawn.unbind(1), torch.from_numpy(told).unbind(1), strict=True)]
        for name, a, b in pairs:
            difference = torch.nan_to_num((a - b).abs()[real], nan=torch.inf)
            if difference.numel() and float(difference.max()) > largest:
                largest, head = float(difference.max()), name
            scaled = difference / a[real].abs().clamp(min=1) / TOLERANCE
            excess = max(excess, float(scaled.max())) if scaled.numel() else excess
        equal: NDArray[np.bool_] = (found == wanted.numpy()).all(axis=1)
        count = int(frame.is_real.sum())
        same, done = same + int(equal[frame.is_real].sum()), done + count
        advance(count)
        if done >= steps:
            break
    return Agreement(done, largest, excess, head, same / max(1, done))


def class_log_probs(logits: torch.Tensor) -> list[torch.Tensor]:
    """(S, 81) -> 13 of (S, k): the log-probability of every class."""
    buttons, sticks, shoulder = groups(logits)
    two = torch.nn.functional.logsigmoid(torch.stack((-buttons, buttons), dim=-1))
    return [
        *two.unbind(1),
        *torch.log_softmax(sticks, -1).unbind(1),
        *torch.log_softmax(shoulder, -1).unbind(1),
    ]


def _flat(state: Any) -> State:
    return tuple(part.numpy() for mixer in state for part in mixer)


def _nested(state: State, sizes: list[int]) -> Any:
    parts = iter(torch.from_numpy(part) for part in state)
    return tuple(tuple(next(parts) for _ in range(size)) for size in sizes)
