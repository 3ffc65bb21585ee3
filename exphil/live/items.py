"""The item events of one frame, as columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exphil.live.fields import dtype_at
from exphil.replays import events
from exphil.replays.events import Version


class ItemColumns:
    """Holds the item events of a frame; `columns[name]` is (num,) in the order in which they came."""

    def __init__(self, version: Version, sizes: dict[int, int]) -> None:
        self._dtype = dtype_at(events.ITEM, version, sizes.get(events.ITEM, 0))
        self._native = None if self._dtype is None else _native(self._dtype)
        self._frame = 0
        self._events: list[bytes] = []
        self._rows: NDArray[np.void] | None = None

    def clear(self, frame: int) -> None:
        """Forget the events of the last frame; this one's id is `frame`."""
        self._frame = frame
        self._events.clear()
        self._rows = None

    def add(self, data: bytes, at: int) -> None:
        """Take the item event whose code byte is at `at`."""
        if self._dtype is not None:
            self._events.append(data[at : at + self._dtype.itemsize])
            self._rows = None

    @property
    def num(self) -> int:
        return len(self._events)

    @property
    def names(self) -> tuple[str, ...]:
        return () if self._dtype is None else self._dtype.names or ()

    def __getitem__(self, name: str) -> NDArray[Any] | None:
        if name == "frame":
            return np.full(self.num, self._frame, np.int32)
        if self._native is None or name not in self.names:
            return None
        if self._rows is None:
            self._rows = np.frombuffer(b"".join(self._events), self._dtype).astype(self._native)
        return self._rows[name]


def _native(dtype: np.dtype[np.void]) -> np.dtype[np.void]:
    """The same fields in this machine's byte order, aligned."""
    return np.dtype([(name, dtype[name].newbyteorder("=")) for name in dtype.names or ()], align=True)
