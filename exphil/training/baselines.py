"""What a policy must beat: guesses from frequencies alone, in nats a frame over the same frames.

*Marginal* knows how often each class of a head occurs (add-one smoothing); *repeat* knows how often one
class follows another (add-0.1): P(input of frame t + 1 + delay | input of frame t + delay), the newest input
that a policy with that delay knows. Both follow from counts of pairs, so the packs are read once a split.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from exphil.loading.dataset import PackFiles
from exphil.loading.sampler import Ints, Sampler, Segments
from exphil.melee.controller import HEAD_SIZES, HEADS
from exphil.policy.policy import Decoder

CHUNK_FRAMES: Final = 1 << 16
MARGINAL_SMOOTHING: Final = 1.0
REPEAT_SMOOTHING: Final = 0.1

Pairs = tuple[npt.NDArray[np.int64], ...]
"""A head's (previous class, next class) counts, for each of the 13."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """Probabilities from counts, a table a head.

    Attributes:
        marginal: 13 of (classes,): of each class.
        repeat: 13 of (classes, classes): of each class after each.
    """

    marginal: tuple[npt.NDArray[np.float64], ...]
    repeat: tuple[npt.NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True)
class Baselines:
    """Nats a frame on the validation frames, by head.

    Attributes:
        marginal: (13,) from each head's own frequencies.
        repeat: (13,) from what followed the previous input.
        num_frames: frames scored.
    """

    marginal: npt.NDArray[np.float64]
    repeat: npt.NDArray[np.float64]
    num_frames: int

    def to_dict(self) -> dict[str, object]:
        """For JSON: sums, and figures by head."""
        return {
            name: {"nats": float(nats.sum()), "by_head": dict(zip(HEADS, nats.tolist(), strict=True))}
            for name, nats in (("marginal", self.marginal), ("repeat", self.repeat))
        }


def guesses(train: Pairs) -> Guesses:
    """The probabilities that the training pairs tell."""
    following = [known.sum(axis=0) + MARGINAL_SMOOTHING for known in train]
    given = [known + REPEAT_SMOOTHING for known in train]
    return Guesses(
        tuple(counts / counts.sum() for counts in following),
        tuple(counts / counts.sum(axis=1, keepdims=True) for counts in given),
    )


def baselines(train: Pairs, validation: Pairs) -> Baselines:
    """Score the validation pairs with what the training pairs tell."""
    num_frames = int(validation[0].sum())
    known = guesses(train)
    marginal = [
        -(scored.sum(axis=0) * np.log(table)).sum()
        for scored, table in zip(validation, known.marginal, strict=True)
    ]
    repeat = [-(scored * np.log(table)).sum() for scored, table in zip(validation, known.repeat, strict=True)]
    return Baselines(np.array(marginal) / num_frames, np.array(repeat) / num_frames, num_frames)


def count_pairs(packs: PackFiles, segments: Segments, decoder: Decoder, delay: int) -> Pairs:
    """Previous and next classes of each head, over all frames of `segments` in which the self is alive."""
    counts = [np.zeros(classes * classes, np.int64) for classes in HEAD_SIZES]
    for part, rows, viewpoint in _frames(segments):
        pack = packs.parts[part]
        seen = torch.from_numpy(viewpoint)
        now = torch.from_numpy(pack[rows]).unsqueeze(1)
        alive = decoder.alive(now, seen).squeeze(1).numpy()
        known = torch.from_numpy(pack[rows + delay]).unsqueeze(1)
        before = decoder.actions(known, seen).squeeze(1).numpy()[alive]
        later = torch.from_numpy(pack[rows + 1 + delay]).unsqueeze(1)
        after = decoder.actions(later, seen).squeeze(1).numpy()[alive]
        for head, classes in enumerate(HEAD_SIZES):
            pair = before[:, head] * classes + after[:, head]
            counts[head] += np.bincount(pair, minlength=classes * classes)
    return tuple(count.reshape(k, k) for count, k in zip(counts, HEAD_SIZES, strict=True))


def scored_segments(sampler: Sampler, epoch: int) -> Segments:
    """The frames that an epoch of `sampler` scores, as segments."""
    if sampler.supervise == "all":
        return sampler.segments
    order = sampler.epoch(epoch)
    windows = [order.batch(index) for index in range(order.num_batches)]
    chosen = np.concatenate([batch.segment for batch in windows])
    frame = np.concatenate([batch.start + batch.scored_from for batch in windows])
    names: Sequence[str] = Segments.__slots__
    columns = {name: getattr(sampler.segments, name)[chosen] for name in names}
    return Segments(**{**columns, "first": frame, "stop": frame + 1})


def _frames(segments: Segments) -> Iterator[tuple[int, Ints, Ints]]:
    """(pack, rows, viewpoints) of all frames of segments, a chunk at a time, in order of the rows."""
    for part in np.unique(segments.part).tolist():
        chosen = np.flatnonzero(segments.part == part)
        chosen = chosen[np.argsort(segments.first[chosen], kind="stable")]
        first, length = segments.first[chosen], (segments.stop - segments.first)[chosen]
        ends = np.cumsum(length)
        for begin in range(0, int(ends[-1]), CHUNK_FRAMES):
            frame = np.arange(begin, min(begin + CHUNK_FRAMES, int(ends[-1])))
            owner = np.searchsorted(ends, frame, side="right")
            rows = first[owner] + frame - (ends[owner] - length[owner])
            yield part, rows, segments.viewpoint[chosen][owner]
