"""The bytes of one frame's events, each at a fixed place, and where the columns lie among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exphil.melee.items import NUM_SLOTS

NUM_FIGHTERS: Final = 4
"""Leader of the first port, leader of the second, then their followers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lies, big-endian: its first byte, and numpy's format without a byte order."""

    offset: int
    format: str

    @property
    def width(self) -> int:
        return int(self.format[1:])

    @property
    def stop(self) -> int:
        return self.offset + self.width


Places = Mapping[str, Place]
"""Places by column, counted from where an event's bytes, or several events' bytes in a row, begin."""


class FrameBytes:
    """One buffer for a frame: four fighters, what belongs to the game, the items by slot, and a byte that is 0.

    Whoever reads the events writes them into `data` from `fighter_begins` and `shared_begin` on; what is not there
    must be 0. The items' places are the encoder's to fill.
    """

    def __init__(self, fighter: Places, shared: Places, item: Places) -> None:
        """`fighter`: columns of a fighter's events; `shared`: those of the stage frames; `item`: of an item event."""
        self._fighter = fighter
        self._shared = shared
        self.item_places = item
        self.fighter_bytes = _end(fighter)
        self.shared_bytes = _end(shared)
        self.item_bytes = _end(item)
        self.fighter_begins = tuple(at * self.fighter_bytes for at in range(NUM_FIGHTERS))
        self.shared_begin = NUM_FIGHTERS * self.fighter_bytes
        items = self.shared_begin + self.shared_bytes
        self.item_begins = tuple(items + at * self.item_bytes for at in range(NUM_SLOTS))
        self.zero = items + NUM_SLOTS * self.item_bytes
        """Index of the byte that is always 0."""
        self.data = bytearray(self.zero + 1)

    @property
    def fighter_columns(self) -> tuple[str, ...]:
        return tuple(self._fighter)

    @property
    def shared_columns(self) -> tuple[str, ...]:
        return tuple(self._shared)

    def fighter(self, index: int, column: str) -> Place | None:
        """Where a fighter's column lies in `data`; None for one that the format lacks."""
        return _moved(self._fighter.get(column), self.fighter_begins[index])

    def shared(self, column: str) -> Place | None:
        """Where a column of the stage frames lies in `data`."""
        return _moved(self._shared.get(column), self.shared_begin)

    def item(self, slot: int, column: str) -> Place | None:
        """Where a column of the item in this slot lies in `data`."""
        return _moved(self.item_places.get(column), self.item_begins[slot])


def _end(places: Places) -> int:
    return max((place.stop for place in places.values()), default=0)


def _moved(place: Place | None, begin: int) -> Place | None:
    return None if place is None else Place(begin + place.offset, place.format)
