"""A glance at a replay: who plays where and when, from its first and last kilobytes, without parsing it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from exphil.errors import ReplayError
from exphil.replays.sources import Source, read_source

HEAD_BYTES: Final = 2048
TAIL_BYTES: Final = 8192

_PREFIX: Final = b"{U\x03raw[$U#l"
_PAYLOADS: Final = 0x35
_GAME_START: Final = 0x36
_STAGE: Final = 0x13
_CHARACTER: Final = 0x65
_PLAYER_TYPE: Final = 0x66
_PLAYER_BYTES: Final = 0x24
_NUM_PORTS: Final = 4
_NO_PLAYER: Final = 3
_STARTED: Final = b"startAtSU"


@dataclass(frozen=True, slots=True)
class Header:
    """What a glance tells.

    Attributes:
        version: of the file's format.
        stage: external id.
        characters: external ids, of ports 1 to 4 where someone plays.
        started_at: as the recorder wrote it, in UTC; None where it did not.
    """

    version: tuple[int, int, int]
    stage: int
    characters: tuple[int, ...]
    started_at: datetime | None


def read_header(source: Source) -> Header | None:
    """Glance at one replay; None where its start cannot be made out, which reading it will explain."""
    if source.problem is not None:
        return None
    path = Path(source.path)
    try:
        if source.path.lower().endswith(".slp") and path.is_file():
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
                file.seek(max(0, source.num_bytes - TAIL_BYTES))
                return parse_header(head, file.read(TAIL_BYTES))
        data = read_source(source).bytes
    except (OSError, ReplayError):
        return None
    return parse_header(data[:HEAD_BYTES], data[-TAIL_BYTES:])


def parse_header(head: bytes, tail: bytes) -> Header | None:
    """Header from a file's first and last bytes; None where they are no replay's."""
    begin = len(_PREFIX) + 4
    if not head.startswith(_PREFIX) or len(head) < begin + 2 or head[begin] != _PAYLOADS:
        return None
    start = begin + 1 + head[begin + 1]
    if len(head) < start + _PLAYER_TYPE + _NUM_PORTS * _PLAYER_BYTES or head[start] != _GAME_START:
        return None
    players = [start + port * _PLAYER_BYTES for port in range(_NUM_PORTS)]
    return Header(
        version=(head[start + 1], head[start + 2], head[start + 3]),
        stage=int.from_bytes(head[start + _STAGE : start + _STAGE + 2], "big"),
        characters=tuple(head[at + _CHARACTER] for at in players if head[at + _PLAYER_TYPE] != _NO_PLAYER),
        started_at=_started_at(tail),
    )


def _started_at(tail: bytes) -> datetime | None:
    at = tail.rfind(_STARTED)
    if at < 0:
        return None
    begin = at + len(_STARTED) + 1
    text = tail[begin : begin + tail[begin - 1]] if begin <= len(tail) else b""
    try:
        found = datetime.fromisoformat(text.decode("ascii"))
    except (UnicodeDecodeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
