"""Bytes of one replay in, a Game out."""

import hashlib
import tempfile
from pathlib import Path

from exphil.errors import ReplayError
from exphil.replays import peppi
from exphil.replays.game import Game


def content_id(data: bytes | memoryview) -> str:
    """The 128-bit identity of a replay's decompressed bytes, as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read_game(data: bytes | memoryview, path: Path | None = None) -> Game:
    """Parse a replay. `path` is given when `data` is a plain .slp that peppi may read from disk itself."""
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "game.slp"
            copy.write_bytes(data)
            native = peppi.parse(copy)
    else:
        native = peppi.parse(path)
    if native.frames is None or len(native.frames) == 0:
        raise ReplayError("no frame")
    major, minor, revision = native.start["slippi"]["version"]
    return Game(
        version=(major, minor, revision),
        start=native.start,
        end=native.end,
        metadata=native.metadata,
        frames=native.frames,
        num_players=len(native.start["players"]),
        notes=(),
        content_id=content_id(data),
    )
