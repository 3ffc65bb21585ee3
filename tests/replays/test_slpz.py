"""slpz: packed here as its format is described, by the byte; unpacked by the reader."""

import struct
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import ReplayError
from exphil.replays import slpz
from exphil.replays.sources import find_sources, read_source
from tests.replays import slp


def pack(data: bytes) -> bytes:
    """The slpz of a sound `.slp`."""
    raw_length = struct.unpack_from(">I", data, 11)[0]
    raw, tail = data[15 : 15 + raw_length], data[15 + raw_length :]
    table = raw[: 1 + raw[1]]
    sizes = dict(struct.iter_unpack(">BH", table[2:]))
    start = raw[len(table) : len(table) + 1 + sizes[0x36]]
    events = []
    at = len(table) + len(start)
    while at < len(raw):
        events.append((raw[at], raw[at + 1 : at + 1 + sizes[raw[at]]]))
        at += 1 + sizes[raw[at]]
    columns = struct.pack(">I", len(events)) + bytes(code for code, _ in events)
    for wanted in range(256):
        payloads = [payload for code, payload in events if code == wanted]
        for place in range(sizes.get(wanted, 0) if payloads else 0):
            columns += bytes(payload[place] for payload in payloads)
    offsets = [24, 24 + len(table), 24 + len(table) + len(start)]
    offsets.append(offsets[-1] + len(tail))
    packed = pa.compress(columns, codec="zstd", asbytes=True)
    return struct.pack(">6I", 0, *offsets, len(columns)) + table + start + tail + packed


@pytest.mark.parametrize("version", [(0, 1, 0), (2, 0, 1), (3, 6, 0), (3, 19, 1)])
def test_gives_the_recording_back_byte_for_byte(version):
    data = slp.recording(version, frames=20).to_bytes()
    assert slpz.unpack(pack(data)) == data


def test_of_a_recording_without_events():
    data = slp.recording(frames=0, end=False).to_bytes()
    assert slpz.unpack(pack(data)) == data


def test_of_a_real_game(replay_dir: Path):
    data = next(replay_dir.glob("test_v3.12.0_v3.12*.slp")).read_bytes()
    assert slpz.unpack(pack(data)) == data


def test_as_a_source(tmp_path):
    data = slp.recording().to_bytes()
    (tmp_path / "a.slpz").write_bytes(pack(data))
    contents = read_source(next(find_sources([tmp_path])))
    assert contents.bytes == data
    assert contents.path is None


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:20], "less than its header"),
        (lambda data: b"\0\0\0\x07" + data[4:], "slpz of version 7"),
        (lambda data: data[:16] + b"\xff\xff\xff\xff" + data[20:], "run past the end"),
        (lambda data: data[:20] + b"\x7f\xff\xff\xff" + data[24:], "refused as a bomb"),
        (lambda data: data[:-30] + bytes(30), "damaged"),
        (lambda data: data[:29] + b"\x99" + data[30:], "does not know"),
    ],
)
def test_damage_is_told(damage, reason):
    with pytest.raises(ReplayError, match=reason):
        slpz.unpack(damage(pack(slp.recording().to_bytes())))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_damage_gives_bytes_or_a_reason(damage):
    data = bytearray(pack(slp.recording(frames=3).to_bytes()))
    for place, value in damage:
        data[int(place * len(data))] = value
    try:
        unpacked = slpz.unpack(bytes(data))
    except ReplayError as error:
        unpacked = error.reason.encode()
    assert unpacked.startswith((slp.SIGNATURE, b"slpz"))
