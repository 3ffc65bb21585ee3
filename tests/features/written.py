"""Columns of a frame as bytes, where an encoder of single frames reads them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from exphil.features.feature import column_type
from exphil.features.one_frame import FrameBytes, Place


def dtype_of(column: str) -> np.dtype[Any]:
    """Type of a column; an item's is prefixed `item_`."""
    kind = column_type(column)
    return np.dtype({"float": "float32", "bool": "uint8"}.get(kind, kind))


def places(columns: Iterable[str], prefix: str = "") -> dict[str, Place]:
    """One column behind the other, behind a byte that is none of theirs."""
    found, at = {}, 1
    for column in columns:
        found[column] = Place(at, dtype_of(prefix + column).str[1:])
        at = found[column].stop
    return found


def write(held: FrameBytes, place: Place | None, value: Any) -> None:
    """Put a value where it is read."""
    assert place is not None
    held.data[place.offset : place.stop] = np.array(value, place.format).astype(f">{place.format}").tobytes()


def item_event(item: dict[str, Any], where: dict[str, Place]) -> bytes:
    """An item event of the columns that have a place."""
    event = bytearray(max(place.stop for place in where.values()))
    for column, place in where.items():
        value = np.array(item[column], place.format).astype(f">{place.format}")
        event[place.offset : place.stop] = value.tobytes()
    return bytes(event)
