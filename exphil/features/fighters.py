"""Which rows of the frames table are whose, and where they go among the encoded frames."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.rows import Index, PlayerRows, TableColumns, positions_of

# A column of each event, both sources of features. A row without one lost that event when its recording was
# mended, and is no observation.
_EVENTS: Final = ("pre_joystick_x", "post_state")
_WHOLE: Final = slice(None)


@dataclass(frozen=True, slots=True)
class Fighter:
    """`index`: the rows of the table; `frame`: their frame ids, ascending."""

    index: Index
    frame: NDArray[np.int32]

    def rows(
        self, columns: TableColumns, wanted: NDArray[np.int32], stage: int, other_port: int
    ) -> PlayerRows:
        """The fighter's columns over the wanted frames; 0 in those that it has no row of."""
        place = positions_of(self.frame, wanted)
        if isinstance(place, slice):
            return PlayerRows(columns, self.index, place, len(wanted), stage, other_port)
        there = np.flatnonzero(place >= 0)
        index = there + self.index.start if isinstance(self.index, slice) else self.index[there]
        # A leader has a row of every wanted frame: then the picked rows are the frames, in order.
        covers: Index = _WHOLE if len(there) == len(wanted) and len(there) else place[there]
        return PlayerRows(columns, index, covers, len(wanted), stage, other_port)


NOBODY: Final = Fighter(np.zeros(0, np.intp), np.zeros(0, np.int32))


def find_fighters(columns: TableColumns) -> dict[tuple[int, bool], Fighter]:
    """Fighters by (port, is follower). The table must be sorted by port, follower, frame.

    Raises:
        ValueError: it is not.
    """
    port, follower, frame = columns["port"], columns["follower"], columns["frame"]
    if port is None or follower is None or frame is None:
        return {}
    key = port.astype(np.uint8) * np.uint8(2) + follower.astype(np.uint8)
    if np.any(key[1:] < key[:-1]):
        raise ValueError("frames are not sorted by port and follower")
    values, first = np.unique(key, return_index=True)
    ends = [*first[1:].tolist(), len(key)]
    whole = columns.where_held(_EVENTS)
    found = {}
    for value, start, end in zip(values.tolist(), first.tolist(), ends, strict=True):
        index: Index = slice(start, end)
        if whole is not None and not whole[start:end].all():
            index = start + np.flatnonzero(whole[start:end])
        ids: NDArray[Any] = frame[index]
        found[value // 2, bool(value % 2)] = Fighter(index, ids.astype(np.int32, copy=False))
    return found


def common_frames(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int32]:
    """Frame ids that both have, ascending."""
    if len(first) == len(second) and np.array_equal(first, second):
        return first
    return np.intersect1d(first, second, assume_unique=True)
