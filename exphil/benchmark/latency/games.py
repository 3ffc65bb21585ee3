"""Games whose events the whole path answers: their choice, and their messages as a console would send them."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exphil.errors import ReplayError, StoreError, UsageError
from exphil.live import EventStream, GameStart, Trouble
from exphil.play.broadcast import frame_payloads
from exphil.replays.sources import Source, find_sources, read_source
from exphil.sql.database import Database
from exphil.store.store import Store

MOST_GAMES: Final = 1000

CHOICE: Final = f"""
    SELECT path, num_frames
    FROM replays
    WHERE status = 'ok' AND num_players = 2 AND coalesce(mode, '1v1') = '1v1'
    ORDER BY CAST(split_part(version, '.', 1) AS INTEGER) >= 3 DESC, replay_id
    LIMIT {MOST_GAMES}
"""
"""Games of two as today's consoles tell of them, in an order that no name decides."""


def games_of(store: Store, frames: int) -> list[str]:
    """Paths of games in a store, as many as hold that many frames, or all where there are fewer.

    Raises:
        StoreError: the store has no game of two players.
        UsageError: a game's file is not where it was read, or has changed.
    """
    with Database(store) as database:
        rows = database.query(CHOICE).read_all().to_pylist()
    chosen: list[str] = []
    total = 0
    for row in rows:
        if total >= frames:
            break
        chosen.append(row["path"])
        total += row["num_frames"]
    if not chosen:
        raise StoreError(f"{store.root} has no game of two players; give --replays with a folder of games")
    for path in chosen:
        _payloads(path)
    return chosen


def games_in(path: Path, frames: int) -> list[str]:
    """Paths of games in a folder or archive, or the one file: as many as hold that many frames, or all.

    What is no game of two players, or cannot be read, is passed over where there are others.

    Raises:
        UsageError: there is no game among them that can be answered.
    """
    sources = list(find_sources([path]))[:MOST_GAMES]
    if not sources:
        raise UsageError(f"--replays {path}: no replays there")
    chosen: list[str] = []
    problems: list[str] = []
    total = 0
    for source in sources:
        if total >= frames:
            break
        try:
            found = _game_of_two(source)
        except ReplayError as error:
            problems.append(f"{source.path}: {error.reason}")
        else:
            chosen.append(source.path)
            total += found
    if not chosen:
        raise UsageError(f"--replays {path}: no game that can be answered ({problems[0]})")
    return chosen


def _game_of_two(source: Source) -> int:
    """Messages of a game.

    Raises:
        ReplayError: it cannot be read, or is not of two players.
    """
    if source.problem is not None:
        raise ReplayError(source.problem)
    payloads = [payload for _, payload in frame_payloads(read_source(source).bytes)]
    told = EventStream().feed(payloads[0])
    if not any(isinstance(event, GameStart) for event in told):
        reasons = [event.message.split(";")[0] for event in told if isinstance(event, Trouble)]
        raise ReplayError("; ".join(reasons) or "no game of two players begins in it")
    return len(payloads)


def packets(paths: Sequence[str]) -> list[list[bytes]]:
    """Each game's messages as they come over the network, a frame each.

    Raises:
        UsageError: a file cannot be read, or is no recording.
    """
    return [[packet(payload) for payload in _payloads(path)] for path in paths]


def packet(payload: bytes) -> bytes:
    """Events as a console wraps them."""
    text = base64.b64encode(payload).decode()
    return json.dumps({"type": "game_event", "payload": text, "cursor": 0, "next_cursor": 1}).encode()


def _payloads(path: str) -> list[bytes]:
    """A game's events a frame each, by the path that a listing gave: a file's, or `archive.zip!/game.slp`."""
    root = path if Path(path).is_file() else path.partition("!/")[0]
    try:
        for source in find_sources([Path(root)]):
            if source.path == path:
                return [payload for _, payload in frame_payloads(read_source(source).bytes)]
    except ReplayError as error:
        raise UsageError(f"{path} cannot be read ({error.reason}); give other --replays") from error
    raise UsageError(f"{path} is not there any more; give --replays")
