"""A match at Dolphin: a run against a human, a CPU or another run, as `exphil play` was asked for it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from exphil.errors import UsageError
from exphil.melee.characters import external_name
from exphil.melee.stages import stage_name
from exphil.play.bot import Bot
from exphil.play.console import ADDRESS, LAST_PORT, ConsoleConnection
from exphil.play.dolphin import START_S, Dolphin, check_paths
from exphil.play.engine import Engine
from exphil.play.engines import warm_up
from exphil.play.game import Game
from exphil.play.libraries import load_melee
from exphil.play.runner import PolicyRunner
from exphil.play.seats import Seat, check_seats, check_stage, playable_character
from exphil.play.session import Events, Session
from exphil.play.spread import TITLES
from exphil.play.status import Status
from exphil.play.steady import steady
from exphil.play.watchdog import Watchdog

DEFAULT_CHARACTER: Final = "FOX"
HIGHEST_LEVEL: Final = 9


@dataclass(frozen=True)
class Player:
    """A policy that takes a seat.

    Attributes:
        name: of its run.
        engine: what steps it.
        character: as asked for; None for the one that it was trained on, else Fox.
        trained_on: the only character that it was trained on; None for any.
    """

    name: str
    engine: Engine
    character: str | None = None
    trained_on: str | None = None

    def chosen(self, flag: str) -> str:
        """The character to play."""
        return playable_character(self.character or self.trained_on or DEFAULT_CHARACTER, flag)


@dataclass(frozen=True, kw_only=True)
class MatchOptions:
    """How to play; the fields are the flags of `exphil play`.

    Raises:
        UsageError: what can be told before any policy is loaded.
    """

    dolphin: Path
    iso: Path
    dolphin_home: Path | None = None
    port: int = 1
    opponent_port: int = 2
    stage: str | None = None
    cpu_level: int = 9
    delay: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    games: int | None = None
    slippi_port: int

    def __post_init__(self) -> None:
        load_melee()
        check_paths(self.dolphin, self.iso, self.dolphin_home)
        check_stage(self.stage)
        if not 1 <= self.slippi_port <= LAST_PORT:
            raise UsageError(f"--slippi-port {self.slippi_port}: ports go from 1 to {LAST_PORT}")
        if self.games is not None and self.games < 1:
            raise UsageError(f"--games {self.games}: give at least 1")
        if not 1 <= self.cpu_level <= HIGHEST_LEVEL:
            raise UsageError(f"--cpu-level {self.cpu_level}: levels go from 1 to {HIGHEST_LEVEL}")


class Match:
    """Two seats at a Dolphin that is launched for them.

    Args:
        player: the policy.
        opponent: `human`, `cpu`, or another policy.
        options: how to play.
        events: turns the console's payloads into frames.
        status: where the line and the remarks go.
        opponent_character: of a CPU.
        watchdog: judges lateness.

    Raises:
        UsageError: seats, characters, stage or paths that cannot be.
        PlayError: this is no Dolphin that libmelee knows.
    """

    def __init__(
        self,
        player: Player,
        opponent: Player | str,
        options: MatchOptions,
        *,
        events: Callable[[], Events],
        status: Status,
        opponent_character: str | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self._options = options
        self._status = status
        seats = [Seat(options.port, "policy", player.chosen("--character"))]
        playing = {options.port: player}
        if isinstance(opponent, Player):
            seats.append(Seat(options.opponent_port, "policy", opponent.chosen("--opponent-character")))
            playing[options.opponent_port] = opponent
        else:
            seats.append(_other_seat(opponent, options, opponent_character))
        check_seats(seats)
        runners = {port: self._runner(port, who) for port, who in playing.items()}
        warm_up([runner.engine for runner in runners.values()])
        self.dolphin = Dolphin(
            options.dolphin,
            options.iso,
            seats,
            stage=options.stage,
            home=options.dolphin_home,
            slippi_port=options.slippi_port,
            game_delay=options.delay,
        )
        console = ConsoleConnection(ADDRESS, options.slippi_port)
        self._console = console
        self.session = Session(
            console,
            self.dolphin,
            events(),
            [Bot(port, who.name, runners[port], self.dolphin.pipes[port]) for port, who in playing.items()],
            status,
            watchdog=watchdog,
            most_games=options.games,
        )

    def _runner(self, port: int, player: Player) -> PolicyRunner:
        options = self._options
        if options.delay > player.engine.delay:
            raise UsageError(
                f"--delay {options.delay}: {player.name} was trained with a delay of {player.engine.delay} frames;"
                f" name at most that, or train a run with `exphil train --delay {options.delay}`"
            )
        return PolicyRunner(
            player.engine,
            temperature=options.temperature,
            top_p=options.top_p,
            seed=options.seed + port,
            game_delay=options.delay,
        )

    def play(self) -> None:
        """Launch Dolphin and play until it ends, or the games are over; Dolphin is ended in any case.

        Raises:
            PlayError: Dolphin does not start, or its stream does not come.
        """
        with self.dolphin:
            self._status.tell("starting Dolphin")
            self.dolphin.start()
            with steady(paced=True):
                self._console.connect(START_S, self.dolphin.ended)
                try:
                    self.session.play()
                finally:
                    self._status.end()
                    self._console.close()

    def report(self) -> dict[str, Any]:
        """What was played and how it went, as JSON."""
        session = self.session
        watchdog = session.watchdog
        return {
            "games": [_game(game) for game in session.games],
            "frames": watchdog.frames,
            "missed": watchdog.missed,
            "left_out": watchdog.left_out,
            "budget_ms": round(watchdog.budget_s * 1e3, 3),
            "latency": watchdog.latencies.figures(),
            "players": [
                {
                    "port": bot.port,
                    "run": bot.name,
                    "input_lag_frames": bot.lag.frames,
                    "lost_inputs": bot.lost,
                }
                for bot in session.bots
            ],
        }


def _other_seat(kind: str, options: MatchOptions, character: str | None) -> Seat:
    if kind == "human":
        if character is not None:
            raise UsageError("--opponent-character: a human chooses in the game's menu")
        return Seat(options.opponent_port, "human")
    name = playable_character(character or DEFAULT_CHARACTER, "--opponent-character", cpu=True)
    return Seat(options.opponent_port, "cpu", name, options.cpu_level)


def _game(game: Game) -> dict[str, Any]:
    return {
        "stage": stage_name(game.start.stage),
        "players": [
            {"port": port, "character": external_name(character), "stocks": stocks}
            for port, character, stocks in zip(
                game.start.ports, game.start.characters, game.stocks, strict=True
            )
        ],
        "last_frame": game.frame,
        "end": None if game.end is None else asdict(game.end),
    }


def summary(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The report's figures as rows for a person: what, how much."""
    latency = report["latency"]
    rows = [
        ("games", str(len(report["games"]))),
        ("frames", str(report["frames"])),
        ("missed", f"{report['missed']} (answered later than {report['budget_ms']:.1f} ms, or not at all)"),
    ]
    if latency["p50_ms"] is not None:
        rows.append(("latency", ", ".join(f"{TITLES[name]} {ms:.2f} ms" for name, ms in latency.items())))
    for player in report["players"]:
        if player["lost_inputs"]:
            lost = f"{player['lost_inputs']:,} that were ready in time, and that Dolphin did not read"
            rows.append((f"lost inputs, port {player['port']}", lost))
        lag = player["input_lag_frames"]
        if lag is not None:
            rows.append((f"input lag, port {player['port']}", f"{lag} frames beyond the next"))
    return rows
