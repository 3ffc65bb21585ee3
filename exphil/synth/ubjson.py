"""The corner of UBJSON that a replay's wrapper and metadata need: objects, short strings, 32-bit integers."""

from collections.abc import Mapping
from typing import TypeAlias

Value: TypeAlias = "str | int | Mapping[str, Value]"


def encode_key(key: str) -> bytes:
    """A key: its length in one byte, then UTF-8."""
    data = key.encode()
    if len(data) > 255:
        raise ValueError(f"a UBJSON key of {len(data)} bytes does not fit one length byte")
    return b"U" + bytes([len(data)]) + data


def encode(value: Value) -> bytes:
    """One value; integers are always written as int32, as the recorders do."""
    if isinstance(value, str):
        return b"S" + encode_key(value)
    if isinstance(value, int):
        return b"l" + value.to_bytes(4, "big", signed=True)
    return b"{" + b"".join(encode_key(key) + encode(item) for key, item in value.items()) + b"}"


def wrap_replay(raw: bytes, metadata: Mapping[str, Value] | None, raw_length: int | None = None) -> bytes:
    """A whole file around the event stream.

    `raw_length` overrides the true length: recorders leave 0 there until the game has ended.
    Without metadata the object is left open, as in a file whose recording never ended, unless the length is true.
    """
    length = len(raw) if raw_length is None else raw_length
    head = b"{U\x03raw[$U#l" + length.to_bytes(4, "big") + raw
    if metadata is not None:
        return head + encode_key("metadata") + encode(metadata) + b"}"
    return head + b"}" if length == len(raw) else head
