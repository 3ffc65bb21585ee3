"""The wrapper: what we write is what a reader of the format expects."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.synth.ubjson import Value, encode, encode_key, wrap_replay


def decode(data: bytes, at: int) -> tuple[Value, int]:
    """A reader of the same corner of UBJSON, written from its specification."""
    kind = data[at : at + 1]
    if kind == b"S":
        assert data[at + 1 : at + 2] == b"U"
        size = data[at + 2]
        return data[at + 3 : at + 3 + size].decode(), at + 3 + size
    if kind == b"l":
        return struct.unpack(">i", data[at + 1 : at + 5])[0], at + 5
    assert kind == b"{"
    found: dict[str, Value] = {}
    at += 1
    while data[at : at + 1] != b"}":
        key, at = _key(data, at)
        found[key], at = decode(data, at)
    return found, at + 1


def _key(data: bytes, at: int) -> tuple[str, int]:
    assert data[at : at + 1] == b"U"
    size = data[at + 1]
    return data[at + 2 : at + 2 + size].decode(), at + 2 + size


names = st.text(max_size=40).filter(lambda text: len(text.encode()) < 256)
leaves = st.one_of(names, st.integers(-(2**31), 2**31 - 1))
values = st.recursive(leaves, lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=12)


@given(values)
def test_values_survive(value: Value) -> None:
    data = encode(value)
    assert decode(data, 0) == (value, len(data))


@given(st.binary(max_size=64), st.dictionaries(names, values, max_size=3))
def test_a_file_is_raw_then_metadata(raw: bytes, about: dict[str, Value]) -> None:
    data = wrap_replay(raw, about)
    assert data.startswith(b"{U\x03raw[$U#l")
    assert int.from_bytes(data[11:15], "big") == len(raw)
    assert data[15 : 15 + len(raw)] == raw
    key, at = _key(data, 15 + len(raw))
    assert key == "metadata"
    assert decode(data, at) == (about, len(data) - 1)
    assert data.endswith(b"}")


def test_a_file_in_progress_has_no_length_and_no_end() -> None:
    data = wrap_replay(b"events", None, raw_length=0)
    assert data == b"{U\x03raw[$U#l\x00\x00\x00\x00events"


def test_a_long_key_is_refused() -> None:
    with pytest.raises(ValueError, match="256 bytes"):
        encode_key("k" * 256)
