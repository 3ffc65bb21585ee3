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
from exphil.stats.walk import PLAY_STARTS

CHUNK_FRAMES: Final = 256
"""Frames of a chunk: long enough to be worth the handling, short enough that a stream's end wastes little."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What is evaluated, a viewpoint of a game each.

    Attributes:
        places: where they lie in the packs (G), from the start of play to the last scored frame.
        bounds: (G) rows at which scored stretches begin and end, by turns: even places begin one, odd ones end it.
        replay_id: (G) of the game.
        character: (G) own character's name.
        opponent: (G) the other character's name.
        stage: (G) name of the stage.
    """

    places: Segments
    bounds: Sequence[Ints]
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
        since: (S, T) frames since the start of play; below 0 before it.
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
    """The first `max_frames` scored frames of each viewpoint; all of them without a limit."""
    if max_frames is None:
        return places
    lengths = places.stop - places.first
    before = np.cumsum(lengths) - lengths
    starts = _viewpoints(places)
    before -= np.repeat(before[starts], np.diff(starts, append=len(places)))
    kept = np.clip(max_frames - before, 0, lengths)
    columns = {name: getattr(places, name) for name in Segments.__slots__}
    columns["stop"] = places.first + kept
    return Segments(**{name: values[kept > 0] for name, values in columns.items()})


def _viewpoints(places: Segments) -> Ints:
    """Where in `places`, sorted by game and port, each viewpoint begins."""
    same = np.zeros(len(places), np.bool_)
    same[1:] = np.all(
        [np.diff(getattr(places, name)) == 0 for name in ("part", "run_start", "viewpoint")], axis=0
    )
    return np.flatnonzero(~same)


def name_streams(places: Segments, segments: pa.Table, packs: PackFiles) -> Streams:
    """Join what is scored of each viewpoint, found in the packs, and put the segment table's names beside it."""
    runs = {
        (part, offset): (replay, (low, high), max(0, PLAY_STARTS - first_frame))
        for part, offset, replay, low, high, first_frame in zip(
            *(
                packs.runs.column(name).to_pylist()
                for name in ("part", "row_offset", "replay_id", "first_port", "second_port", "first_frame")
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
    starts = _viewpoints(places)
    columns = {name: getattr(places, name)[starts] for name in Segments.__slots__}
    found, play_starts = [], []
    for part, start, viewpoint in zip(
        columns["part"].tolist(), columns["run_start"].tolist(), columns["viewpoint"].tolist(), strict=True
    ):
        replay, ports, lead = runs[part, start]
        play_starts.append(start + lead)
        found.append((replay, *(name or "UNKNOWN" for name in names[replay, ports[viewpoint]])))
    columns["first"] = np.array(play_starts)
    columns["stop"] = np.maximum.reduceat(places.stop, starts)
    bounds = np.split(np.stack([places.first, places.stop], axis=1).reshape(-1), 2 * starts[1:])
    return Streams(Segments(**columns), bounds, *(list(column) for column in zip(*found, strict=True)))


def chunks(
    packs: PackFiles,
    places: Segments,
    *,
    delay: int,
    side_by_side: int,
    num_frames: int = CHUNK_FRAMES,
    bounds: Sequence[Ints] | None = None,
) -> Iterator[Chunk]:
    """Every stream from its game's first frame on, the longest first, so that all end at about the same time.

    Args:
        bounds: see `Streams`; without them all from `first` to `stop` is scored.
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
        scored = (since >= 0) & (row < places.stop[chosen, None])
        if bounds is not None:
            for slot, stream in enumerate(chosen.tolist()):
                scored[slot] &= np.searchsorted(bounds[stream], row[slot], side="right") % 2 == 1
        yield Chunk(
            torch.from_numpy(gatherer.rows(places.part[chosen], start, places.run_stop[chosen])),
            torch.from_numpy(places.viewpoint[chosen]),
            chosen,
            previous,
            since,
            scored,
        )
        under_way = [(s, row + num_frames) for s, row, _ in kept]
