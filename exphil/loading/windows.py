"""Windows as a plain torch dataset, decoded: for work of one's own. Training gathers packed rows instead."""

from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from exphil.errors import UsageError
from exphil.features import V1
from exphil.loading.dataset import Gatherer, find_segments
from exphil.sql.segments import select_segments
from exphil.store.packs import Packs
from exphil.store.store import Store


class WindowDataset(Dataset[dict[str, torch.Tensor]]):
    """Every window of the chosen segments, a frame apart; works with `DataLoader`, shuffled and in workers.

    An item holds `features` (L, 287) float32, self first, and `actions` (L, 13) int64: the input that follows
    each frame, as classes of the 13 heads.

    Args:
        where: SQL condition over segments, replays and players; everything if not given.
        length: frames of a window (L).
        delay: frames between an observation and its action, beyond the one that is always there.
        spans: SQL query of `replay_id`, `port`, `first_frame`, `last_frame`: windows lie within these stretches.
        min_quality: games of this score at least, 0 for all; those that no flag excludes if not given.

    Raises:
        UsageError: nothing meets the condition or the query, or nothing is long enough.
        StoreError: the store has no packs.
    """

    def __init__(
        self,
        store: Store,
        where: str | None = None,
        length: int = 60,
        delay: int = 0,
        *,
        spans: str | None = None,
        min_quality: float | None = None,
    ) -> None:
        if where is not None and spans is not None:
            raise UsageError("where and spans do not go together: put the condition into the query")
        if length < 1 or delay < 0:
            raise UsageError(
                f"a window has at least 1 frame and a delay at least 0, not {length} and {delay}"
            )
        packs = Packs.open(store)
        chosen = select_segments(store, where, spans=spans, min_quality=min_quality)
        self._segments = find_segments(chosen, packs, delay)
        self._gatherer = Gatherer(packs.parts, length + 1 + delay)
        self._length = length
        counts = np.maximum(0, self._segments.stop - self._segments.first - length + 1)
        self._ends = np.cumsum(counts)
        if not len(self):
            what = "segment" if spans is None else "span"
            raise UsageError(f"no chosen {what} has {length} frames")

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"window {index} of {len(self)}")
        found = self._segments
        segment = int(np.searchsorted(self._ends, place, side="right"))
        start = int(found.stop[segment]) - self._length - (int(self._ends[segment]) - 1 - place)
        rows = self._gatherer.rows(
            found.part[segment : segment + 1], np.array([start]), found.run_stop[segment : segment + 1]
        )[0]
        packed = rows.view(V1.row_dtype)[:, 0]
        viewpoint: Any = int(found.viewpoint[segment])
        actions = V1.actions(packed, viewpoint)[-self._length :]
        return {
            "features": torch.from_numpy(V1.decode(packed, viewpoint)[: self._length]),
            "actions": torch.from_numpy(actions.astype(np.int64)),
        }
