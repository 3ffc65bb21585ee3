"""Everything around a session: a clock, a policy, a pad, a console and what runs it, each told what to do."""

from collections.abc import Callable, Sequence

import numpy as np

from exphil.errors import PlayError
from exphil.features import V1
from exphil.live import GameStart, LiveFrame
from exphil.live import Message as Event
from exphil.play.console import ConsoleError, Message
from exphil.play.controller import NEUTRAL, ControllerState

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

    def put(self, state: ControllerState) -> bool:
        self.put_on.append(state)
        return True

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
        return turn
