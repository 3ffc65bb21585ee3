"""Small packs of any shape, without a store behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest


@dataclass(frozen=True)
class FakePacks:
    """What training asks of packs: see `exphil.loading.dataset.PackFiles`."""

    parts: tuple[npt.NDArray[np.uint8], ...]
    runs: pa.Table
    segments: pa.Table


MakePacks = Callable[..., FakePacks]


@pytest.fixture
def make_packs(tmp_path: Path) -> MakePacks:
    """Builds packs of games of the given numbers of frames, dealt to `num_parts` files.

    Frames start at -123 and both viewpoints of a game may be scored from -39 on. Without `make_rows`, the
    rows carry their own address: part and row number, two int64. Segments take `characters` in turn.
    """

    def make(
        frames: Sequence[int],
        *,
        num_parts: int = 1,
        make_rows: Callable[[int], npt.NDArray[np.uint8]] | None = None,
        split_keys: Sequence[float] | None = None,
        characters: Sequence[str] = ("FOX",),
    ) -> FakePacks:
        parts: list[list[npt.NDArray[np.uint8]]] = [[] for _ in range(num_parts)]
        offsets = [0] * num_parts
        runs, segments = [], []
        for game, num_rows in enumerate(frames):
            part = game % num_parts
            address = np.stack([np.full(num_rows, part), offsets[part] + np.arange(num_rows)], axis=1)
            parts[part].append(address.view(np.uint8) if make_rows is None else make_rows(num_rows))
            replay = f"{game:032x}"
            runs.append((part, replay, 1, 3, -123, num_rows, offsets[part]))
            last = -123 + num_rows - 2
            key = split_keys[game] if split_keys is not None else game / len(frames)
            for port, opponent in ((1, 3), (3, 1)):
                segments.append(
                    (
                        replay,
                        port,
                        opponent,
                        -39,
                        last,
                        last + 40,
                        -123,
                        key,
                        characters[len(segments) % len(characters)],
                    )
                )
            offsets[part] += num_rows
        maps = []
        for index, rows in enumerate(parts):
            path = tmp_path / f"part-{index}.bin"
            joined = np.concatenate(rows)
            joined.tofile(path)
            maps.append(np.memmap(path, np.uint8, "r", shape=joined.shape))
        return FakePacks(
            tuple(maps),
            _table(
                ("part", "replay_id", "first_port", "second_port", "first_frame", "num_rows", "row_offset"),
                runs,
            ),
            _table(
                (
                    "replay_id",
                    "port",
                    "opponent_port",
                    "first_frame",
                    "last_frame",
                    "num_frames",
                    "context_frame",
                    "split_key",
                    "character",
                ),
                segments,
            ),
        )

    return make


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> pa.Table:
    return pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})
