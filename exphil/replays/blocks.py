"""The game start and game end payloads: made acceptable to peppi, with what they really said kept aside."""

import base64
from dataclasses import dataclass, replace
from typing import Any, Final

from exphil.replays import events
from exphil.replays.events import Header, Version

_PLAYER_OFFSET: Final = 0x64
_PLAYER_SIZE: Final = 0x24
_EMPTY: Final = 3
_ICE_CLIMBERS: Final = 14

_UCF: Final = (0x140, 8)
_NAME_TAG: Final = (0x160, 16)
_NAME: Final = (0x1A4, 31)
_CODE: Final = (0x220, 10)
_UID: Final = (0x248, 29)
_LANGUAGE: Final = 0x2BC
_MATCH: Final = (0x2BD, 51)

_UNDEFINED: Final = frozenset("\uf8f0\uf8f1\uf8f2\uf8f3")
"""What Python's cp932 makes of bytes that Shift JIS does not define and peppi refuses."""

METHODS: Final = {0: "Unresolved", 1: "Time", 2: "Game", 3: "Resolved", 7: "NoContest"}
"""Game end methods that peppi knows, by its names."""


def encoded(payload: bytes) -> str:
    """A payload as peppi spells it in `bytes`."""
    return base64.b64encode(payload).decode("ascii")


@dataclass(frozen=True, slots=True)
class Start:
    """A game start payload. `original` is the file's own, `payload` what peppi is given."""

    original: bytes
    payload: bytes
    ports: frozenset[int]
    """Indices of the players that the game start names, ports 1 to 4 being 0 to 3."""
    ports_with_follower: frozenset[int]
    notes: tuple[str, ...] = ()

    def with_followers(self, ports: frozenset[int]) -> "Start":
        """Name the Ice Climbers on these ports: peppi expects followers of nobody else."""
        payload = bytearray(self.payload)
        for port in ports - self.ports_with_follower:
            payload[_PLAYER_OFFSET + port * _PLAYER_SIZE] = _ICE_CLIMBERS
        return replace(self, payload=bytes(payload), ports_with_follower=ports | self.ports_with_follower)

    def fitted(self, version: Version) -> "Start":
        """State `version`, pad to its size, and blank texts and settings that peppi could not read."""
        payload = bytearray(self.payload)
        payload[0:3] = bytes(version)
        payload += bytes(max(0, (events.size_at(events.GAME_START, version) or 0) - len(payload)))
        notes = []
        for port in range(4):
            for name, (offset, size), encoding in (
                ("name tag", _NAME_TAG, "cp932"),
                ("netplay name", _NAME, "cp932"),
                ("connect code", _CODE, "cp932"),
                ("user id", _UID, "utf-8"),
            ):
                if _blank_unreadable(payload, offset + port * size, size, encoding):
                    notes.append(f"{name} of port {port + 1} is not readable")
            for offset in range(_UCF[0] + port * 8, _UCF[0] + port * 8 + 8, 4):
                if len(payload) >= offset + 4 and int.from_bytes(payload[offset : offset + 4], "big") > 2:
                    payload[offset : offset + 4] = bytes(4)
                    notes.append(f"unknown UCF setting of port {port + 1}")
        if _blank_unreadable(payload, *_MATCH, "utf-8"):
            notes.append("match id is not readable")
        if len(payload) > _LANGUAGE and payload[_LANGUAGE] > 1:
            payload[_LANGUAGE] = 1
            notes.append("unknown language")
        return replace(self, payload=bytes(payload), notes=tuple(notes))

    def character(self, port: int) -> int:
        """External character id that the file itself names."""
        return self.original[_PLAYER_OFFSET + port * _PLAYER_SIZE]


def read_start(data: bytes, header: Header) -> Start:
    """Cut the game start out of a recording."""
    payload = data[header.start + 1 : header.start + 1 + header.sizes[events.GAME_START]]
    player = [payload[_PLAYER_OFFSET + port * _PLAYER_SIZE :][:2] for port in range(4)]
    ports = frozenset(port for port in range(4) if player[port][1] < _EMPTY)
    followers = frozenset(port for port in ports if player[port][0] == _ICE_CLIMBERS)
    return Start(payload, payload, ports, followers)


def _blank_unreadable(payload: bytearray, offset: int, size: int, encoding: str) -> bool:
    if len(payload) < offset + size:
        return False
    text = bytes(payload[offset : offset + size]).split(b"\0", 1)[0]
    try:
        readable = not _UNDEFINED & set(text.decode(encoding))
    except UnicodeDecodeError:
        readable = False
    if not readable:
        payload[offset : offset + size] = bytes(size)
    return not readable


@dataclass(frozen=True, slots=True)
class End:
    """A game end payload: method, who quit, placements by port."""

    original: bytes
    payload: bytes = b""
    notes: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """peppi's name of the method, or `unknown(6)` with the file's number."""
        return METHODS.get(self.original[0], f"unknown({self.original[0]})")

    def fitted(self, version: Version) -> "End":
        """Bring to the version's size and replace what peppi does not know: method, quitter, placements."""
        needed = events.size_at(events.GAME_END, version) or 0
        payload = bytearray(self.original[:needed].ljust(needed, b"\xff"))
        notes = []
        if payload[0] not in METHODS:
            notes.append(f"unknown game end method {payload[0]}")
            payload[0] = 2
        if len(payload) > 1 and 3 < payload[1] < 255:
            notes.append(f"quitter {payload[1]} is no port")
            payload[1] = 255
        for place in range(2, min(6, len(payload))):
            if 3 < payload[place] < 255:
                notes.append(f"placement {payload[place]} of port {place - 1} is out of range")
                payload[place] = 255
        return replace(self, payload=bytes(payload), notes=tuple(notes))

    def restored(self, end: dict[str, Any]) -> dict[str, Any]:
        """peppi's answer with the file's own method and bytes."""
        return {**end, "method": self.method, "bytes": encoded(self.original)}
