"""Features that a function of their own makes of their columns: the columns, as that function reads them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from exphil.features.encode import lacks
from exphil.features.feature import Feature
from exphil.features.one_frame.frame_bytes import NUM_FIGHTERS, Place
from exphil.features.one_frame.gather import Gather

Read = Callable[[Any], Any]
Whose = Literal["leaders", "followers", "fighters", "game"]
"""`fighters` are the two leaders, then the two followers."""
_WHICH: Final = {"leaders": slice(0, 2), "followers": slice(2, 4), "fighters": slice(0, 4)}


class ReadRows:
    """What a feature's function is given: `rows[column]` is (num,), and 0 where the format lacks it."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], present: NDArray[np.bool_], stage: int) -> None:
        self.get = columns.get
        self.present = present
        self.num = len(present)
        self.stage = stage
        self.other_port = np.zeros(self.num, np.uint8)
        self.item_count = np.zeros(self.num, np.uint8)
        self._zeros = np.zeros(self.num, np.uint8)

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.get(name)
        return self._zeros if values is None else values


class FrameReads:
    """Gathers the columns that functions read. The functions are called by those who store what they make."""

    def __init__(
        self, gather: Gather, features: Sequence[Feature], stage: int, ports: tuple[int, int]
    ) -> None:
        held = gather.held
        self._stage = stage
        self._other_ports = np.array([ports[1], ports[0]] * 2, np.uint8)
        self._regions: dict[bool, dict[str, tuple[slice, np.dtype[Any]]]] = {False: {}, True: {}}
        """By whether the column is the game's."""
        self._present = np.ones(NUM_FIGHTERS, np.bool_)
        self.rows: dict[Whose, ReadRows] = {}
        there = {
            is_shared: dict.fromkeys(held.shared_columns if is_shared else held.fighter_columns, True).get
            for is_shared in (False, True)
        }
        self._computed = frozenset(
            feature.name
            for feature in features
            if feature.read is not None and not lacks(feature, there[feature.scope == "shared"])
        )
        for feature in features:
            if self.is_computed(feature):
                for column in feature.source:
                    self._add(gather, column, is_shared=feature.scope == "shared")

    def is_computed(self, feature: Feature) -> bool:
        """Whether a function makes it, and the format has any of its columns. Others are absent if they lack one."""
        return feature.name in self._computed

    def _add(self, gather: Gather, column: str, *, is_shared: bool) -> None:
        held, regions = gather.held, self._regions[is_shared]
        places: list[Place | None] = [held.shared(column)]
        if not is_shared:
            places = [held.fighter(index, column) for index in range(NUM_FIGHTERS)]
        if places[0] is not None and column not in regions:
            dtype = np.dtype(places[0].format)
            regions[column] = (gather.region(dtype, places), dtype)

    def bind(self, gather: Gather) -> None:
        """After the buffer is made."""
        fighters, game = (
            {name: gather.view(*region) for name, region in self._regions[is_shared].items()}
            for is_shared in (False, True)
        )
        for whose, which in _WHICH.items():
            columns = {name: values[which] for name, values in fighters.items()}
            rows = ReadRows(columns, self._present[which], self._stage)
            rows.other_port = self._other_ports[which]
            self.rows[whose] = rows  # type: ignore[index]
        self.rows["game"] = ReadRows(game, np.ones(1, np.bool_), self._stage)

    def begin(self, followers: tuple[bool, bool], num_items: int) -> None:
        """What a frame has that is in no event."""
        self._present[2:] = followers
        self.rows["game"].item_count[0] = num_items


def whose(features: Sequence[Feature]) -> Whose:
    """Whose rows features are read from in one go: one feature, or a leader's and a follower's of the same kind."""
    if features[0].scope == "shared":
        return "game"
    if len(features) == 2:
        return "fighters"
    return "followers" if features[0].who == "follower" else "leaders"
