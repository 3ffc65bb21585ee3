"""Whole games as streams, side by side: every viewpoint from its game's first frame to its last scored one.

A chunk holds the next frames of as many streams as fit side by side. Memory depends on that number alone, never
on how many games there are: where a stream ends, the next one takes its place in the following chunk.

Shapes: G streams, S streams side by side, T frames of a chunk, R bytes a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from exphil.loading.dataset import Gatherer, PackFiles
from exphil.loading.sampler import Ints, Segments

CHUNK_FRAMES: Final = 256
"""Frames of a chunk: long enough to be worth the handling, short enough that a stream's end wastes little."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What is evaluated, a viewpoint of a game each.

    Attributes:
        places: where they lie in the packs (G); `first` and `stop` bound what is scored.
        replay_id: (G) of the game.
        character: (G) own character's name.
        opponent: (G) the other character's name.
        stage: (G) name of the stage.
    """

    places: Segments
    replay_id: Sequence[str]
    character: Sequence[str]
    opponent: Sequence[str]
    stage: Sequence[str]

    def __len__(self) -> int:
        return len(self.replay_id)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next frames of the streams that are under way.

    Attributes:
        rows: (S, T + 1 + delay, R) uint8: T observed frames, and those whose inputs are the targets.
        viewpoint: (S,) int64: 0 where the player on the lower port is the self, 1 for the other.
        stream: (S,) which stream.
        previous: (S,) its place in the chunk before; -1 for a stream that begins here.
        since: (S, T) frames since the first that may be scored; below 0 before it.
        scored: (S, T) bool: frames that may be scored, whether the self is alive or not.
    """

    rows: torch.Tensor
    viewpoint: torch.Tensor
    stream: Ints
    previous: Ints
    since: Ints
    scored: npt.NDArray[np.bool_]

    @property
    def num_frames(self) -> int:
        """T"""
        return int(self.since.shape[1])

    @property
    def delay(self) -> int:
        """Frames between an observation and its target, beyond the one that is always there."""
        return self.rows.shape[1] - self.num_frames - 1


def shortened(places: Segments, max_frames: int | None) -> Segments:
    """The first `max_frames` frames of each; all of them without a limit."""
    if max_frames is None:
        return places
    columns = {name: getattr(places, name) for name in Segments.__slots__}
    return Segments(**{**columns, "stop": np.minimum(places.stop, places.first + max_frames)})


def name_streams(places: Segments, segments: pa.Table, packs: PackFiles) -> Streams:
    """Put the names of the segment table beside segments that were found in the packs."""
    runs = {
        (part, offset): (replay, (low, high))
        for part, offset, replay, low, high in zip(
            *(
                packs.runs.column(name).to_pylist()
                for name in ("part", "row_offset", "replay_id", "first_port", "second_port")
            ),
            strict=True,
        )
    }
    names = {
        (replay, port): rest
        for replay, port, *rest in zip(
            *(
                segments.column(name).to_pylist()
                for name in ("replay_id", "port", "character", "opponent_character", "stage")
            ),
            strict=True,
        )
    }
    found = []
    for part, start, viewpoint in zip(
        places.part.tolist(), places.run_start.tolist(), places.viewpoint.tolist(), strict=True
    ):
        replay, ports = runs[part, start]
        found.append((replay, *(name or "UNKNOWN" for name in names[replay, ports[viewpoint]])))
    return Streams(places, *(list(column) for column in zip(*found, strict=True)))


def chunks(
    packs: PackFiles, places: Segments, *, delay: int, side_by_side: int, num_frames: int = CHUNK_FRAMES
) -> Iterator[Chunk]:
    """Every stream from its game's first frame on, the longest first, so that all end at about the same time.

    Args:
        side_by_side: streams of a chunk at most.
        num_frames: of a chunk.
    """
    gatherer = Gatherer(packs.parts, num_frames + 1 + delay)
    waiting = np.argsort(places.run_start - places.stop, kind="stable").tolist()[::-1]
    under_way: list[tuple[int, int]] = []  # stream, and its next row
    while under_way or waiting:
        kept = [(s, row, at) for at, (s, row) in enumerate(under_way) if row < places.stop[s]]
        while waiting and len(kept) < side_by_side:
            stream = waiting.pop()
            kept.append((stream, int(places.run_start[stream]), -1))
        if not kept:
            return
        chosen, start, previous = (np.array(column, np.int64) for column in zip(*kept, strict=True))
        row = start[:, None] + np.arange(num_frames)
        since = row - places.first[chosen, None]
        yield Chunk(
            torch.from_numpy(gatherer.rows(places.part[chosen], start, places.run_stop[chosen])),
            torch.from_numpy(places.viewpoint[chosen]),
            chosen,
            previous,
            since,
            (since >= 0) & (row < places.stop[chosen, None]),
        )
        under_way = [(s, row + num_frames) for s, row, _ in kept]
