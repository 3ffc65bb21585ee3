"""Whether each frame of the game was answered in time, and what to do when it was not.

A frame is answered in time when its input is ready within the budget after the frame came. An input that is late is
not written: the controller keeps the one before, and the frame counts as missed. What came in the meantime is seen by
the policy in one go, and the newest of it alone is answered, so lateness never adds up.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from exphil.play.spread import PERCENTILES, spread

FRAME_S: Final = 1 / 60
"""Seconds that a frame of the game takes."""

MOST_WAITING: Final = 60
"""Frames that are caught up with; of more than these the policy sees the newest only, with an empty memory."""

RECENT: Final = 600
"""Frames that the figures while playing are over: ten seconds."""


class Latencies:
    """Times in seconds: all of them for the report, the newest for a line while playing."""

    def __init__(self) -> None:
        self._times = np.empty(4 * RECENT, np.float32)
        self.count = 0

    def add(self, seconds: float) -> None:
        if self.count == len(self._times):
            self._times = np.concatenate((self._times, np.empty_like(self._times)))
        self._times[self.count] = seconds
        self.count += 1

    @property
    def all(self) -> npt.NDArray[np.float32]:
        """(count,) seconds."""
        return self._times[: self.count]

    def recent(self) -> tuple[float, float] | None:
        """(p50, p99) of the newest in milliseconds; None before the first.

        As `figures` has them. Asked for while a game runs: `np.percentile` takes 10 ms when it is first called.
        """
        if not self.count:
            return None
        newest = 1e3 * np.sort(self.all[-RECENT:])
        last = len(newest) - 1
        return float(newest[math.ceil(0.5 * last)]), float(newest[math.ceil(0.99 * last)])

    def figures(self) -> dict[str, float | None]:
        """Percentiles of all in milliseconds, by name; None where there is nothing."""
        if not self.count:
            return dict.fromkeys(PERCENTILES)
        return {name: round(value, 4) for name, value in spread(self.all * 1e9).items()}


@dataclass
class Watchdog:
    """Counts frames and judges when they were answered.

    Attributes:
        budget_s: from a frame's coming to its input on the controller.
        frames: that came, each id once.
        missed: of these, not answered in time: late, or another came before they could be.
        left_out: of the missed, not even seen by the policy, because too many waited.
        latencies: of the frames that were answered, late or not.
    """

    budget_s: float = FRAME_S
    frames: int = 0
    missed: int = 0
    left_out: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    _newest: int | None = None
    _has_new: bool = False

    def begin_game(self) -> None:
        """Frame ids start again."""
        self._newest, self._has_new = None, False

    def took(self, frames: Iterable[int]) -> None:
        """Note the ids that came together, in their order.

        All new ones but the last are missed: the game has gone on without their inputs. Ids that came before are
        re-simulations of a rollback and cost nothing.
        """
        new = 0
        for frame in frames:
            if self._newest is None or frame > self._newest:
                self._newest = frame
                new += 1
        self._has_new = new > 0
        self.frames += new
        self.missed += max(0, new - 1)

    def is_late(self, arrived: float, now: float) -> bool:
        """Whether the input of a frame that came at `arrived` must not be written any more."""
        return now - arrived > self.budget_s

    def answered(self, arrived: float, now: float, late: bool) -> None:
        """All is done for what was taken; `late`: without its input, which a frame that came before is no miss for."""
        self.latencies.add(now - arrived)
        self.missed += late and self._has_new
