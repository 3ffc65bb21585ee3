"""Recordings played to the session of `exphil play`, and how long each frame of theirs takes to be answered.

A frame begins when its packet is taken from the network, or fell due; it is answered when its input is in the
controller's pipe, or the session has found that it is too late for that. The session is that of a real game; only
the console, and who reads the pipe, are ours.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exphil.benchmark.latency.pacing import Clocks, Pace, Paced, Times, paced
from exphil.benchmark.latency.stopwatch import Stopwatch, TimedEvents, TimedPad, TimedRunner
from exphil.errors import UsageError
from exphil.live import EventStream, GameStart
from exphil.play.bot import Bot
from exphil.play.console import ConsoleError, Message, read_message
from exphil.play.engine import Engine
from exphil.play.pipe import PipeWriter
from exphil.play.runner import PolicyRunner
from exphil.play.session import Session
from exphil.play.status import Status
from exphil.play.steady import steady
from exphil.play.watchdog import Watchdog

WARMUP_FRAMES: Final = 300
"""Answered before any is counted: five seconds of a game."""

PIPE_BYTES: Final = 65536


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What a playback came to.

    Attributes:
        frames: when each was answered.
        parts: nanoseconds of each part, a figure an answer: frames that came together were answered together.
        missed: of the counted frames, those that the session's own watchdog called missed; none without a pace.
    """

    frames: Paced
    parts: dict[str, Times]
    missed: int


class Playback:
    """A console that has recordings for a game.

    Args:
        games: each game's packets; after the last comes the first again.
        frames: to be answered and counted; then the console is gone.
        pace: when frames fall due; None for one as soon as the one before is answered.
        before: called before every packet, outside of any frame, with the number of frames that have been counted.
    """

    def __init__(
        self,
        games: Sequence[Sequence[bytes]],
        frames: int,
        clocks: Clocks,
        *,
        pace: Pace | None = None,
        warmup: int = WARMUP_FRAMES,
        before: Callable[[int], None] = lambda counted: None,
    ) -> None:
        self.stopwatch = Stopwatch(clocks)
        self.begins: Callable[[int], None] = lambda port: None
        """Receives the lower port of each game, before it begins."""
        self._games = games
        self._game = -1
        self._answered_in = -1
        self._frames = frames
        self._clocks = clocks
        self._pace = pace
        self._warmup = warmup
        self._before = before
        self._left: Iterator[bytes] = iter(())
        self._dues: list[int] = []
        self._begun = self._own = self._came = 0
        self._counts = False
        self._woken: list[int] = []
        self._ready: list[int] = []
        self._owns: list[int] = []

    def connect(self, timeout_s: float, ended: Callable[[], int | None] = lambda: None) -> None:
        """Nothing to do: it is there until it is gone."""

    def receive(self, timeout_s: float) -> list[Message]:
        """The next packet, once it is due, and those that have fallen due since.

        Raises:
            ConsoleError: all frames have been played.
        """
        if self._came:
            self.answered()
        self.stopwatch.frame(self._counts)
        self._counts = False
        if len(self._ready) >= self._frames:
            raise ConsoleError("the recordings are over")
        self._before(len(self._ready))
        packets = [next(self._left, None) or self._next_game()]
        now = self._clocks.now
        self._dues = [now() if self._pace is None else self._pace.wait()]
        while self._pace is not None and self._pace.is_due:
            packet = next(self._left, None)
            if packet is None:
                break
            packets.append(packet)
            self._dues.append(self._pace.wait())
        begun = now()
        self._begun, self._own = begun, self._clocks.own()
        read = [read_message(packet, due / 1e9) for packet, due in zip(packets, self._dues, strict=True)]
        self.stopwatch.add("reading", begun)
        return [message for message in read if message is not None]

    def came(self) -> None:
        """The session has read a frame."""
        self._came += 1

    def answered(self) -> None:
        """The frames that came have got an input, or never will. All but the newest of several are late already."""
        ready, own = self._clocks.now(), self._clocks.own() - self._own
        for due in self._dues[-self._came :] if self._came else ():
            self._answered_in = self._game
            if self._warmup:
                self._warmup -= 1
                continue
            self._counts = True
            self._woken.append(self._begun - due)
            self._ready.append(ready - due)
            self._owns.append(own)
        self._came = 0

    def times(self) -> Paced:
        """Of all frames that have been counted."""
        return paced(*(times[: self._frames] for times in (self._woken, self._ready, self._owns)))

    def ended(self) -> int | None:
        """As a host: the console's process is over when its recordings are."""
        return 0 if len(self._ready) >= self._frames else None

    def menu(self, payload: bytes) -> None:
        """As a host: recordings have no menus."""

    def _next_game(self) -> bytes:
        self._game += 1
        if self._game - self._answered_in > len(self._games):
            raise UsageError("the recordings hold no frame of a game of two players; give others")
        packets = self._games[self._game % len(self._games)]
        message = read_message(packets[0])
        for event in EventStream().feed(message.payload) if message is not None else ():
            if isinstance(event, GameStart):
                self.begins(event.ports[0])
        self._left = iter(packets[1:])
        return packets[0]


def play(
    engine: Engine,
    games: Sequence[Sequence[bytes]],
    frames: int,
    clocks: Clocks,
    *,
    pace: Pace | None = None,
    warmup: int = WARMUP_FRAMES,
    before: Callable[[int], None] = lambda counted: None,
) -> Played:
    """Let a policy answer so many frames as the player on the lower port; see `Playback`.

    Raises:
        UsageError: there is no frame to answer in the games.
    """
    with ExitStack() as stack:
        path, drain = stack.enter_context(_pipe())
        silent = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123 - no path of a file

        # Without a pace nothing is due: every input is written, however late, and so its pipe is timed.
        watchdog = Watchdog() if pace is not None else Watchdog(budget_s=float("inf"))
        missed_before = 0

        def between(counted: int) -> None:
            nonlocal missed_before
            if not counted:
                missed_before = watchdog.missed
            drain()
            before(counted)

        playback = Playback(games, frames, clocks, pace=pace, warmup=warmup, before=between)
        writer = PipeWriter(path)
        stack.callback(writer.close)
        runner = TimedRunner(PolicyRunner(engine), playback.stopwatch)
        bot = Bot(0, "the policy", runner, TimedPad(writer, playback.stopwatch, playback.answered))

        def sit_down(port: int) -> None:
            bot.port = port

        playback.begins = sit_down
        session = Session(
            playback,
            playback,
            TimedEvents(playback.stopwatch, playback.came),
            [bot],
            Status(silent),
            watchdog=watchdog,
            clock=lambda: clocks.now() / 1e9,
        )
        with steady(paced=pace is not None):
            session.play()
        return Played(playback.times(), playback.stopwatch.parts(), watchdog.missed - missed_before)


@contextmanager
def _pipe() -> Iterator[tuple[Path, Callable[[], None]]]:
    """A controller's pipe with somebody who reads it, and what reads it empty; a file where there are no pipes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipe"
        if not hasattr(os, "mkfifo"):
            path.touch()
            yield path, lambda: None
            return
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

        def drain() -> None:
            with suppress(BlockingIOError):
                os.read(reader, PIPE_BYTES)

        try:
            yield path, drain
        finally:
            os.close(reader)
