"""Games whose events the whole path answers: their choice, and their messages as a console would send them."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exphil.errors import ReplayError, StoreError, UsageError
from exphil.play.broadcast import frame_payloads
from exphil.replays.sources import find_sources, read_source
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


def games_in(path: Path) -> list[str]:
    """Paths of the games in a folder or archive, or of the one file.

    Raises:
        UsageError: there are none, or one of them cannot be read.
    """
    sources = list(find_sources([path]))[:MOST_GAMES]
    if not sources:
        raise UsageError(f"--replays {path}: no replays there")
    problem = next((source for source in sources if source.problem is not None), None)
    if problem is not None:
        raise UsageError(f"--replays {problem.path}: {problem.problem}")
    return [source.path for source in sources]


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
