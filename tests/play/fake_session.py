"""Everything around a session: a clock, a policy, a pad, a console and what runs it, each told what to do."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from exphil.errors import PlayError
from exphil.features import V1
from exphil.live import GameStart, LiveFrame
from exphil.live import Message as Event
from exphil.play.bot import Bot
from exphil.play.console import ConsoleError, Message
from exphil.play.controller import NEUTRAL, ControllerState
from exphil.play.session import Session
from exphil.play.status import Status
from exphil.play.watchdog import Watchdog

START = GameStart((3, 18, 0), 31, (1, 3), (2, 9), (0, 0), False, False, b"first")
OTHER = GameStart((3, 18, 0), 32, (1, 3), (2, 9), (0, 0), False, False, b"second")


def frame(number: int, again: bool = False) -> LiveFrame:
    row = np.zeros(1, V1.row_dtype)
    row["players"]["codes"][0, :, V1.slots["stocks"].column] = (4, 2)
    return LiveFrame(number, None, row.view(np.uint8), again)


class Clock:
    """Time that goes by only when somebody works."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        return self.now


class FakeRunner:
    """Answers frame n with a main stick at n / 1000; takes `cost` seconds for it."""

    def __init__(self, clock: Clock, cost: float = 0.001) -> None:
        self.clock = clock
        self.cost = cost
        self.seen: list[int] = []
        self.begun: list[tuple[int | None, bytes]] = []
        self.refuses: int | None = None

    def reset(self, *, viewpoint: int | None = None, game: bytes = b"") -> None:
        self.begun.append((viewpoint, game))
        self.refuses = None

    def step(self, frame: LiveFrame) -> ControllerState:
        if frame.frame == self.refuses:
            raise PlayError("frame 7 cannot be taken back")
        self.clock.now += self.cost
        self.seen.append(frame.frame)
        return answer(frame.frame)


def answer(number: int) -> ControllerState:
    return ControllerState(main=(number / 1000, 0.0))


class FakePad:
    def __init__(self) -> None:
        self.put_on: list[ControllerState] = []
        self.is_read = True

    def put(self, state: ControllerState) -> bool:
        if self.is_read:
            self.put_on.append(state)
        return self.is_read

    def release(self) -> bool:
        self.put_on.append(NEUTRAL)
        return True


class FakeEvents:
    """Payloads name what they hold."""

    def __init__(self) -> None:
        self.meaning: dict[bytes, list[Event]] = {}

    def feed(self, payload: bytes) -> list[Event]:
        return self.meaning[payload]


class FakeHost:
    """A console and what runs it: turns of messages, or errors; then it has ended."""

    def __init__(self, turns: Sequence[list[Message] | Exception] = ()) -> None:
        self.turns = list(turns)
        self.code: int | None = None
        self.menus: list[bytes] = []
        self.connected = 0
        self.comes_back = True
        self.clock: Clock | None = None

    def ended(self) -> int | None:
        return self.code

    def menu(self, payload: bytes) -> None:
        self.menus.append(payload)
        if payload == b"bad":
            raise PlayError("libmelee cannot read a menu")

    def connect(self, timeout_s: float, ended: Callable[[], int | None] = lambda: None) -> None:
        if not self.comes_back:
            raise ConsoleError("no console answers")
        self.connected += 1

    def receive(self, timeout_s: float) -> list[Message]:
        if not self.turns:
            self.code = 0
            return []
        turn = self.turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        if not turn and self.clock is not None:
            self.clock.now += timeout_s
        return turn


class Staged:
    """A session of one bot at port 3, with everything around it."""

    def __init__(self, *turns: "list[Message] | Exception", cost: float = 0.001, **more: Any) -> None:
        self.clock = Clock()
        self.runner = FakeRunner(self.clock, cost)
        self.pad = FakePad()
        self.events = FakeEvents()
        self.host = FakeHost(turns)
        self.host.clock = self.clock
        self.told = io.StringIO()
        self.session = Session(
            self.host,
            self.host,
            self.events,
            [Bot(3, "bot", self.runner, self.pad)],
            Status(self.told, self.clock),
            clock=self.clock,
            **more,
        )

    def game(self, *events: Event, late: float = 0.0) -> Message:
        """A message that holds events; it came `late` seconds ago."""
        name = f"{len(self.events.meaning)}".encode()
        self.events.meaning[name] = list(events)
        return Message("game", name, arrived=self.clock.now - late)

    def take(self, *events: Event, late: float = 0.0) -> None:
        self.session.take([self.game(*events, late=late)])

    @property
    def watchdog(self) -> Watchdog:
        return self.session.watchdog
