"""The parts of a session, each with a stopwatch, and a memory of what came and what was answered."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, cast

from exphil.live import GameEnd, LiveFrame, Trouble
from exphil.live import Message as Event
from exphil.play.console import ConsoleError, Message
from exphil.play.controller import ControllerState
from exphil.play.engine import Bytes, Ints
from exphil.play.pipe import input_lines
from exphil.play.runner import PolicyRunner
from exphil.play.session import Console, Events
from exphil.play.teams import Runner, step_team
from exphil.play.watchdog import Latencies

Clock = Callable[[], float]

MOST_TROUBLES: Final = 20
"""Remarks about the stream that are kept."""


class ObservedEvents:
    """An event stream; keeps the game as it stands, rolled back frames replaced.

    Attributes:
        reading: seconds from the bytes of a frame's events to its row.
        rows: by frame id, (R,) packed rows.
        rolled_back: rows that were replaced.
        ended: whether the game's end has come.
        troubles: what could not be read, in words.
    """

    def __init__(self, events: Events, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self.reading = Latencies()
        self.rows: dict[int, Bytes] = {}
        self.rolled_back = 0
        self.ended = False
        self.troubles: list[str] = []

    def feed(self, payload: bytes) -> list[Event]:
        """As `exphil.live.EventStream`."""
        begun = self._clock()
        found = self._events.feed(payload)
        taken = self._clock() - begun
        for event in found:
            if isinstance(event, LiveFrame):
                self.reading.add(taken)
                self.rolled_back += event.frame in self.rows
                self.rows[event.frame] = event.row
            elif isinstance(event, GameEnd):
                self.ended = True
            elif isinstance(event, Trouble) and len(self.troubles) < MOST_TROUBLES:
                self.troubles.append(event.message)
        return found


class ObservedSteps:
    """Steps policies; keeps what they answered, the last answer beside a frame that came again.

    Attributes:
        stepping: seconds in which a frame was answered for all of a team, drawing included.
        answers: by viewpoint and the frame that was seen, the classes (13,) chosen for frame + 1 + delay.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.stepping = Latencies()
        self.answers: dict[int, dict[int, Ints]] = {0: {}, 1: {}}

    def __call__(self, team: Sequence[Runner], frame: LiveFrame) -> list[ControllerState]:
        """As `exphil.play.teams.step_team`."""
        begun = self._clock()
        states = step_team(team, frame)
        self.stepping.add(self._clock() - begun)
        for runner in cast(Sequence[PolicyRunner], team):
            assert runner.decision is not None
            self.answers[runner.viewpoint][frame.frame] = runner.decision.classes
        return states


class ObservedPad:
    """A controller that nobody holds: the bytes for it are made, and go nowhere.

    Attributes:
        writing: seconds an input.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.writing = Latencies()

    def put(self, state: ControllerState) -> bool:
        """Make the bytes."""
        begun = self._clock()
        made = input_lines(state)
        self.writing.add(self._clock() - begun)
        return bool(made)

    def release(self) -> bool:
        """Nothing is pressed on it."""
        return True


class RecordedConsole:
    """A console that streams one recording: it has ended when the game has, and does not come back.

    `one_by_one` hands on a message at a time, and counts it as arrived when it is handed on: where nothing is paced,
    what waits on the way is no delay.
    """

    def __init__(self, console: Console, clock: Clock, *, one_by_one: bool) -> None:
        self._console = console
        self._clock = clock
        self._one_by_one = one_by_one
        self._waiting: deque[Message] = deque()
        self._over = False

    def connect(self, timeout_s: float, ended: Callable[[], int | None] = lambda: None) -> None:
        """Refused: it was connected before, and a game cannot be taken up in the middle."""
        raise ConsoleError("the spectator server of the recording has gone away")

    def receive(self, timeout_s: float) -> list[Message]:
        """What has come; nothing any more once the game is over."""
        if not self._over:
            # Also while messages wait: a connection that nobody looks after breaks off.
            self._look(0.0 if self._waiting else timeout_s)
        if not self._one_by_one:
            found = list(self._waiting)
            self._waiting.clear()
            return found
        if not self._waiting:
            return []
        first = self._waiting.popleft()
        return [Message(first.kind, first.payload, first.text, self._clock())]

    def _look(self, timeout_s: float) -> None:
        """Take in what has come; a connection that was lost is told of when all before that has been handed on."""
        try:
            come = self._console.receive(timeout_s)
        except ConsoleError:
            if not self._waiting:
                raise
            return
        self._over = any(message.kind == "end" for message in come)
        self._waiting.extend(come)

    def ended(self) -> int | None:
        """0 once the recording is over."""
        return 0 if self._over and not self._waiting else None

    def menu(self, payload: bytes) -> None:
        """A recording has no menus."""
