"""Which bytes of a frame's events are gathered into native numbers, and which of those make its row."""

import sys
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.layout import BlockName, FeatureSet
from exphil.features.one_frame.frame_bytes import FrameBytes, Place

_ALIGNED: Final = 8


class Gather:
    """Laid out once a game; then `read` and `row` are one indexed copy each, whatever the number of columns.

    The buffer between them holds regions: of columns in native byte order, and of results. Results begin as 0.
    """

    def __init__(self, feature_set: FeatureSet, held: FrameBytes) -> None:
        self.held = held
        self._row_dtype = feature_set.row_dtype
        self._source = np.frombuffer(held.data, np.uint8)
        self._taken: list[int] = []
        self._row: list[int | None] = [None] * feature_set.row_dtype.itemsize
        self._order = np.zeros(0, np.intp)
        self._row_order = np.zeros(0, np.intp)
        self.buffer = np.zeros(0, np.uint8)

    def region(self, dtype: np.dtype[Any], places: Sequence[Place | None]) -> slice:
        """Bytes of the buffer for values of this type, at least as wide as they lie in the events; None is 0.

        Raises:
            TypeError: a signed value would have to be widened.
        """
        self._taken += [self.held.zero] * (-len(self._taken) % _ALIGNED)
        begin = len(self._taken)
        for place in places:
            self._taken += self._native(place, dtype.itemsize)
        return slice(begin, len(self._taken))

    def results(self, dtype: np.dtype[Any], num: int) -> slice:
        """Bytes of the buffer for values that are computed."""
        return self.region(dtype, [None] * num)

    def put(
        self, region: slice, index: int, width: int, block: BlockName, column: int, side: int = 0
    ) -> None:
        """The value at this index of a region of `width` bytes each becomes a column of the row."""
        size = self._row_dtype["players"].base if block.startswith("player") else self._row_dtype["shared"]
        _, begin = self._row_dtype.fields["players" if block.startswith("player") else "shared"][:2]  # type: ignore[index]
        inner, offset = size.fields[block.split("_")[1]][:2]  # type: ignore[index]
        stored = inner.base.itemsize
        at = begin + side * size.itemsize + offset + column * stored
        first = region.start + index * width
        # Rows are little-endian: of a wider value the low bytes are its own.
        low_first = range(first, first + width)
        if sys.byteorder == "big":
            low_first = low_first[::-1]
        self._row[at : at + stored] = low_first[:stored]

    def finish(self) -> None:
        """No more regions: make the buffer."""
        nothing = self.region(np.dtype(np.uint8), [None]).start
        self._order = np.array(self._taken, np.intp)
        self._row_order = np.array([nothing if at is None else at for at in self._row], np.intp)
        self.buffer = np.zeros(len(self._taken), np.uint8)

    def view(self, region: slice, dtype: np.dtype[Any]) -> NDArray[Any]:
        """A region as an array of its type; after `finish`."""
        return self.buffer[region].view(dtype)

    def read(self) -> None:
        """Fill the buffer from the frame's bytes; results become 0."""
        self._source.take(self._order, out=self.buffer, mode="clip")

    def row(self) -> NDArray[np.uint8]:
        """The row that the buffer holds, (row bytes,), a new array."""
        return self.buffer.take(self._row_order)

    def _native(self, place: Place | None, width: int) -> list[int]:
        low_first: list[int] = []
        if place is not None:
            if place.width < width and place.format[0] == "i":
                raise TypeError(f"a signed value of {place.width} bytes is not widened to {width}")
            low_first += reversed(range(place.offset, place.stop))
        low_first = (low_first + [self.held.zero] * width)[:width]
        return low_first if sys.byteorder == "little" else low_first[::-1]
