"""A session at a console that is told what to do: late frames, backlogs, lost games, remarks that keep coming."""

import numpy as np
import pytest

from exphil.features import V1
from exphil.live import GameEnd, GameStart, LiveFrame, Trouble
from exphil.melee.controller import BUTTONS
from exphil.play.console import ConsoleError, Message
from exphil.play.controller import NEUTRAL, ControllerState
from exphil.play.session import MENUS_THAT_END, MOST_TOLD
from exphil.play.watchdog import FRAME_S, MOST_WAITING
from tests.play.fake_session import (
    OTHER,
    START,
    Staged,
    answer,
    frame,
)


def test_each_frame_is_answered() -> None:
    at = Staged()
    at.take(START)
    for number in range(3):
        at.take(frame(number))
    at.take(GameEnd(2, None))
    assert at.runner.begun == [(1, b"first")]  # port 3 is the higher one
    assert at.pad.put_on == [NEUTRAL, answer(0), answer(1), answer(2), NEUTRAL]
    assert (at.watchdog.frames, at.watchdog.missed) == (3, 0)
    assert at.watchdog.latencies.all.tolist() == pytest.approx([0.001] * 3)
    assert (
        "Fox (port 1) against Marth (port 3) on Battlefield: stocks 4-2 after frame 2" in at.told.getvalue()
    )


def test_a_late_frame_leaves_the_last_input_on_the_controller() -> None:
    at = Staged()
    at.take(START)
    at.take(frame(0))
    at.runner.cost = 2 * FRAME_S
    at.take(frame(1))
    at.runner.cost = 0.001
    at.take(frame(2))
    assert at.pad.put_on == [NEUTRAL, answer(0), answer(2)]
    assert at.watchdog.missed == 1
    assert at.runner.seen == [0, 1, 2]  # its memory has no gap


def test_what_waited_is_seen_in_one_go_and_only_the_newest_is_answered() -> None:
    at = Staged()
    at.take(START)
    at.session.take([at.game(frame(number)) for number in range(5)])
    assert at.runner.seen == [0, 1, 2, 3, 4]
    assert at.pad.put_on == [NEUTRAL, answer(4)]
    assert at.watchdog.missed == 4


def test_a_policy_that_is_always_too_slow_never_falls_behind() -> None:
    """At three frames of work a frame, it answers nothing in time, sees all, and works on the newest only once."""
    at = Staged(cost=FRAME_S * 1.5)
    at.take(START)
    number, sent = 0, []
    for _ in range(50):
        waiting = max(1, round((at.clock.now - 10.0) / FRAME_S) - number)
        sent.append(waiting)
        came = [frame(number + place) for place in range(waiting)]
        number += waiting
        at.session.take([at.game(*came)])
    assert max(sent) <= MOST_WAITING + 40  # bounded: what is too much is left out
    assert at.pad.put_on == [NEUTRAL]
    assert at.watchdog.missed == at.watchdog.frames == number


def test_too_long_a_wait_is_left_out_but_for_its_end() -> None:
    at = Staged(cost=0.0001)
    at.take(START)
    many = MOST_WAITING + 25
    at.session.take([at.game(*(frame(number) for number in range(many)))])
    assert at.runner.seen == list(range(25, many))
    assert at.runner.begun == [(1, b"first"), (None, b"first")]
    assert at.watchdog.left_out == 25
    assert at.watchdog.missed == many - 1
    assert "85 frames came at once: the policy begins anew with the last 60" in at.told.getvalue()


def test_rollbacks_are_no_misses() -> None:
    at = Staged()
    at.take(START)
    at.take(frame(0))
    at.take(frame(1))
    at.session.take([at.game(frame(0, True)), at.game(frame(1, True)), at.game(frame(2))])
    assert at.runner.seen == [0, 1, 0, 1, 2]
    assert (at.watchdog.frames, at.watchdog.missed) == (3, 0)


def test_a_rollback_too_far_begins_anew() -> None:
    at = Staged()
    at.take(START)
    at.runner.refuses = 7
    at.take(frame(7))
    assert at.runner.begun[-1] == (None, b"first")
    assert at.pad.put_on[-1] == answer(7)
    assert "bot: frame 7 cannot be taken back; it begins anew" in at.told.getvalue()


def test_another_game_without_an_end() -> None:
    at = Staged()
    at.session.take([at.game(START, frame(0)), at.game(OTHER), at.game(frame(-123))])
    assert at.runner.begun == [(1, b"first"), (1, b"second")]
    assert at.pad.put_on == [NEUTRAL, answer(0), NEUTRAL, NEUTRAL, answer(-123)]
    assert "began another game without ending the last one" in at.told.getvalue()
    assert len(at.session.games) == 2


def test_a_game_without_our_port_is_watched() -> None:
    at = Staged()
    others = GameStart((3, 18, 0), 31, (1, 2), (2, 9), (0, 0), False, False, b"")
    at.take(others, frame(0), frame(1))
    assert at.pad.put_on == []
    assert at.runner.seen == []
    assert at.watchdog.missed == 1
    assert "bot: port 3 has no part in this game of ports 1 and 2" in at.told.getvalue()


def test_menus_go_to_who_works_them_but_not_amid_a_game() -> None:
    at = Staged()
    menu = Message("menu", b"menu")
    at.session.take([menu])
    at.take(START, frame(0))
    at.session.take([menu] * (MENUS_THAT_END - 1))
    at.take(frame(1))
    at.session.take([menu] * (MENUS_THAT_END - 1))
    assert at.host.menus == [b"menu"]
    assert len(at.pad.put_on) == 3
    at.session.take([menu])  # so many in a row: the game is over, whatever was not said
    assert at.host.menus == [b"menu"] * 2
    assert at.pad.put_on[-1] == NEUTRAL
    at.take(frame(2))
    assert at.runner.seen == [0, 1]


def test_end_of_game_message_ends_a_game_whose_end_event_is_missing() -> None:
    at = Staged(most_games=1)
    at.take(START, frame(0))
    at.session.take([Message("end")])
    assert at.pad.put_on[-1] == NEUTRAL
    at.session.play()  # returns at once
    assert at.host.code is None


def test_a_remark_that_keeps_coming_is_not_told_for_ever() -> None:
    at = Staged()
    for _ in range(20):
        at.session.take([Message("trouble", text="no message"), Message("menu", b"bad")])
        at.take(Trouble("unknown event 0x99"))
    lines = at.told.getvalue().splitlines()
    assert len(lines) == 3 * MOST_TOLD
    assert sum("not told any more" in line for line in lines) == 3


def test_it_ends_with_its_console() -> None:
    at = Staged()
    at.host.turns = [[at.game(START, frame(0))]]
    at.session.play()
    assert at.pad.put_on == [NEUTRAL, answer(0), NEUTRAL]
    assert [game.frame for game in at.session.games] == [0]


def test_a_lost_connection_is_found_again() -> None:
    at = Staged()
    at.host.turns = [
        [at.game(START, frame(0))],
        ConsoleError("the console closed the connection"),
        [at.game(OTHER, frame(5))],
    ]
    at.session.play()
    assert at.host.connected == 1
    assert at.pad.put_on == [NEUTRAL, answer(0), NEUTRAL, NEUTRAL, answer(5), NEUTRAL]
    assert "closed the connection; waiting for it to come back" in at.told.getvalue()


def test_a_console_that_never_comes_back() -> None:
    at = Staged(ConsoleError("the console closed the connection"))
    at.host.comes_back = False
    with pytest.raises(ConsoleError, match="no console answers"):
        at.session.play()
    at = Staged()
    at.host.turns = [[at.game(START, frame(0))], ConsoleError("the console closed the connection")]
    at.host.comes_back = False
    at.session.play()  # there was a game to report on
    assert "no console answers" in at.told.getvalue()


def test_the_lag_of_the_console_shows() -> None:
    """Inputs that the game plays a frame late, among them rollbacks and missed frames."""
    rng = np.random.default_rng(1)
    at = Staged()
    at.take(START)
    column = V1.slots["input.button_a"].column
    on_pad, before = NEUTRAL, NEUTRAL
    for number in range(400):
        row = np.zeros(1, V1.row_dtype)
        row["players"]["codes"][0, 1, column] = sum(bit << place for place, bit in enumerate(before.buttons))
        pressed = ControllerState(tuple(bool(bit) for bit in rng.integers(2, size=len(BUTTONS))))
        at.runner.step = lambda _, pressed=pressed: pressed  # type: ignore[method-assign, misc]
        late = FRAME_S * 2 if number % 50 == 49 else 0.0
        at.take(LiveFrame(number, None, row.view(np.uint8), False), late=late)
        before, on_pad = on_pad, on_pad if late else pressed
        if number % 40 == 39:
            at.take(LiveFrame(number, None, row.view(np.uint8), True))
            on_pad = pressed
    assert at.session.bots[0].lag.frames == 1
