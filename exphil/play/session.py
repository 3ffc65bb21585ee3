"""A policy at a console: reads its stream, steps the policies, writes their inputs, game after game.

The loop knows neither Dolphin nor menus: a `Host` stands for what runs the console. Whatever goes wrong on the way
is told in one line, and the next game starts afresh.
"""

import gc
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Protocol

from exphil.errors import PlayError
from exphil.live import GameEnd, GameStart, LiveFrame, Trouble
from exphil.live import Message as Event
from exphil.play.bot import Bot
from exphil.play.console import ConsoleError, Message
from exphil.play.controller import ControllerState
from exphil.play.game import Game
from exphil.play.status import Status, stocks_of
from exphil.play.teams import Together, step_team, team_of
from exphil.play.watchdog import MOST_WAITING, Watchdog

WAIT_S: Final = 0.5
"""Seconds without a message after which the loop looks whether the console still runs."""

SILENCE_S: Final = 10.0
"""Seconds of a game without a message after which it is told that nothing comes."""

RECONNECT_S: Final = 20.0

MENUS_THAT_END: Final = 10
"""Menus in a row, no frame between them, after which a game counts as over although nobody said so."""

MOST_TOLD: Final = 5
"""Times that one and the same remark is printed."""


class Console(Protocol):
    """What `ConsoleConnection` does."""

    def connect(self, timeout_s: float, ended: Callable[[], int | None] = ...) -> None: ...

    def receive(self, timeout_s: float) -> list[Message]: ...


class Events(Protocol):
    """What `exphil.live.EventStream` does."""

    def feed(self, payload: bytes) -> list[Event]: ...


class Host(Protocol):
    """What runs the console and finds the way through its menus."""

    def ended(self) -> int | None:
        """Exit code of the console's process; None while it runs, or where it is not ours."""
        ...

    def menu(self, payload: bytes) -> None:
        """Press what leads from this menu towards the next game.

        Raises:
            PlayError: the menu cannot be read.
        """
        ...


class Session:
    """Plays until the console ends or `most_games` are over.

    Args:
        console: connected.
        host: what runs it.
        events: turns payloads into frames.
        bots: who plays; at least one.
        status: where the line and the remarks go.
        watchdog: judges lateness.
        most_games: None for as many as there are.
        together: steps bots that one batch can hold.
        clock: that of `Message.arrived`.
    """

    def __init__(
        self,
        console: Console,
        host: Host,
        events: Events,
        bots: Sequence[Bot],
        status: Status,
        *,
        watchdog: Watchdog | None = None,
        most_games: int | None = None,
        together: Together = step_team,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.watchdog = Watchdog() if watchdog is None else watchdog
        self.games: list[Game] = []
        self._console = console
        self._host = host
        self._events = events
        self.bots = list(bots)
        self._status = status
        self._most_games = most_games
        self._together = together
        self._clock = clock
        self._game: Game | None = None
        self._playing: list[Bot] = []
        self._teams: list[list[Bot]] = []
        self._menus = 0
        self._is_watching = False
        self._silent_since: float | None = None
        self._told: dict[str, int] = {}

    def play(self) -> None:
        """Play; see `exphil.play.steady` for what keeps others from holding it up.

        Raises:
            ConsoleError: the console is gone and does not come back, before anything was played.
        """
        while not self._is_over:
            try:
                messages = self._console.receive(WAIT_S)
            except ConsoleError as error:
                if not self._found_again(error):
                    return
                continue
            self.take(messages)
            if messages:
                self._silent_since = None
            elif self._host.ended() is not None:
                self._console_ended()
                return
            else:
                self._note_silence()

    def _note_silence(self) -> None:
        """Nothing has come for a while: told once, in a game. The connection says by itself when it is lost."""
        now = self._clock()
        if self._silent_since is None:
            self._silent_since = now
        if self._game is not None and now - self._silent_since >= SILENCE_S:
            self._silent_since = float("inf")
            self._status.tell(
                f"no frame for {SILENCE_S:.0f} s: the game is paused, or the console hangs; waiting"
                " (close Dolphin or press Ctrl-C to end)"
            )

    @property
    def _is_over(self) -> bool:
        return self._most_games is not None and self._finished >= self._most_games

    @property
    def _finished(self) -> int:
        return len(self.games) - (self._game is not None)

    def take(self, messages: Sequence[Message]) -> None:
        """Act on what came together: all of it is seen, its newest frame is answered."""
        frames: list[LiveFrame] = []
        arrived = 0.0
        for message in messages:
            if message.kind == "game":
                arrived = message.arrived
                for event in self._events.feed(message.payload):
                    if isinstance(event, LiveFrame):
                        frames.append(event)
                    else:
                        self._answer(frames, arrived)
                        frames = []
                        self._turn(event)
            elif message.kind in ("menu", "end"):
                self._answer(frames, arrived)
                frames = []
                self._between(message)
            elif message.kind == "trouble":
                self._tell(f"{message.text}; it is left out")
        self._answer(frames, arrived)

    def _turn(self, event: Event) -> None:
        if isinstance(event, GameStart):
            self._begin_game(event)
        elif isinstance(event, GameEnd):
            if self._game is not None:
                self._game.end = event
            self._leave_game()
        elif isinstance(event, Trouble):
            self._tell(event.message)

    def _begin_game(self, start: GameStart) -> None:
        if self._game is not None:
            self._tell("the console began another game without ending the last one")
            self._leave_game()
        self._game, self._is_watching = Game(start), False
        self.games.append(self._game)
        self.watchdog.begin_game()
        self._playing = [bot for bot in self.bots if bot.port in start.ports]
        for bot in self.bots:
            if bot not in self._playing:
                one, other = start.ports
                self._tell(f"{bot.name}: port {bot.port} has no part in this game of ports {one} and {other}")
        for bot in self._playing:
            bot.begin(start.ports.index(bot.port), start.payload)
        self._teams = _teams(self._playing)

    def _leave_game(self) -> None:
        if self._game is None:
            return
        for bot in self._playing:
            bot.release()
        self._status.tell(self._game.line())
        self._game, self._playing, self._teams, self._menus = None, [], [], 0
        gc.collect()

    def _between(self, message: Message) -> None:
        """A message from outside of a game. Single menus also come amid a game, by an old fault of Dolphin's."""
        if self._game is not None:
            self._menus += 1
            if message.kind == "menu" and self._menus < MENUS_THAT_END:
                return
            self._leave_game()
        if message.kind == "menu":
            try:
                self._host.menu(message.payload)
            except PlayError as error:
                self._tell(str(error))

    def _answer(self, frames: list[LiveFrame], arrived: float) -> None:
        """Show the policies frames that came together, and write inputs for the last."""
        if not frames:
            return
        if self._game is None:
            if not self._is_watching:
                self._is_watching = True
                self._status.tell("a game goes on of which the start was not seen; waiting for the next one")
            return
        self._menus = 0
        self.watchdog.took(frame.frame for frame in frames)
        frames = self._caught_up(frames)
        newest = frames[-1]
        self._trace(frames[:-1])
        late = False
        for team in self._teams:
            for bot, state in zip(team, self._step(team, frames), strict=True):
                if self.watchdog.is_late(arrived, self._clock()):
                    late = True
                elif bot.pad.put(state):
                    bot.on_pad = state
                else:
                    bot.lost += 1
                    self._tell(f"{bot.name}: nobody takes the inputs of port {bot.port}; one is lost")
        if self._playing:
            self.watchdog.answered(arrived, self._clock(), late)
        self._trace(frames[-1:])
        self._game.frame, self._game.stocks = newest.frame, stocks_of(newest.row)
        self._status.update(newest.frame, self.watchdog, newest.row)

    def _caught_up(self, frames: list[LiveFrame]) -> list[LiveFrame]:
        """What the policies are to see of frames that waited."""
        if len(frames) <= MOST_WAITING:
            return frames
        assert self._game is not None
        self.watchdog.left_out += len(frames) - MOST_WAITING
        self._tell(f"{len(frames)} frames came at once: the policy begins anew with the last {MOST_WAITING}")
        for bot in self._playing:
            bot.runner.reset(game=self._game.start.payload)
        return frames[-MOST_WAITING:]

    def _step(self, team: Sequence[Bot], frames: Sequence[LiveFrame]) -> list[ControllerState]:
        """Show a team all frames; what it answers to the last."""
        for frame in frames[:-1]:
            self._show(team, frame)
        return self._show(team, frames[-1])

    def _show(self, team: Sequence[Bot], frame: LiveFrame) -> list[ControllerState]:
        runners = [bot.runner for bot in team]
        try:
            return self._together(runners, frame)
        except PlayError as error:
            if len(team) > 1:  # one of them may still be able to
                return [self._show([bot], frame)[0] for bot in team]
            assert self._game is not None
            self._tell(f"{team[0].name}: {error}; it begins anew")
            runners[0].reset(game=self._game.start.payload)
            return self._together(runners, frame)

    def _trace(self, frames: Sequence[LiveFrame]) -> None:
        """Follow inputs on their way; a frame that comes again has been followed."""
        for frame in frames:
            if frame.is_rollback:
                continue
            for bot in self._playing:
                bot.lag.saw(frame.row)
                bot.lag.wrote(bot.on_pad)

    def _found_again(self, error: ConsoleError) -> bool:
        """After a lost connection: whether the console is back."""
        self._leave_game()
        if self._host.ended() is not None:
            self._console_ended()
            return False
        self._tell(f"{error}; waiting for it to come back")
        try:
            self._console.connect(RECONNECT_S, self._host.ended)
        except ConsoleError as gone:
            if not self.games:
                raise
            self._tell(str(gone))
            return False
        self._tell("the console is back")
        return True

    def _console_ended(self) -> None:
        """The console's process is gone: an end as people make it, or a failure.

        Raises:
            ConsoleError: it failed before anything was played.
        """
        self._leave_game()
        code = self._host.ended()
        if code:
            if not self.games:
                raise ConsoleError(f"Dolphin ended with exit code {code} before a game began")
            self._tell(f"Dolphin ended with exit code {code}")

    def _tell(self, text: str) -> None:
        """A remark; one that keeps coming is printed a few times only."""
        count = self._told[text] = self._told.get(text, 0) + 1
        if count <= MOST_TOLD:
            self._status.tell(text if count < MOST_TOLD else f"{text} (not told any more)")


def _teams(bots: Sequence[Bot]) -> list[list[Bot]]:
    """Bots by the batch that they are stepped in."""
    found: dict[Hashable, list[Bot]] = {}
    for bot in bots:
        found.setdefault(team_of(bot.runner), []).append(bot)
    return list(found.values())
