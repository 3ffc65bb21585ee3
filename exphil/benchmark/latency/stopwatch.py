"""What takes how long within a frame: wrappers that time the parts of a session from outside."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.benchmark.latency.pacing import Clocks, Times
from exphil.live import Encode, EventStream, LiveFrame
from exphil.live import Message as Event
from exphil.play.controller import ControllerState
from exphil.play.pipe import Pad
from exphil.play.teams import Runner

TIMED: Final = ("reading", "features", "step", "pipe")


class Stopwatch:
    """Nanoseconds of a frame's parts. A part that comes several times in a frame counts in all."""

    def __init__(self, clocks: Clocks) -> None:
        self.now = clocks.now
        self._frames: list[tuple[int, ...]] = []
        self._parts = dict.fromkeys(TIMED, 0)

    def add(self, part: str, begun: int) -> None:
        """What went by since `begun` is of this part."""
        self._parts[part] += self.now() - begun

    def shift(self, part: str, other: str, begun: int) -> None:
        """What went by since `begun` is of `other`, and is no longer of `part`, within which it lay."""
        taken = self.now() - begun
        self._parts[part] -= taken
        self._parts[other] += taken

    def frame(self, counts: bool) -> None:
        """A frame is over; one that does not count is forgotten."""
        if counts:
            self._frames.append(tuple(self._parts.values()))
        self._parts = dict.fromkeys(TIMED, 0)

    def parts(self) -> dict[str, Times]:
        """(frames,) of each part."""
        table = np.array(self._frames, np.int64).reshape(-1, len(TIMED))
        return {name: table[:, at] for at, name in enumerate(TIMED)}


class TimedEvents:
    """An event stream: `reading`, and within it `features`; tells of every frame that came."""

    def __init__(self, stopwatch: Stopwatch, came: Callable[[], None]) -> None:
        self._stopwatch = stopwatch
        self._came = came
        self._stream = EventStream(wrap=self._timed)

    def feed(self, payload: bytes) -> list[Event]:
        begun = self._stopwatch.now()
        found = self._stream.feed(payload)
        self._stopwatch.add("reading", begun)
        for event in found:
            if isinstance(event, LiveFrame):
                self._came()
        return found

    def _timed(self, encode: Encode) -> Encode:
        """What encodes a frame: `features`, taken out of `reading`."""

        def timed(frame: int, followers: tuple[bool, bool], items: Sequence[bytes]) -> NDArray[np.uint8]:
            begun = self._stopwatch.now()
            row = encode(frame, followers, items)
            self._stopwatch.shift("reading", "features", begun)
            return row

        return timed


class TimedRunner:
    """A runner: `step`, sampling included."""

    def __init__(self, runner: Runner, stopwatch: Stopwatch) -> None:
        self._runner = runner
        self._stopwatch = stopwatch

    def reset(self, *, viewpoint: int | None = None, game: bytes = b"") -> None:
        self._runner.reset(viewpoint=viewpoint, game=game)

    def step(self, frame: LiveFrame) -> ControllerState:
        begun = self._stopwatch.now()
        state = self._runner.step(frame)
        self._stopwatch.add("step", begun)
        return state


class TimedPad:
    """A controller: `pipe`; tells when an input has been written."""

    def __init__(self, pad: Pad, stopwatch: Stopwatch, written: Callable[[], None]) -> None:
        self._pad = pad
        self._stopwatch = stopwatch
        self._written = written

    def put(self, state: ControllerState) -> bool:
        begun = self._stopwatch.now()
        done = self._pad.put(state)
        self._stopwatch.add("pipe", begun)
        self._written()
        return done

    def release(self) -> bool:
        return self._pad.release()
