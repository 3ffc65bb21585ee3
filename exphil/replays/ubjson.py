"""Reads the metadata element of a replay: the part of UBJSON (draft 12) that recorders write, and its kin."""

import struct
from typing import Any, Final

MAX_DEPTH: Final = 32

_NUMBERS: Final = {
    ord("U"): ">B",
    ord("i"): ">b",
    ord("I"): ">h",
    ord("l"): ">i",
    ord("L"): ">q",
    ord("d"): ">f",
    ord("D"): ">d",
}
_CONSTANTS: Final = {ord("Z"): None, ord("T"): True, ord("F"): False}


def read_object(data: bytes, offset: int) -> tuple[dict[str, Any], int]:
    """Read the object whose `{` lies at `offset`; also the offset after it. ValueError when it is damaged."""
    try:
        value, stop = _value(data, offset, 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"damaged at or after byte {offset}") from error
    if not isinstance(value, dict):
        raise ValueError(f"no object at byte {offset}")
    return value, stop


def _value(data: bytes, offset: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    mark = data[offset]
    offset += 1
    if mark in _NUMBERS:
        return struct.unpack_from(_NUMBERS[mark], data, offset)[0], offset + struct.calcsize(_NUMBERS[mark])
    if mark in _CONSTANTS:
        return _CONSTANTS[mark], offset
    if mark == ord("C"):
        return chr(data[offset]), offset + 1
    if mark in b"SH":
        return _text(data, offset)
    if mark == ord("{"):
        return _object(data, offset, depth)
    if mark == ord("["):
        return _array(data, offset, depth)
    raise ValueError(f"unknown mark 0x{mark:02x} at byte {offset - 1}")


def _text(data: bytes, offset: int) -> tuple[str, int]:
    length, offset = _value(data, offset, MAX_DEPTH)
    if not isinstance(length, int) or length < 0 or offset + length > len(data):
        raise ValueError(f"text runs past the end at byte {offset}")
    return data[offset : offset + length].decode("utf-8"), offset + length


def _object(data: bytes, offset: int, depth: int) -> tuple[dict[str, Any], int]:
    result: dict[str, Any] = {}
    while data[offset] != ord("}"):
        key, offset = _text(data, offset)
        result[key], offset = _value(data, offset, depth + 1)
    return result, offset + 1


def _array(data: bytes, offset: int, depth: int) -> tuple[list[Any], int]:
    result: list[Any] = []
    while data[offset] != ord("]"):
        item, offset = _value(data, offset, depth + 1)
        result.append(item)
    return result, offset + 1
