"""The event stream of a replay: what lies where, found without reading a single field.

A `.slp` file is a UBJSON object `{raw, metadata}`. `raw` is a row of events, each a code byte and a payload
whose size the first event (0x35) tells. See the Slippi replay format specification for codes and sizes.
"""

import struct
from array import array
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
import numpy.typing as npt

from exphil.errors import ReplayError

Version = tuple[int, int, int]

SIGNATURE: Final = b"{U\x03raw[$U#l"
RAW_OFFSET: Final = len(SIGNATURE) + 4
METADATA_KEY: Final = b"U\x08metadata"

SPLITTER: Final = 0x10
PAYLOADS: Final = 0x35
GAME_START: Final = 0x36
PRE: Final = 0x37
POST: Final = 0x38
GAME_END: Final = 0x39
FRAME_START: Final = 0x3A
ITEM: Final = 0x3B
FRAME_END: Final = 0x3C
GECKO: Final = 0x3D
FOD: Final = 0x3F
WHISPY: Final = 0x40
STADIUM: Final = 0x41

MAX_EVENTS: Final = 8_000_000
"""Most events that are walked: what the longest recording holds, and little enough to index in memory."""

FRAME_EVENTS: Final = (PRE, POST, FRAME_START, ITEM, FRAME_END, FOD, WHISPY, STADIUM)

SIZES: Final[dict[int, tuple[tuple[Version, int], ...]]] = {
    GAME_START: (
        ((0, 1, 0), 320),
        ((1, 0, 0), 352),
        ((1, 3, 0), 416),
        ((1, 5, 0), 417),
        ((2, 0, 0), 418),
        ((3, 7, 0), 420),
        ((3, 9, 0), 584),
        ((3, 11, 0), 700),
        ((3, 12, 0), 701),
        ((3, 14, 0), 760),
    ),
    PRE: (((0, 1, 0), 58), ((1, 2, 0), 59), ((1, 4, 0), 63), ((3, 15, 0), 64), ((3, 17, 0), 66)),
    POST: (
        ((0, 1, 0), 33),
        ((0, 2, 0), 37),
        ((2, 0, 0), 51),
        ((2, 1, 0), 52),
        ((3, 5, 0), 72),
        ((3, 8, 0), 76),
        ((3, 11, 0), 80),
        ((3, 16, 0), 84),
    ),
    GAME_END: (((0, 1, 0), 1), ((2, 0, 0), 2), ((3, 13, 0), 6)),
    FRAME_START: (((2, 2, 0), 8), ((3, 10, 0), 12)),
    ITEM: (((3, 0, 0), 37), ((3, 2, 0), 41), ((3, 6, 0), 42), ((3, 16, 0), 44)),
    FRAME_END: (((3, 0, 0), 4), ((3, 7, 0), 8)),
    FOD: (((3, 18, 0), 9),),
    WHISPY: (((3, 18, 0), 5),),
    STADIUM: (((3, 18, 0), 8),),
}
"""Bytes of each event's payload by the version that lengthened it; later versions only append."""


def size_at(code: int, version: Version) -> int | None:
    """Payload bytes that a reader of `version` needs, or None where that version has no such event."""
    sizes = [size for since, size in SIZES[code] if since <= version]
    return sizes[-1] if sizes else None


def version_within(code: int, version: Version, size: int) -> Version | None:
    """Newest version up to `version` whose fields all lie in `size` bytes, or None where none do."""
    fitting = [since for since, needed in SIZES[code] if since <= version and needed <= size]
    if not fitting:
        return None
    complete = fitting[-1] == [since for since, _ in SIZES[code] if since <= version][-1]
    return version if complete else fitting[-1]


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes tell. Offsets count from the start of the file."""

    raw_length: int
    """Length of the stream as declared; 0 while a recording runs."""
    begin: int
    """First byte of the stream."""
    sizes: dict[int, int]
    """Payload bytes by event code."""
    start: int
    """Offset of the game start event's code byte."""
    version: Version


def read_header(data: bytes) -> Header:
    """Read signature, size table and version, or say why this is no replay."""
    if not data:
        raise ReplayError("empty file", 0)
    if data.startswith(SIGNATURE):
        if len(data) < RAW_OFFSET:
            raise ReplayError(
                f"the recording stops after {len(data)} bytes, before its first event", len(data)
            )
        (raw_length,) = struct.unpack_from(">I", data, len(SIGNATURE))
        begin = RAW_OFFSET
    elif data[0] == PAYLOADS and data[1:2] != b"" and data[1] % 3 == 1 and data[2:3] == bytes([GAME_START]):
        raw_length, begin = len(data), 0
    else:
        raise ReplayError(f"not a Slippi file: {_looks_like(data)}", 0)
    sizes, start = _size_table(data, begin)
    if start + 1 + sizes[GAME_START] > len(data):
        raise ReplayError(f"the recording stops after {len(data)} bytes, inside its game start", len(data))
    if data[start] != GAME_START:
        raise ReplayError(f"the first event is 0x{data[start]:02x}, not a game start (0x36)", start)
    version = (data[start + 1], data[start + 2], data[start + 3])
    return Header(raw_length, begin, sizes, start, version)


def _size_table(data: bytes, begin: int) -> tuple[dict[int, int], int]:
    if len(data) < begin + 2:
        raise ReplayError(f"the recording stops after {len(data)} bytes, before its first event", len(data))
    if data[begin] != PAYLOADS:
        raise ReplayError(
            f"the stream begins with 0x{data[begin]:02x}, not with the table of event sizes (0x35)", begin
        )
    length = data[begin + 1]
    if length % 3 != 1:
        raise ReplayError(
            f"the table of event sizes is damaged: its length {length} is no multiple of 3 and 1", begin + 1
        )
    stop = begin + 1 + length
    if stop > len(data):
        raise ReplayError(
            f"the recording stops after {len(data)} bytes, inside the table of event sizes", len(data)
        )
    sizes = dict(struct.iter_unpack(">BH", data[begin + 2 : stop]))
    for code, name in ((GAME_START, "game start"), (PRE, "pre-frame"), (POST, "post-frame")):
        needed = SIZES[code][0][1]
        if sizes.get(code, 0) < needed:
            told = f"{sizes[code]} bytes, {needed} are needed" if code in sizes else "none"
            raise ReplayError(
                f"the table of event sizes is damaged: size of the {name} event: {told}", begin + 1
            )
    return sizes, stop


def _looks_like(data: bytes) -> str:
    head = data[:512].lstrip()
    lower = head[:64].lower()
    if not data.strip(b"\0"):
        return f"{len(data)} zero bytes"
    if lower.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    for magic, name in (
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1f\x8b", "gzip data"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"\xfd7zXZ", "xz data"),
        (b"BZh", "bzip2 data"),
        (b"Rar!", "a RAR archive"),
        (b"\x89PNG", "a PNG picture"),
        (b"%PDF", "a PDF document"),
        (b"version https://git-lfs", "a Git LFS pointer"),
        (b"<?xml", "an XML document"),
    ):
        if head.startswith(magic):
            return name
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in data[:512])
    if printable == len(data[:512]):
        return "plain text"
    return f"it begins with bytes {data[:8].hex(' ')}"


@dataclass(frozen=True, slots=True)
class Walk:
    """Every whole event after the game start, in file order."""

    codes: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    """Where each event's code byte lies."""
    stop: int
    """First byte that belongs to no whole event."""
    trouble: str | None
    """Why the walk stopped before the declared end, in words; None when it did not."""


def walk(data: bytes, header: Header) -> Walk:
    """Walk the events to the declared end, the end of the file, or the first byte that is no event."""
    declared = header.begin + header.raw_length if header.raw_length else len(data)
    limit = min(declared, len(data))
    steps = [0] * 256
    for code, size in header.sizes.items():
        steps[code] = size + 1
    steps[PAYLOADS] = steps[GAME_START] = 0  # each comes once: whoever joined two recordings gets the first
    offsets = array("q")
    append = offsets.append
    position = header.start + 1 + header.sizes[GAME_START]
    trouble = None
    for _ in repeat(None, MAX_EVENTS):
        if position >= limit:
            break
        step = steps[data[position]]
        if not step:
            trouble = _no_event(data[position], position)
            break
        append(position)
        position += step
    else:
        trouble = f"more than {MAX_EVENTS} events: read up to byte {position}"
    if position > limit:
        position = offsets.pop()
        trouble = f"cut inside an event at byte {position}"
    elif trouble is None and declared > len(data):
        trouble = f"cut at byte {position}, {declared - len(data)} bytes before its declared end"
    where = np.frombuffer(offsets, dtype=np.int64) if offsets else np.empty(0, np.int64)
    codes = np.frombuffer(data, dtype=np.uint8)[where]
    return Walk(codes, where, position, trouble)


def _no_event(code: int, position: int) -> str:
    if code in (PAYLOADS, GAME_START):
        return f"another recording begins at byte {position}: read up to there"
    return f"unknown event 0x{code:02x} at byte {position}: read up to there"
