"""Consoles that fall silent, restart in the middle of a game, leave games open, or do not read their controllers."""

import os
import sys
from pathlib import Path

import pytest

from exphil.features import V1
from exphil.live import EventStream, GameEnd, GameStart, LiveFrame
from exphil.play.bot import Bot
from exphil.play.broadcast import frame_payloads
from exphil.play.console import ConsoleError, Message
from exphil.play.controller import NEUTRAL, ControllerState
from exphil.play.pipe import PipeWriter
from exphil.play.runner import PolicyRunner
from exphil.play.session import SILENCE_S, WAIT_S
from exphil.play.watchdog import FRAME_S
from tests.play.chain import ChainEngine
from tests.play.fake_pads import FakePad as PipeReader
from tests.play.fake_session import OTHER, START, Staged, answer, frame
from tests.play.recordings import synthesised
from tests.play.staged import as_held

LONG = round(SILENCE_S / WAIT_S)
"""Waits without a message after which something is said."""

needs_pipes = pytest.mark.skipif(sys.platform == "win32", reason="named pipes of Windows have no file")


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesised(tmp_path_factory.mktemp("game"))


def told(game: Path) -> list[Message]:
    """The messages of a whole game, late for nothing."""
    return [Message("game", payload, arrived=10.0) for _, payload in frame_payloads(game.read_bytes())]


class Live(Staged):
    """A session on port 2 with a real policy's memory, which reads real events."""

    def __init__(self, *turns: "list[Message] | Exception") -> None:
        super().__init__(*turns)
        self.policy = PolicyRunner(ChainEngine(row_bytes=V1.row_dtype.itemsize), seed=7)
        self.session.bots[:] = [Bot(2, "bot", self.policy, self.pad)]
        self.session._events = EventStream()


def pressed(game: Path) -> list[ControllerState]:
    """What a policy alone presses over a whole game."""
    alone = PolicyRunner(ChainEngine(row_bytes=V1.row_dtype.itemsize), seed=7)
    stream, found = EventStream(), []
    for message in told(game):
        for event in stream.feed(message.payload):
            if isinstance(event, GameStart):
                alone.begin(event, 2)
            elif isinstance(event, LiveFrame):
                found.append(alone.step(event))
    return found


def test_a_console_that_falls_silent_amid_a_game_is_told_of_once_and_waited_for() -> None:
    at = Staged()
    at.host.turns = [
        *[[]] * (2 * LONG),  # nothing is said while nothing is played
        [at.game(START, frame(0))],
        *[[]] * LONG,
        [at.game(frame(1), late=-100.0)],
        *[[]] * (5 * LONG),
        [at.game(frame(2), late=-100.0)],
    ]  # fmt: skip
    at.session.play()
    assert (
        at.told.getvalue().count("no frame for 10 s: the game is paused, or the console hangs; waiting") == 1
    )
    assert at.runner.seen == [0, 1, 2]
    assert at.pad.put_on[-2] == answer(2)  # and it goes on where it was


def test_a_silent_console_whose_process_ended_is_not_waited_for() -> None:
    at = Staged()
    at.host.turns = [[at.game(START, frame(0))], [], []]
    at.host.code = 4
    at.session.play()
    assert len(at.host.turns) == 1
    assert "Dolphin ended with exit code 4" in at.told.getvalue()


def test_a_console_that_restarts_in_the_middle_of_a_game_is_watched_until_the_next_one(game: Path) -> None:
    whole = told(game)
    middle = len(whole) // 2
    at = Live()
    at.host.turns = [
        *([message] for message in whole[:middle]),
        ConsoleError("the console closed the connection"),
        *([message] for message in whole[middle:]),
        *([message] for message in whole),
    ]
    at.session.play()
    expected = pressed(game)
    first, second = (middle - 1, len(expected))
    assert at.pad.put_on == [
        NEUTRAL, *expected[:first], NEUTRAL,
        NEUTRAL, *expected[:second], NEUTRAL,
    ]  # fmt: skip
    assert [played.end is not None for played in at.session.games] == [False, True]
    assert "the console closed the connection; waiting for it to come back" in at.told.getvalue()
    assert (
        at.told.getvalue().count("a game goes on of which the start was not seen; waiting for the next") == 1
    )


def test_two_games_without_an_end_between_are_two_games(game: Path) -> None:
    whole = told(game)
    at = Live()
    at.host.turns = [*([message] for message in whole[:60]), *([message] for message in whole)]
    at.session.play()
    expected = pressed(game)
    assert at.pad.put_on == [NEUTRAL, *expected[:59], NEUTRAL, NEUTRAL, *expected, NEUTRAL]
    assert len(at.session.games) == 2
    ids = [number for number, _ in frame_payloads(game.read_bytes()) if number is not None]
    assert at.session.watchdog.frames == len(set(ids[:59])) + len(set(ids))


def test_a_controller_that_nobody_reads_is_told_of_and_stops_nothing() -> None:
    at = Staged()
    at.take(START)
    at.take(frame(0))
    at.pad.is_read = False
    for number in range(1, 40):
        at.take(frame(number))
    bot = at.session.bots[0]
    assert (bot.lost, bot.on_pad) == (39, answer(0))
    assert at.watchdog.missed == 0
    assert at.told.getvalue().count("bot: nobody takes the inputs of port 3; one is lost") == 5
    at.pad.is_read = True
    at.take(frame(40))
    assert bot.on_pad == at.pad.put_on[-1] == answer(40)


@needs_pipes
def test_a_reader_that_goes_amid_a_game_and_comes_back(game: Path, tmp_path: Path) -> None:
    """With the pipe itself: first it has no reader, then one that does not read until it is full."""
    path = tmp_path / "slippibot2"
    os.mkfifo(path)
    reader = PipeReader(path)
    at = Live()
    writer = PipeWriter(path)
    assert writer.reopen()
    at.session.bots[0].pad = writer
    wanted = pressed(game)
    messages = told(game)
    at.session.take(messages[:1])
    frames = messages[1 : 1 + len(wanted)]
    for place, message in enumerate(frames):
        if place == 20:
            reader.close()
        if place == 30:
            reader = PipeReader(path)
        at.session.take([message])
        if place < 20 or 30 <= place < 90:
            assert reader.read()
            assert reader.snapshot() == as_held(wanted[place])
    assert at.session.bots[0].lost == 10
    for _ in range(600):  # paused: it reads nothing, and more comes than a pipe holds
        writer.put(NEUTRAL)
    assert writer.dropped > 10
    while reader.read():
        pass
    at.clock.now += FRAME_S / 2
    assert writer.put(at.session.bots[0].on_pad)
    assert reader.read()
    assert reader.snapshot() == as_held(at.session.bots[0].on_pad)
    reader.close()
    writer.close()


def test_a_late_answer_to_a_frame_that_came_before_is_no_miss() -> None:
    at = Staged()
    at.take(START)
    at.take(frame(0))
    at.runner.cost = 2 * FRAME_S
    at.take(frame(0, again=True))
    assert (at.watchdog.frames, at.watchdog.missed) == (1, 0)
    assert len(at.pad.put_on) == 2  # it is not written all the same
    at.take(frame(1))
    assert (at.watchdog.frames, at.watchdog.missed) == (2, 1)
    at.take(GameEnd(2, None), OTHER, frame(0))
    assert (at.watchdog.frames, at.watchdog.missed) == (3, 2)
