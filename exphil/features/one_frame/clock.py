"""What follows from the frame id alone: time, countdown, the stage and Randall's path."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encode import store
from exphil.features.feature import Feature
from exphil.features.layout import FeatureSet
from exphil.features.rows import SharedRows

_FIRST: Final = -123
_FRAMES: Final = 8 * 3600 + 600
"""A game of eight minutes, and a little more."""
_BEFORE: Final = 600
"""How far a later table reaches back, so that a rollback stays within it."""


class _NoColumns:
    def __getitem__(self, name: str) -> NDArray[Any] | None:
        return None


def is_clocked(feature: Feature) -> bool:
    return feature.scope == "shared" and feature.source == ("frame",)


class FrameClock:
    """Encoded ahead, as whole games are; a frame then is a row of a table."""

    def __init__(self, feature_set: FeatureSet, features: Sequence[Feature], stage: int) -> None:
        self._feature_set = feature_set
        self._features = features
        self._stage = stage
        self._rows = np.zeros((0, 0), np.uint8)
        self._fill(_FIRST)

    def at(self, frame: int) -> NDArray[np.uint8]:
        """The shared part of a row, (shared bytes,), 0 in what other features store."""
        place = frame - self._first
        if not 0 <= place < _FRAMES:
            self._fill(frame - _BEFORE)
            place = _BEFORE
        row: NDArray[np.uint8] = self._rows[place]
        return row

    def _fill(self, first: int) -> None:
        self._first = first
        frame = np.arange(first, first + _FRAMES, dtype=np.int64).astype(np.int32)
        packed = np.zeros(_FRAMES, self._feature_set.row_dtype["shared"])
        blocks = {
            name: packed[name.split("_")[1]].T
            for name in self._feature_set.blocks if name.startswith("shared")
        }  # fmt: skip
        rows = SharedRows(_NoColumns(), slice(None), frame, self._stage, np.zeros(_FRAMES, np.uint8))
        for feature in self._features:
            store(self._feature_set, feature, rows, blocks)
        self._rows = packed.view(np.uint8).reshape(_FRAMES, -1)
