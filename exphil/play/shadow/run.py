"""A policy beside the players of a recording: the path of play, without a console.

A spectator server of ours streams the recording; the session that plays against Dolphin reads it, steps the policy,
and makes the bytes for the controller, which go nowhere. The players' own inputs stay in what the policy sees, so
its answers can be held against theirs.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from exphil.errors import PlayError, ReplayError, UsageError
from exphil.live import EventStream, GameStart, Trouble
from exphil.melee.characters import character_title, external_name
from exphil.melee.stages import stage_name, stage_title
from exphil.play.bot import Bot
from exphil.play.broadcast import FPS, broadcast_of, frame_payloads
from exphil.play.console import ADDRESS, ConsoleConnection
from exphil.play.engine import Engine
from exphil.play.engines import warm_up
from exphil.play.runner import PolicyRunner
from exphil.play.session import Session
from exphil.play.shadow.agreement import agreement, likelihood, nats, scored_frames
from exphil.play.shadow.observed import Clock, ObservedEvents, ObservedPad, ObservedSteps, RecordedConsole
from exphil.play.spectator import SpectatorServer
from exphil.play.status import Status
from exphil.play.steady import steady
from exphil.play.watchdog import Latencies, Watchdog
from exphil.replays.sources import find_sources, read_source

CONNECT_S: Final = 10.0

Progress = Callable[[str, int], AbstractContextManager[Callable[..., None]]]
"""(title, steps) -> a context that gives `advance(steps)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a policy answers beside a recording.

    Attributes:
        port: of the player beside whom it answers, 1 to 4; None for both.
        fast: frame after frame as soon as each is answered, instead of 60 a second.
        server_port: UDP port of the spectator server; 0 for any that is free.
        temperature: see `PolicyRunner`, as `top_p` and `seed`.
    """

    port: int | None = None
    fast: bool = False
    server_port: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Player:
    port: int
    viewpoint: int
    runner: PolicyRunner
    pad: ObservedPad


def read_recording(path: Path) -> tuple[bytes, GameStart]:
    """The bytes of a recording, and how the game in it begins.

    Raises:
        UsageError: there is no such file, or its game is none of two players.
        ReplayError: the file is no recording.
    """
    if not path.is_file():
        raise UsageError(
            f"--shadow {path}: {'a folder' if path.is_dir() else 'no such file'}; name a .slp file"
        )
    sources = list(find_sources([path]))
    if len(sources) != 1:
        raise UsageError(f"--shadow {path}: it holds {len(sources)} replays; name one .slp file")
    try:
        data = read_source(sources[0]).bytes
        _, first = next(frame_payloads(data))
    except ReplayError as error:
        raise ReplayError(f"--shadow {path}: {error.reason}", error.offset) from error
    told = EventStream().feed(first)
    for event in told:
        if isinstance(event, GameStart):
            return data, event
    reasons = [event.message.split(";")[0] for event in told if isinstance(event, Trouble)]
    raise UsageError(f"--shadow {path}: {'; '.join(reasons) or 'no game of two players begins in it'}")


def shadow(
    engine: Engine,
    path: Path,
    options: Options,
    *,
    status: Status,
    progress: Progress,
    clock: Clock = time.perf_counter,
) -> dict[str, Any]:
    """Stream a recording to the policy; gives the report, ready for JSON.

    Ctrl-C ends the stream, and the report is about what had come by then (`stopped`).

    Raises:
        UsageError: no such file, a game not of two players, nobody on the port, or the server's port is taken.
        ReplayError: the file is no recording.
        PlayError: no frame of it came.
    """
    data, start = read_recording(path)
    if options.port is not None and options.port not in start.ports:
        one, other = start.ports
        raise UsageError(f"--port {options.port}: the players of {path} are on ports {one} and {other}")
    players = [
        _player(engine, viewpoint, start, options, clock)
        for viewpoint, port in enumerate(start.ports)
        if options.port in (None, port)
    ]
    warm_up([player.runner.engine for player in players])
    events, steps, watchdog = ObservedEvents(EventStream(), clock), ObservedSteps(clock), Watchdog()
    stopped, over = _stream(data, players, events, steps, watchdog, options, status, clock)
    if not events.rows:
        if stopped:
            raise KeyboardInterrupt
        raise PlayError(f"--shadow {path}: {'; '.join(events.troubles) or 'no whole frame of it came'}")
    if len(events.rows) == 1 and events.rolled_back:
        raise PlayError(
            f"--shadow {path}: one and the same frame came {events.rolled_back + 1:,} times: in training mode the game"
            " does not count its frames, and nothing can be compared; name a recorded match"
        )
    return {
        "file": str(path),
        "pace": "fast" if options.fast else f"{FPS:g} FPS",
        "stopped": stopped,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "seed": options.seed,
        "delay": engine.delay,
        "game": {
            "version": ".".join(map(str, start.version)),
            "stage": stage_title(stage_name(start.stage)),
            "frames": len(events.rows),
            "rolled_back": events.rolled_back,
            "complete": over,
        },
        "deadline": {
            "budget_ms": round(1e3 * watchdog.budget_s, 3),
            "frames": watchdog.frames,
            "missed": watchdog.missed,
            "left_out": watchdog.left_out,
        },
        "latency": watchdog.latencies.figures(),
        "parts": {
            "reading": events.reading.figures(),
            "step": steps.stepping.figures(),
            "pipe": _together([player.pad.writing for player in players]),
        },
        "players": _compared(engine, start, players, events, steps, progress),
        "trouble": events.troubles,
    }


def _player(engine: Engine, viewpoint: int, start: GameStart, options: Options, clock: Clock) -> _Player:
    port = start.ports[viewpoint]
    runner = PolicyRunner(
        engine,
        viewpoint=viewpoint,
        temperature=options.temperature,
        top_p=options.top_p,
        seed=options.seed + port,  # as in a match: what is drawn there is drawn here
    )
    return _Player(port, viewpoint, runner, ObservedPad(clock))


def _stream(
    data: bytes,
    players: Sequence[_Player],
    events: ObservedEvents,
    steps: ObservedSteps,
    watchdog: Watchdog,
    options: Options,
    status: Status,
    clock: Clock,
) -> tuple[bool, bool]:
    """Serve the recording and play beside it: whether Ctrl-C ended that, and whether all of it came."""
    bots = [Bot(player.port, f"port {player.port}", player.runner, player.pad) for player in players]
    fps, stopped = None if options.fast else FPS, False
    with SpectatorServer(broadcast_of([data]), port=options.server_port, fps=fps) as server:
        connection = ConsoleConnection(ADDRESS, server.port, clock)
        console = RecordedConsole(connection, clock, one_by_one=options.fast)
        session = Session(
            console,
            console,
            events,
            bots,
            status,
            watchdog=watchdog,
            most_games=1,
            together=steps,
            clock=clock,
        )
        try:
            with steady(paced=not options.fast):  # before the first frame is on its way
                connection.connect(CONNECT_S)
                session.play()
        except KeyboardInterrupt:
            stopped = True
        finally:
            status.end()
            connection.close()
    return stopped, events.ended or console.ended() is not None


def _compared(
    engine: Engine,
    start: GameStart,
    players: Sequence[_Player],
    events: ObservedEvents,
    steps: ObservedSteps,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Agreement and likelihood of each player, over the game as it stands in the end."""
    frames = np.array(sorted(events.rows), np.int64)
    rows = np.stack([events.rows[frame] for frame in frames.tolist()])
    viewpoints = np.array([player.viewpoint for player in players], np.int64)
    with progress("likelihood", len(rows)) as advance:
        log_probs = likelihood(engine, rows, viewpoints, advance)
    out = []
    for player, found in zip(players, log_probs, strict=True):
        scored = scored_frames(rows, player.viewpoint, frames, engine.delay)
        out.append(
            {
                "port": player.port,
                "character": character_title(external_name(start.characters[player.viewpoint])),
                "agreement": agreement(
                    rows, player.viewpoint, frames, steps.answers[player.viewpoint], engine.delay
                ),
                "likelihood": nats(found, scored),
            }
        )
    return out


def _together(times: Sequence[Latencies]) -> dict[str, float | None]:
    """Figures of several stopwatches as one."""
    joined = Latencies()
    for each in times:
        for seconds in each.all.tolist():
            joined.add(seconds)
    return joined.figures()
