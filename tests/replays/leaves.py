"""Frames as plain columns, so that two parses compare by value whatever their types say about nulls."""

from collections.abc import Iterator

import pyarrow as pa


def leaves(array: pa.Array, name: str = "") -> dict[str, pa.Array]:
    """Every column below a struct array by dotted name; a row of an absent parent is null."""
    return dict(_leaves(array, name))


def _leaves(array: pa.Array, name: str) -> Iterator[tuple[str, pa.Array]]:
    if pa.types.is_struct(array.type):
        for field, child in zip(array.type, array.flatten(), strict=True):
            yield from _leaves(child, f"{name}.{field.name}" if name else field.name)
    elif pa.types.is_list(array.type):
        yield f"{name}.count", array.value_lengths()
        yield from _leaves(array.flatten(), f"{name}[]")
    else:
        yield name, array


def assert_same_frames(left: pa.StructArray, right: pa.StructArray) -> None:
    """Both hold the same columns with the same values."""
    ours, theirs = leaves(left), leaves(right)
    assert list(ours) == list(theirs)
    for name, column in ours.items():
        assert _same(column, theirs[name]), name


def _same(left: pa.Array, right: pa.Array) -> bool:
    """Equal bit for bit: NaN equals NaN."""
    if pa.types.is_float32(left.type) and left.type == right.type:
        left, right = left.view(pa.uint32()), right.view(pa.uint32())
    return bool(left.equals(right))
