"""Bytes of one replay in, a Game out: healthy files go straight to peppi, others through the normaliser."""

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from exphil.errors import ReplayError
from exphil.replays import alignment, events, normalise, peppi, restore, ubjson
from exphil.replays.events import Header
from exphil.replays.game import Game
from exphil.replays.limits import MAX_BYTES

_MAX_METADATA: Final = 2**16


def content_id(data: bytes | memoryview) -> str:
    """The 128-bit identity of a replay's decompressed bytes, as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read_game(data: bytes | memoryview, path: Path | None = None) -> Game:
    """Parse a replay. `path` is given when `data` is a plain `.slp` that peppi may read from disk itself."""
    if len(data) > MAX_BYTES:
        raise ReplayError(f"{len(data)} bytes: longer than the {MAX_BYTES} that a recording may have")
    data = bytes(data)
    header = events.read_header(data)
    if _looks_sound(data, header):
        try:
            return _direct(data, header, path)
        except ReplayError:
            pass  # The walk below finds what peppi stumbled over, and names the byte.
    return _mended(data, header)


def _direct(data: bytes, header: Header, path: Path | None) -> Game:
    """Let peppi read the file as it is."""
    native = peppi.parse_path(path) if path is not None and _holds(path, data) else peppi.parse_bytes(data)
    if len(native.frames) == 0:
        raise ReplayError("no frame")
    if not alignment.in_place(data, header, native.frames):
        raise ReplayError("events are missing, written twice or out of order")
    notes = [] if native.end is not None else ["no game end"]
    return Game(
        version=header.version,
        start=native.start,
        end=native.end,
        metadata=native.metadata,
        frames=native.frames,
        num_players=len(native.start["players"]),
        notes=(*notes, *_stuck(native.frames)),
        content_id=content_id(data),
    )


def _holds(path: Path, data: bytes) -> bool:
    """Whether the file is still as long as the bytes read from it: Slippi writes while the game runs."""
    try:
        return path.stat().st_size == len(data)
    except OSError:
        return False


def _mended(data: bytes, header: Header) -> Game:
    """Rewrite the recording into one that peppi accepts, and take what that invented out of the answer."""
    rewrite = normalise.rewrite(data, header)
    native = peppi.parse_bytes(rewrite.data)
    metadata, metadata_notes = _metadata(data, header, rewrite.stop)
    frames = restore.frames(native.frames, rewrite)
    return Game(
        version=header.version,
        start=restore.start_block(native.start, rewrite),
        end=None if rewrite.end is None else rewrite.end.restored(native.end),
        metadata=metadata,
        frames=frames,
        num_players=rewrite.num_players,
        notes=(*rewrite.notes, *metadata_notes, *_stuck(frames)),
        content_id=content_id(data),
        cut_frame=rewrite.cut_frame,
    )


def _looks_sound(data: bytes, header: Header) -> bool:
    """Whether peppi is worth asking. Known refusals and panics are told by a few bytes, without a walk."""
    version, sizes = header.version, header.sizes
    tail = header.begin + header.raw_length
    if header.begin == 0 or header.raw_length == 0 or tail >= len(data):
        return False
    if (3, 0, 0) <= version < (3, 7, 0) or version < normalise.OLDEST:
        return False
    if sizes.get(events.SPLITTER, 516) != 516 or 0 in sizes.values() or events.GAME_END not in sizes:
        return False
    for code, size in sizes.items():
        if code in events.SIZES:
            needed = events.size_at(code, version)
            if needed is None or size < needed:
                return False
    return _plain_tail(data, tail)


def _plain_tail(data: bytes, tail: int) -> bool:
    if len(data) - tail > _MAX_METADATA:
        return False
    return data[tail] == ord("}") or (data[tail] == ord("U") and data.count(b"{", tail) <= ubjson.MAX_DEPTH)


def _metadata(data: bytes, header: Header, stop: int) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The metadata element after the stream, wherever the stream really ends."""
    tail = header.begin + header.raw_length if header.raw_length and header.begin else stop
    if tail >= len(data) or data[tail] == ord("}"):
        return None, ()
    if not data.startswith(events.METADATA_KEY, tail):
        return None, () if stop < tail or header.raw_length == 0 else (f"no metadata at byte {tail}",)
    try:
        return ubjson.read_object(data, tail + len(events.METADATA_KEY))[0], ()
    except ValueError as error:
        return None, (f"metadata not readable: {error}",)


def _stuck(frames: Any) -> tuple[str, ...]:
    ids = np.asarray(frames.field("id"))
    if len(ids) > 1 and bool((ids == ids[0]).all()):
        return (f"the frame id never advances: {len(ids)} rows of frame {int(ids[0])}, the last is kept",)
    return ()
