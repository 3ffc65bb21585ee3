"""From rows of the segment table to bytes of windows: where segments lie in the packs, and the gather.

Shapes: B windows of a batch, L observed frames of a window, n = L + 1 + delay rows of a window.
"""

import math
import weakref
from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs
import pyarrow as pa
import torch

from exphil.errors import StoreError
from exphil.loading.batch import Batch
from exphil.loading.sampler import Segments, Windows

Bytes = npt.NDArray[np.uint8]

MOST_BUFFERS: Final = 16
"""Unused buffers that are kept."""


class PackFiles(Protocol):
    """What is needed of `exphil.store.packs.Packs`.

    Attributes:
        parts: memory maps, (rows, row_bytes) uint8 each.
        runs: a row a game: part, replay_id, first_port, second_port, first_frame, num_rows, row_offset.
    """

    @property
    def parts(self) -> Sequence[Bytes]: ...
    @property
    def runs(self) -> pa.Table: ...


def find_segments(segments: pa.Table, packs: PackFiles, delay: int) -> Segments:
    """Where the rows of a segment table lie in the packs; what ends too near the end of its game is shortened.

    The target of a frame lies `1 + delay` frames after it, so the last `delay` frames of a game have none. Segments
    that this leaves empty are dropped.

    Args:
        segments: columns of `exphil.schema.SEGMENTS`; a game's segment may be there in several stretches.
        delay: frames between an observation and its target, beyond the one that is always there.

    Raises:
        StoreError: the packs lack a segment's game.
    """
    # Ids may come dictionary-encoded, each table with a dictionary of its own.
    replay = pl.col("replay_id").cast(pl.String)
    runs = pl.DataFrame(pl.from_arrow(packs.runs)).select(
        replay,
        cs.by_name("part", "first_port", "second_port").cast(pl.Int64),
        run_frame=pl.col("first_frame").cast(pl.Int64),
        run_start=pl.col("row_offset").cast(pl.Int64),
        run_stop=pl.col("row_offset").cast(pl.Int64) + pl.col("num_rows").cast(pl.Int64),
    )
    columns = ["replay_id", "port", "first_frame", "last_frame", "character"]
    wanted = pl.DataFrame(pl.from_arrow(segments.select(columns)))
    row = pl.col("run_start") - pl.col("run_frame")
    places = (
        wanted.select(
            replay,
            cs.by_name("port", "first_frame", "last_frame").cast(pl.Int64),
            pl.col("character").cast(pl.String).fill_null(""),
        )
        .join(runs, on="replay_id", how="inner")
        .with_columns(
            viewpoint=(pl.col("port") == pl.col("second_port")).cast(pl.Int64),
            first=row + pl.col("first_frame"),
            stop=row + pl.col("last_frame") + 1,
        )
        .filter(
            (pl.col("first") >= pl.col("run_start"))
            & (pl.col("stop") < pl.col("run_stop"))
            & ((pl.col("port") == pl.col("first_port")) | (pl.col("port") == pl.col("second_port")))
        )
        .with_columns(stop=pl.min_horizontal("stop", pl.col("run_stop") - 1 - delay))
        # By name, not by place: the order of windows outlives a compaction of the store.
        .sort("replay_id", "port", "first_frame")
    )
    if places.height < segments.num_rows:
        raise StoreError(
            f"the packs lack {segments.num_rows - places.height} of {segments.num_rows} selected segments;"
            " run `exphil materialize packs`"
        )
    places = places.filter(pl.col("stop") > pl.col("first"))
    places = places.with_columns(
        replay=pl.col("replay_id").rle_id().cast(pl.Int64),
        character=pl.col("character").rank("dense").cast(pl.Int64) - 1,
    )
    return Segments(*(places[name].to_numpy() for name in Segments.__slots__))


class Buffers:
    """Memory for batches, used again when nobody holds the batch any more.

    Fresh memory would cost as much as the copy into it: the system clears every page of it.
    """

    def __init__(self) -> None:
        self._free: list[Bytes] = []

    def take(self, *shape: int) -> Bytes:
        """An array of uint8 of any content. Its memory comes back when the array, and every tensor over it, is gone."""
        size = math.prod(shape)
        memory = self._free.pop() if self._free else np.empty(size, np.uint8)
        if len(memory) < size:
            memory = np.empty(size, np.uint8)
        array = memory[:size].reshape(shape)
        weakref.finalize(array, self._give_back, memory).atexit = False
        return array

    def _give_back(self, memory: Bytes) -> None:
        if len(self._free) < MOST_BUFFERS:
            self._free.append(memory)


class Gatherer:
    """Copies windows out of the memory maps.

    Args:
        parts: memory maps of the packs.
        num_rows: rows of a window (n).
    """

    def __init__(self, parts: Sequence[Bytes], num_rows: int) -> None:
        self._files = parts
        self._parts = [np.asarray(part) for part in parts]
        self._num_rows = num_rows
        self._overlapping = [_overlapping(part, num_rows) for part in self._parts]
        self._buffers = Buffers()

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process maps the files itself; pickling the maps would send it every byte.
        return _reopened, ([_address(part) for part in self._files], self._num_rows)

    def rows(
        self, part: npt.NDArray[np.int64], start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]
    ) -> Bytes:
        """(B, n, row_bytes) rows of windows.

        Args:
            part: (B,) which pack.
            start: (B,) first row of the window.
            stop: (B,) row after the last one of its game; a window that reaches past it repeats the last row.
        """
        n = self._num_rows
        views = self._overlapping
        fits = start + n <= stop
        # Joining views beats copying one by one; either lets other threads run while a page is read.
        pieces = [
            views[p][a] if whole else self._padded(p, a, b)
            for p, a, b, whole in zip(
                part.tolist(), start.tolist(), stop.tolist(), fits.tolist(), strict=True
            )
        ]
        out = self._buffers.take(len(pieces), n, self._parts[0].shape[1])
        if pieces:
            np.concatenate(pieces, out=out.reshape(-1))
        return out

    def _padded(self, part: int, start: int, stop: int) -> Bytes:
        """The rows of a game's end, the last repeated until they fill a window; flat."""
        rows = self._parts[part][start:stop]
        return np.concatenate([rows, np.repeat(rows[-1:], self._num_rows - len(rows), axis=0)]).reshape(-1)


def _overlapping(part: Bytes, num_rows: int) -> Bytes:
    """(windows, n * row_bytes) view of a pack: row i is the window that starts at row i."""
    row_bytes = part.shape[1]
    count = max(0, part.shape[0] - num_rows + 1)
    return np.lib.stride_tricks.as_strided(
        part, (count, num_rows * row_bytes), (row_bytes, 1), writeable=False
    )


def _address(part: Bytes) -> tuple[str, int, tuple[int, ...]] | Bytes:
    """File, offset and shape of a memory map; an array in memory stands for itself."""
    if isinstance(part, np.memmap) and part.filename is not None:
        return str(part.filename), part.offset, part.shape
    return part


def _reopened(addresses: list[tuple[str, int, tuple[int, ...]] | Bytes], num_rows: int) -> Gatherer:
    parts = [
        address
        if isinstance(address, np.ndarray)
        else np.memmap(address[0], np.uint8, "r", offset=address[1], shape=address[2])
        for address in addresses
    ]
    return Gatherer(parts, num_rows)


def collate(segments: Segments, gatherer: Gatherer, windows: Windows, length: int) -> Batch:
    """The batch that `windows` name.

    Args:
        length: observed frames of a window (L).
    """
    chosen = windows.segment
    rows = gatherer.rows(segments.part[chosen], windows.start, segments.run_stop[chosen])
    position = np.arange(length)
    mask = (position >= windows.scored_from[:, None]) & (position < windows.scored_to[:, None])
    return Batch(
        torch.from_numpy(rows),
        torch.from_numpy(segments.viewpoint[chosen]),
        torch.from_numpy(mask),
        torch.from_numpy(segments.replay[chosen]),
    )


def diversity(replay: torch.Tensor) -> float:
    """Distinct replays of a batch over its windows, in (0, 1]; 1 for a batch of no windows."""
    return len(torch.unique(replay)) / len(replay) if len(replay) else 1.0
