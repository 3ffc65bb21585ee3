"""Real games for an exported policy to be checked on: frame by frame, some viewpoints side by side.

Shapes: S viewpoints side by side, R bytes a row, N the delay, 13 heads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from exphil.evaluation.streams import Streams, chunks
from exphil.export.session import State
from exphil.loading.dataset import PackFiles
from exphil.loading.sampler import Segments
from exphil.policy.decode import FeatureDecoder

CHUNK_FRAMES: Final = 128


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of each of the viewpoints under way.

    Attributes:
        rows: (S, R) uint8.
        viewpoint: (S,) int64.
        queue: (S, N, 13) int64, the recorded inputs of the next N frames.
        target: (S, 13) int64, the recorded input of the frame that the policy decides.
        is_real: (S,) bool: False past a game's end, where its last row is repeated.
        is_scored: (S,) bool: frames that training scores.
        previous: (S,) int64: each viewpoint's place in the frame before; -1 where its game begins here.
    """

    rows: NDArray[np.uint8]
    viewpoint: NDArray[np.int64]
    queue: NDArray[np.int64]
    target: NDArray[np.int64]
    is_real: NDArray[np.bool_]
    is_scored: NDArray[np.bool_]
    previous: NDArray[np.int64]


@torch.inference_mode()
def frames(
    packs: PackFiles, streams: Streams, decoder: FeatureDecoder, *, delay: int, side_by_side: int
) -> Iterator[Frame]:
    """Every frame of the streams, from each recording's first on."""
    places = streams.places
    for chunk in chunks(
        packs,
        places,
        delay=delay,
        side_by_side=side_by_side,
        num_frames=CHUNK_FRAMES,
        bounds=streams.bounds,
    ):
        actions = decoder.actions(chunk.rows, chunk.viewpoint).numpy()
        alive = decoder.alive(chunk.rows[:, : chunk.num_frames], chunk.viewpoint).numpy()
        rows, viewpoint = chunk.rows.numpy(), chunk.viewpoint.numpy()
        left = (places.stop - places.first)[chunk.stream, None] - chunk.since
        for t in range(chunk.num_frames):
            yield Frame(
                np.ascontiguousarray(rows[:, t]),
                viewpoint,
                np.ascontiguousarray(actions[:, t + 1 : t + 1 + delay]),
                np.ascontiguousarray(actions[:, t + 1 + delay]),
                left[:, t] > 0,
                chunk.scored[:, t] & alive[:, t],
                chunk.previous if t == 0 else np.arange(len(viewpoint)),
            )


def enough(streams: Streams, steps: int, least: int) -> Streams:
    """Streams of `steps` frames together, at least `least` of them, from as many games as that takes; or all.

    First one viewpoint of each game, the lower and the upper port by turns, then the others.
    """
    seen: dict[str, int] = {}
    rank = []
    for place, replay in enumerate(streams.replay_id):
        turn = seen.setdefault(replay, len(seen))
        rank.append((bool(streams.places.viewpoint[place] != turn % 2), turn, place))
    order = [place for *_, place in sorted(rank)]
    lengths = (streams.places.stop - streams.places.run_start)[order]
    count = min(len(order), max(least, int(np.searchsorted(np.cumsum(lengths), steps)) + 1))
    chosen = order[:count]
    return Streams(
        Segments(**{name: getattr(streams.places, name)[chosen] for name in Segments.__slots__}),
        *(
            [getattr(streams, name)[place] for place in chosen]
            for name in ("bounds", "replay_id", "character", "opponent", "stage")
        ),
    )


def carried(state: State, fresh: State, previous: NDArray[np.int64]) -> State:
    """The memory before a frame: that of the frame before, and a fresh one where a game begins."""
    if len(state) == 0 or (len(previous) == len(state[0]) and (previous == np.arange(len(previous))).all()):
        return state
    begins: Any = previous < 0
    found = []
    for kept, new in zip(state, fresh, strict=True):
        part = kept[np.maximum(previous, 0)]
        part[begins] = new[begins]
        found.append(part)
    return tuple(found)
