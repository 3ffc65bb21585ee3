"""What a runner remembers between two frames, and how the memories of several runners become one batch.

An engine never writes into arrays that it has given back, so a snapshot is a reference and costs nothing to take.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exphil.errors import PlayError
from exphil.play.engine import Ints, State

HISTORY: Final = 15
"""Frames that can be taken back. Slippi takes back at most 7."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A runner between two frames.

    Attributes:
        frame: the newest frame that it has seen; None before the first.
        state: the engine's memory after that frame, of a batch.
        lane: the runner's place in that batch.
        queue: (N, 13) inputs of the frames after it that are decided, the next first.
    """

    frame: int | None
    state: State
    lane: int
    queue: Ints


class History:
    """The snapshots before each of the last frames."""

    def __init__(self, length: int = HISTORY) -> None:
        self._before: deque[tuple[int, Snapshot]] = deque(maxlen=length)
        self._forgotten = False

    def __len__(self) -> int:
        return len(self._before)

    def clear(self, *, begun: bool = False) -> None:
        """Forget all: another game begins, or, where it has `begun`, goes on from somewhere else."""
        self._before.clear()
        self._forgotten = begun

    def add(self, frame: int, before: Snapshot) -> None:
        """Keep what was remembered before a frame that is newer than all others."""
        self._forgotten |= len(self._before) == self._before.maxlen
        self._before.append((frame, before))

    def take_back(self, frame: int) -> Snapshot:
        """What was remembered before a frame, at most the newest, and all after it came; forgets those.

        Raises:
            PlayError: the frame is older than what is kept.
        """
        frames = [seen for seen, _ in self._before]
        if not frames or (self._forgotten and frame < frames[0]):
            raise PlayError(
                f"frame {frame} cannot be taken back: only the last {self._before.maxlen} frames since the game's"
                " start, or since a snapshot was restored, can be; where another game begins, call `reset` first"
            )
        while True:
            seen, before = self._before.pop()
            if not self._before or self._before[-1][0] < frame:
                assert seen >= frame
                return before


def joined(snapshots: Sequence[Snapshot]) -> State:
    """Memories as one batch, in order; without a copy where they are a batch already."""
    first = snapshots[0].state
    together = all(
        snapshot.state is first and snapshot.lane == place for place, snapshot in enumerate(snapshots)
    )
    if together and all(len(array) == len(snapshots) for array in first):
        return first
    return tuple(
        np.concatenate([snapshot.state[part][snapshot.lane : snapshot.lane + 1] for snapshot in snapshots])
        for part in range(len(first))
    )
