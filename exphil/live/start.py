"""The table of event sizes and the game start, from their own bytes."""

import struct
from typing import Final

from exphil.errors import ReplayError
from exphil.live.messages import GameEnd, GameStart
from exphil.replays import events
from exphil.replays.normalise import OLDEST

_STAGE: Final = 0x12
_PLAYERS: Final = 0x64
_PLAYER_BYTES: Final = 0x24
_NUM_PORTS: Final = 4
_NOBODY: Final = 3
_PAL: Final = 0x1A0
_FROZEN_STADIUM: Final = 0x1A1


def read_sizes(data: bytes, at: int) -> dict[int, int]:
    """Payload bytes by event code, from the table whose code byte is at `at`.

    Raises:
        ReplayError: it is cut or damaged.
    """
    length = data[at + 1] if at + 1 < len(data) else 0
    stop = at + 1 + length
    if length == 0 or stop > len(data):
        raise ReplayError("the table of event sizes is cut")
    if length % 3 != 1:
        raise ReplayError(
            f"the table of event sizes is damaged: its length {length} is no multiple of 3 and 1"
        )
    sizes = dict(struct.iter_unpack(">BH", data[at + 2 : stop]))
    for code, name in (
        (events.GAME_START, "game start"), (events.PRE, "pre-frame"), (events.POST, "post-frame"),
    ):  # fmt: skip
        needed = events.SIZES[code][0][1]
        if sizes.get(code, 0) < needed:
            told = f"{sizes[code]} bytes, {needed} are needed" if code in sizes else "none"
            raise ReplayError(f"the table of event sizes is damaged: size of the {name} event: {told}")
    return sizes


def read_start(payload: bytes) -> GameStart:
    """A game start event's payload, of 320 bytes or more.

    Raises:
        ReplayError: it is no game of two players.
    """
    version = (payload[0], payload[1], payload[2])
    taken = [port for port in range(_NUM_PORTS) if payload[_PLAYERS + port * _PLAYER_BYTES + 1] < _NOBODY]
    if len(taken) != 2:
        who = ", ".join(str(port + 1) for port in taken) or "none"
        raise ReplayError(
            f"a game of {len(taken)} players (ports: {who}): only games of two are played; waiting for the next"
        )
    first, second = (_PLAYERS + port * _PLAYER_BYTES for port in taken)
    held = events.version_within(events.GAME_START, max(version, OLDEST), len(payload)) or OLDEST
    return GameStart(
        version=version,
        stage=int.from_bytes(payload[_STAGE : _STAGE + 2], "big"),
        ports=(taken[0] + 1, taken[1] + 1),
        characters=(payload[first], payload[second]),
        types=(payload[first + 1], payload[second + 1]),
        is_pal=bool(payload[_PAL]) if held >= (1, 5, 0) else None,
        is_frozen_stadium=bool(payload[_FROZEN_STADIUM]) if held >= (2, 0, 0) else None,
        payload=payload,
    )


def read_end(payload: bytes) -> GameEnd:
    """A game end event's payload."""
    quitter = payload[1] if len(payload) > 1 else _NOBODY + 1
    return GameEnd(
        method=payload[0] if payload else None, quitter=quitter + 1 if quitter < _NUM_PORTS else None
    )
