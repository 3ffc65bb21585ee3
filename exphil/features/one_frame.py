"""One frame of a game that is being played, by the plan that whole games are encoded by.

Both players lie side by side where a game's frames would, so one pass stores both.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exphil.features.encode import encode_player, encode_shared
from exphil.features.items import encode_frame_items
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.numbers import ignoring_overflow
from exphil.features.rows import Columns

_ZEROS = np.zeros(2, np.uint8)


class FighterPair:
    """Both leaders or both followers, by side: `rows[column]` is (2,)."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], stage: int, ports: tuple[int, int]) -> None:
        """`columns` are read at every frame anew; a follower that is absent holds zeros in them."""
        self.get = columns.get
        self.present = np.ones(2, np.bool_)
        self.num = 2
        self.stage = stage
        self.other_port = np.array([ports[1], ports[0]], np.uint8)

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.get(name)
        return _ZEROS if values is None else values


class GameFrame:
    """What belongs to the game in one frame: `rows[column]` is (1,)."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], stage: int) -> None:
        self.get = columns.get
        self.present = np.ones(1, np.bool_)
        self.num = 1
        self.stage = stage
        self.frame = np.zeros(1, np.int32)
        self.item_count = np.zeros(1, np.uint8)

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.get(name)
        return _ZEROS[:1] if values is None else values


class FrameEncoder:
    """Encodes the frames of one game, one by one."""

    def __init__(
        self,
        feature_set: FeatureSet,
        leaders: Mapping[str, NDArray[Any]],
        followers: Mapping[str, NDArray[Any]],
        shared: Mapping[str, NDArray[Any]],
        *,
        stage: int,
        ports: tuple[int, int],
    ) -> None:
        """`leaders`, `followers`: columns by name, (2,); `shared`: those of the stage frames, (1,).

        The mappings and their arrays are read at every `encode`; a column that they lack reads as 0.
        """
        self._feature_set = feature_set
        self._leaders = FighterPair(leaders, stage, ports)
        self._followers = FighterPair(followers, stage, ports)
        self._shared = GameFrame(shared, stage)
        self._ports = ports
        row = np.zeros(1, feature_set.row_dtype)
        self._row = row.view(np.uint8)
        # Views into the row, of the shapes in which blocks are encoded: (columns, frames).
        players, game = row["players"][0], row["shared"]
        self._blocks: dict[BlockName, NDArray[Any]] = {
            name: (players if name.startswith("player") else game)[name.split("_")[1]].T
            for name in feature_set.blocks
        }

    def encode(
        self, frame: int, followers: tuple[bool, bool], items: Columns, num_items: int
    ) -> NDArray[np.uint8]:
        """The packed row of a frame, (row bytes,) uint8; `followers`: who has one in this frame."""
        self._row.fill(0)
        self._followers.present[:] = followers
        shared = self._shared
        shared.frame[0] = frame
        with ignoring_overflow():
            encode_player(self._feature_set, self._leaders, self._followers, self._blocks, 2)
            shared.item_count[0] = (
                encode_frame_items(self._feature_set, items, self._ports, self._blocks) if num_items else 0
            )
            encode_shared(self._feature_set, shared, self._blocks, 1)
        return self._row.copy()
