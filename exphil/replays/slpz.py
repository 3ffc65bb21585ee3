"""Reads slpz, the compressed form of a recording: the same events, their bytes in columns, under zstd.

A header of six big-endian numbers: format version, offsets of the size table, the game start, the metadata and
the compressed events, and the events' size unpacked. Unpacked they are: the number of events, each one's code,
and then by ascending code the first payload byte of every event of that code, their second byte, and so on.
"""

import struct
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.lib.stride_tricks import sliding_window_view

from exphil.errors import ReplayError
from exphil.replays.events import SIGNATURE
from exphil.replays.limits import MAX_BYTES, is_bomb

_HEADER: Final = struct.Struct(">6I")
_TABLE_ENTRY: Final = 3


def unpack(data: bytes) -> bytes:
    """The `.slp` that was packed, byte for byte."""
    if len(data) < _HEADER.size:
        raise ReplayError(f"slpz data damaged: {len(data)} bytes are less than its header", len(data))
    version, table, start, metadata, packed, size = _HEADER.unpack_from(data)
    if version != 0:
        raise ReplayError(f"slpz of version {version}: only version 0 is read", 0)
    if not _HEADER.size <= table <= start <= metadata <= packed <= len(data):
        raise ReplayError("slpz data damaged: its sections overlap or run past the end", 4)
    if size > MAX_BYTES or is_bomb(len(data), size):
        raise ReplayError(f"slpz of {len(data)} bytes unpacks to {size}: refused as a bomb", 20)
    try:
        columns = pa.decompress(data[packed:], decompressed_size=size, codec="zstd", asbytes=True)
        events = _rows(columns, _steps(data[table:start]))
    except (OSError, ValueError, struct.error) as error:
        raise ReplayError(f"slpz data damaged: {' '.join(str(error).split())}", packed) from error
    raw = data[table:metadata] + events
    return SIGNATURE + struct.pack(">I", len(raw)) + raw + data[metadata:packed]


def _steps(table: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Bytes that an event of each code takes in the stream, its code byte included; 0 for an unknown code."""
    steps = np.zeros(256, np.int64)
    for code, size in struct.iter_unpack(">BH", table[2 : len(table) - (len(table) - 2) % _TABLE_ENTRY]):
        steps[code] = size + 1
    return steps


def _rows(columns: bytes, steps: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> bytes:
    (count,) = struct.unpack_from(">I", columns)
    source = np.frombuffer(columns, np.uint8)
    codes = source[4 : 4 + count]
    if codes.size < count or not steps[codes].all():
        raise ValueError("an event that its size table does not know")
    ends = np.cumsum(steps[codes])
    total = int(ends[-1]) if count else 0
    if 4 + total != source.size:
        raise ValueError(f"its events need {total} bytes, it has {source.size - 4}")
    begins = ends - steps[codes]
    out = np.empty(total, np.uint8)
    out[begins] = codes
    at = 4 + count
    for code in np.flatnonzero(np.bincount(codes, minlength=256)):
        size, places = int(steps[code]) - 1, begins[codes == code]
        if size:
            rows = source[at : at + size * places.size].reshape(size, places.size).T
            sliding_window_view(out, size, writeable=True)[places + 1] = rows
            at += rows.size
    return out.tobytes()
