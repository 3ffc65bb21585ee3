"""Writes small recordings by hand, event by event, so that tests can make exactly the damage they are about.

Sizes and offsets are the Slippi format specification's, spelt out here once more on purpose: the reader's own
table is checked against this one by peppi, which reads what is written here.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Version = tuple[int, int, int]

SIGNATURE = b"{U\x03raw[$U#l"
EVERY_VERSION: tuple[Version, ...] = (
    (0, 1, 0), (0, 2, 0), (1, 0, 0), (1, 2, 0), (1, 3, 0), (1, 4, 0), (1, 5, 0), (1, 7, 1), (2, 0, 1), (2, 1, 0),
    (2, 2, 0), (3, 0, 0), (3, 1, 0), (3, 2, 0), (3, 3, 0), (3, 4, 0), (3, 5, 0), (3, 6, 1), (3, 7, 0), (3, 8, 0),
    (3, 9, 1), (3, 10, 0), (3, 11, 0), (3, 12, 0), (3, 13, 0), (3, 14, 0), (3, 15, 0), (3, 16, 0), (3, 17, 0),
    (3, 18, 0), (3, 19, 1),
)  # fmt: skip
METADATA: dict[str, Any] = {"startAt": "2020-01-02T03:04:05Z", "lastFrame": -120, "playedOn": "dolphin"}


def sizes(version: Version) -> dict[int, int]:
    """Payload bytes by event code, as a recorder of this version announces them."""

    def longest(*steps: tuple[Version, int]) -> int:
        return [size for since, size in steps if since <= version][-1]

    table = {
        0x36: longest(
            ((0, 1, 0), 320), ((1, 0, 0), 352), ((1, 3, 0), 416), ((1, 5, 0), 417), ((2, 0, 0), 418),
            ((3, 7, 0), 420), ((3, 9, 0), 584), ((3, 11, 0), 700), ((3, 12, 0), 701), ((3, 14, 0), 760),
        ),
        0x37: longest(((0, 1, 0), 58), ((1, 2, 0), 59), ((1, 4, 0), 63), ((3, 15, 0), 64), ((3, 17, 0), 66)),
        0x38: longest(
            ((0, 1, 0), 33), ((0, 2, 0), 37), ((2, 0, 0), 51), ((2, 1, 0), 52), ((3, 5, 0), 72), ((3, 8, 0), 76),
            ((3, 11, 0), 80), ((3, 16, 0), 84),
        ),
        0x39: longest(((0, 1, 0), 1), ((2, 0, 0), 2), ((3, 13, 0), 6)),
    }  # fmt: skip
    if version >= (2, 2, 0):
        table[0x3A] = longest(((2, 2, 0), 8), ((3, 10, 0), 12))
    if version >= (3, 0, 0):
        table[0x3B] = longest(((3, 0, 0), 37), ((3, 2, 0), 41), ((3, 6, 0), 42), ((3, 16, 0), 44))
        table[0x3C] = longest(((3, 0, 0), 4), ((3, 7, 0), 8))
    if version >= (3, 3, 0):
        table[0x3D] = 12345
        table[0x10] = 516
    if version >= (3, 18, 0):
        table |= {0x3F: 9, 0x40: 5, 0x41: 8}
    return table


@dataclass
class Recording:
    """A recording to be: change any part of it, then ask for its bytes."""

    version: Version
    sizes: dict[int, int]
    start: bytearray
    events: list[bytes] = field(default_factory=list)
    metadata: bytes | None = None
    raw_length: int | None = None

    def header(self) -> bytes:
        """The table of sizes and the game start."""
        table = b"".join(struct.pack(">BH", code, size) for code, size in self.sizes.items())
        return bytes([0x35, len(table) + 1]) + table + b"\x36" + bytes(self.start)

    def to_bytes(self) -> bytes:
        raw = self.header() + b"".join(self.events)
        length = len(raw) if self.raw_length is None else self.raw_length
        tail = b"" if self.metadata is None else b"U\x08metadata" + self.metadata
        return SIGNATURE + struct.pack(">I", length) + raw + tail + b"}"

    def events_offset(self) -> int:
        """Where the first event after the game start lies."""
        return len(SIGNATURE) + 4 + len(self.header())


def start_payload(version: Version, players: Mapping[int, tuple[int, int]]) -> bytearray:
    """A game start: `players` gives (external character, type) by player index, type 3 is nobody."""
    payload = bytearray(sizes(version)[0x36])
    payload[0:3] = bytes(version)
    struct.pack_into(">H", payload, 4 + 0xE, 32)
    struct.pack_into(">I", payload, 4 + 0x10, 480)
    for index in range(6):
        character, kind = players.get(index, (26, 3))
        at = 4 + 0x60 + 0x24 * index
        payload[at : at + 3] = bytes([character, kind, 4])
    struct.pack_into(">I", payload, 4 + 312, 12345)
    if len(payload) > 0x160:
        payload[0x160:0x164] = "ＡＢ".encode("cp932")
    if len(payload) > 0x220 + 40:
        payload[0x1A4:0x1A9] = b"Proxy"
        payload[0x220:0x228] = "ABCD＃12".encode("cp932")[:8]
    if len(payload) > 0x2BC:
        payload[0x2BC] = 1
    return payload


def pre(version: Version, frame: int, index: int, follower: bool = False, salt: int = 0) -> bytes:
    """A pre-frame event whose values follow from its arguments."""
    value = float(frame % 97 + index * 10 + follower * 5 + salt)
    payload = struct.pack(">iBBIH", frame, index, follower, frame & 0xFFFF, 14 + index)
    payload += struct.pack(">fff", value, value + 0.5, 1.0 if index % 2 else -1.0)
    payload += struct.pack(">fffff", 0.25, -0.5, 0.0, 0.75, 0.125)
    payload += struct.pack(">IHff", 0x100, 0x100, 0.5, 0.0)
    payload += struct.pack(">bfbbb", 40 + index, value, -7, 3, -3)
    return _sized(0x37, payload, version)


def post(version: Version, frame: int, index: int, follower: bool = False, salt: int = 0) -> bytes:
    """A post-frame event whose values follow from its arguments."""
    value = float(frame % 89 + index * 10 + follower * 5 + salt)
    payload = struct.pack(">iBBBH", frame, index, follower, 2 + index, 14 + index)
    payload += struct.pack(">fffff", value, value - 0.5, -1.0, value, 60.0)
    payload += struct.pack(">BBBBf", 7, 1, 6, 4, value)
    payload += bytes([1, 2, 3, 4, 5]) + struct.pack(">fBHBBB", 8.5, 1, 3, 2, 1, 2)
    payload += struct.pack(">fffff", 0.1, 0.2, 0.3, 0.4, 0.5)
    payload += struct.pack(">fIHH", 2.0, 77, 5, 6)
    return _sized(0x38, payload, version)


def frame_start(version: Version, frame: int) -> bytes:
    return _sized(0x3A, struct.pack(">iII", frame, (frame * 31) & 0xFFFFFFFF, frame + 200), version)


def frame_end(version: Version, frame: int) -> bytes:
    return _sized(0x3C, struct.pack(">ii", frame, frame), version)


def item(version: Version, frame: int, spawn: int) -> bytes:
    payload = struct.pack(
        ">iHBfffffHfI", frame, 54, 2, 1.0, 0.5, 0.25, float(frame % 50), 3.0, 0, 90.0, spawn
    )
    payload += bytes([1, 2, 3, 4]) + struct.pack(">bH", 1, 9)
    return _sized(0x3B, payload, version)


def game_end(
    version: Version, method: int = 2, quitter: int = 255, placements: Iterable[int] = (0, 1, 255, 255)
) -> bytes:
    return _sized(0x39, bytes([method, quitter, *placements]), version)


def frame_events(
    version: Version,
    frame: int,
    characters: Iterable[tuple[int, bool]] = ((0, False), (1, False)),
    items: int = 0,
    salt: int = 0,
) -> list[bytes]:
    """All events of one frame, in the order that the game writes them."""
    characters = list(characters)
    events = [frame_start(version, frame)] if version >= (2, 2, 0) else []
    events += [pre(version, frame, index, follower, salt) for index, follower in characters]
    if version >= (3, 0, 0):
        events += [item(version, frame, spawn) for spawn in range(items)]
    events += [post(version, frame, index, follower, salt) for index, follower in characters]
    if version >= (3, 0, 0):
        events.append(frame_end(version, frame))
    return events


def recording(
    version: Version = (3, 14, 0),
    frames: int = 6,
    players: Mapping[int, tuple[int, int]] | None = None,
    characters: Iterable[tuple[int, bool]] | None = None,
    end: bool = True,
) -> Recording:
    """A sound recording from frame -123 on."""
    players = {0: (2, 0), 1: (20, 0)} if players is None else players
    characters = [(index, False) for index in players] if characters is None else list(characters)
    events = []
    for number in range(frames):
        events += frame_events(version, -123 + number, characters, items=number % 3)
    if end:
        events.append(game_end(version))
    return Recording(version, sizes(version), start_payload(version, players), events, ubjson(METADATA))


def ubjson(value: Any) -> bytes:
    """Texts, 32-bit numbers and objects of them, as recorders write them."""
    if isinstance(value, dict):
        return b"{" + b"".join(_key(key) + ubjson(item) for key, item in value.items()) + b"}"
    if isinstance(value, str):
        return b"S" + _key(value)
    return b"l" + struct.pack(">i", value)


def _key(text: str) -> bytes:
    encoded = text.encode("utf-8")
    return b"U" + bytes([len(encoded)]) + encoded


def _sized(code: int, payload: bytes, version: Version) -> bytes:
    size = sizes(version)[code]
    assert len(payload) >= size, "a builder writes every field that any version has"
    return bytes([code]) + payload[:size]
