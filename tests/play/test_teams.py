"""A run that plays itself: both its bots are stepped as one batch, and press what each alone would have."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from exphil.export.onnx_file import exported_bytes
from exphil.export.session import OnnxEngine
from exphil.features import V1
from exphil.live import GameEnd, LiveFrame
from exphil.live import Message as Event
from exphil.play.bot import Bot
from exphil.play.console import Message
from exphil.play.controller import NEUTRAL, ControllerState
from exphil.play.engine import Bytes, Engine, Floats, Ints, State
from exphil.play.runner import PolicyRunner
from exphil.play.session import Session
from exphil.play.snapshots import HISTORY
from exphil.play.status import Status
from exphil.play.watchdog import FRAME_S, MOST_WAITING, Watchdog
from tests.play.chain import ChainEngine
from tests.play.fake_session import START, Clock, FakeEvents, FakeHost, FakePad
from tests.play.policies import rows_of_a_game, tiny

ROW_BYTES = V1.row_dtype.itemsize
ROWS = rows_of_a_game(200, seed=6)
FIRST = -123


def row(number: int, wrong: bool = False) -> Bytes:
    found: Bytes = ROWS[(number - FIRST + (50 if wrong else 0)) % len(ROWS)]
    return found


def seen(*numbers: int, wrong: bool = False, again: bool = False) -> list[Event]:
    return [LiveFrame(number, None, row(number, wrong), again) for number in numbers]


GAME: list[list[Event]] = [
    *(seen(number) for number in range(FIRST, -20)),
    seen(*range(-20, -11)),  # nine waited
    *(seen(number, wrong=True) for number in range(-11, -4)),
    [*seen(*range(-11, -4), again=True), *seen(-4)],  # seven are taken back
    *(seen(number) for number in range(-3, 10)),
    seen(9 - HISTORY, again=True),  # and one that is too old
    *(seen(number) for number in range(10 - HISTORY, 30)),
    seen(*range(30, 30 + MOST_WAITING + 4)),  # more than are caught up with
    *(seen(number) for number in range(94, 110)),
]
"""What comes together, turn by turn."""


def played(engines: Sequence[Engine], *, ports: Sequence[int] = (1, 3), **drawing: Any) -> Any:
    """A session of the whole game: inputs of each pad, remarks."""
    clock, events, host, told = Clock(), FakeEvents(), FakeHost(), io.StringIO()
    drawings = [{name: values[place] for name, values in drawing.items()} for place in range(len(ports))]
    bots = [
        Bot(port, f"port {port}", PolicyRunner(engine, seed=port, **options), FakePad())
        for port, engine, options in zip(ports, engines, drawings, strict=True)
    ]
    session = Session(host, host, events, bots, Status(told, clock), clock=clock)
    for place, turn in enumerate([[START], *GAME, [GameEnd(2, None)]]):
        events.meaning[str(place).encode()] = turn
        session.take([Message("game", str(place).encode(), arrived=clock.now)])
    pads: list[list[ControllerState]] = [bot.pad.put_on for bot in bots]  # type: ignore[attr-defined]
    return pads, told.getvalue(), session.watchdog


def test_two_bots_of_one_policy_are_one_batch_and_press_what_each_alone_does() -> None:
    one = ChainEngine(2, ROW_BYTES)
    together, told, watchdog = played([one, one])
    steps = len(one.batches)
    assert set(one.batches[:100]) == {2}
    alone = [played([ChainEngine(2, ROW_BYTES)], ports=[port]) for port in (1, 3)]
    assert together == [pads[0] for pads, _, _ in alone]
    assert len(set(together[0])) > 50
    assert together[0] != together[1]
    # A frame that nobody can take back costs two steps of one; all others are of both.
    assert one.batches.count(1) == 2
    assert steps == sum(map(len, GAME)) - 4 + 1
    for port in (1, 3):
        assert f"port {port}: frame -6 cannot be taken back" in told
    assert (watchdog.frames, watchdog.missed) == (alone[0][2].frames, alone[0][2].missed)


@pytest.mark.parametrize("backbone", ["gru", "jamba"])
def test_a_real_policy_beside_itself_decides_as_alone(backbone: str) -> None:
    one = OnnxEngine(exported_bytes(tiny(backbone, delay=1), run="small", weights="0123"))
    together, _, _ = played([one, one])
    alone = [played([one], ports=[port])[0][0] for port in (1, 3)]
    assert together == alone


@pytest.mark.parametrize(
    "drawing", [{"temperature": (1.0, 0.5)}, {"top_p": (1.0, 0.9)}, {"temperature": (0.5, 0.5)}]
)
def test_bots_that_draw_otherwise_are_stepped_alone(drawing: dict[str, Any]) -> None:
    one = ChainEngine(0, ROW_BYTES)
    pads, _, _ = played([one, one], **drawing)
    alone = [
        played([ChainEngine(0, ROW_BYTES)], ports=[port], **{name: [values[place]]})[0][0]
        for place, port in enumerate((1, 3))
        for name, values in drawing.items()
    ]
    assert pads == alone
    (values,) = drawing.values()
    assert (2 in one.batches) == (len(set(values)) == 1)


def test_two_policies_are_stepped_alone() -> None:
    engines = [ChainEngine(0, ROW_BYTES), ChainEngine(0, ROW_BYTES)]
    played(engines)
    assert [set(engine.batches) for engine in engines] == [{1}, {1}]


class Slow(ChainEngine):
    """Takes `cost` seconds a step, however many are stepped."""

    cost = 0.0

    def __init__(self, clock: Clock) -> None:
        super().__init__(0, ROW_BYTES)
        self.clock = clock

    def step(
        self, rows: Bytes, viewpoint: Ints, queue: Ints, noise: Floats, temperature: float, top_p: float, state: State
    ) -> tuple[Ints, Floats, State]:  # fmt: skip
        self.clock.now += self.cost
        return super().step(rows, viewpoint, queue, noise, temperature, top_p, state)


def test_lateness_is_judged_for_each_answer() -> None:
    """A batch that comes late is late for both; the controller keeps the last input."""
    clock, events, host = Clock(), FakeEvents(), FakeHost()
    one = Slow(clock)
    bots = [Bot(port, "bot", PolicyRunner(one, seed=port), FakePad()) for port in (1, 3)]
    session = Session(
        host, host, events, bots, Status(io.StringIO(), clock), watchdog=Watchdog(), clock=clock
    )

    def take(*turn: Event) -> None:
        name = str(len(events.meaning)).encode()
        events.meaning[name] = list(turn)
        session.take([Message("game", name, arrived=clock.now)])

    take(START)
    for number in range(4):
        one.cost = 2 * FRAME_S if number == 2 else 0.6 * FRAME_S  # two of these one after the other were late
        take(*seen(number))
    pads: list[FakePad] = [bot.pad for bot in bots]  # type: ignore[misc]
    assert [len(pad.put_on) for pad in pads] == [1 + 3, 1 + 3]
    assert [pad.put_on[0] for pad in pads] == [NEUTRAL, NEUTRAL]
    assert (session.watchdog.frames, session.watchdog.missed) == (4, 1)
    costs = [0.6 * FRAME_S, 0.6 * FRAME_S, 2 * FRAME_S, 0.6 * FRAME_S]
    np.testing.assert_allclose(session.watchdog.latencies.all, costs, rtol=1e-5)
