"""Frames one by one against the whole game, byte for byte."""

from typing import Any

import numpy as np
import pytest

from exphil.features import V1
from exphil.features.one_frame import FrameEncoder
from tests.features.conftest import Build, GameTables

ROW_BYTES = V1.row_dtype.itemsize


class ItemsOfFrame:
    """Items of one frame, as columns."""

    def __init__(self, columns: dict[str, np.ndarray]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> np.ndarray | None:
        return self._columns.get(name)


def _columns(table: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The columns that hold values, at these rows."""
    return {
        name: table[name].to_numpy()[rows]
        for name in table.column_names if table[name].null_count == 0
    }  # fmt: skip


def _frame_by_frame(game: GameTables) -> np.ndarray:
    """Every frame of the game through one encoder, (T, row bytes)."""
    leaders: dict[str, np.ndarray] = {}
    followers: dict[str, np.ndarray] = {}
    shared: dict[str, np.ndarray] = {}
    encoder = FrameEncoder(V1, leaders, followers, shared, stage=game.stage, ports=game.ports)
    frames, items, stage = game.frames, game.items, game.stage_frames
    port, ids = frames["port"].to_numpy(), frames["frame"].to_numpy()
    follows = frames["follower"].to_numpy(zero_copy_only=False)
    rows = []
    for frame in np.unique(ids):
        there = []
        for columns, wanted in ((leaders, False), (followers, True)):
            found = [np.flatnonzero((ids == frame) & (port == p) & (follows == wanted)) for p in game.ports]
            there.append(tuple(len(place) > 0 for place in found))
            picked = [_columns(frames, place) for place in found]
            names = {name for one in picked for name in one}
            columns.clear()
            for name in names:
                values = [one.get(name, np.zeros(0)) for one in picked]
                dtype = frames[name].to_numpy().dtype
                columns[name] = np.array([value[0] if len(value) else 0 for value in values], dtype)
        assert there[0] == (True, True)
        shared.clear()
        shared.update(_columns(stage, np.flatnonzero(stage["frame"].to_numpy() == frame)))
        mine = _columns(items, np.flatnonzero(items["frame"].to_numpy() == frame))
        rows.append(encoder.encode(int(frame), there[1], ItemsOfFrame(mine), len(mine.get("id", ()))))
    return np.stack(rows)


@pytest.mark.parametrize("stage", [2, 3, 8, 28, 31, 32, 5])
def test_frame_by_frame_gives_the_rows_of_the_whole_game(build: Build, stage: int) -> None:
    game = build(
        6,
        {
            1: {"post_position_x": np.linspace(-90, 90, 6), "pre_buttons_physical": 0x0140, "post_last_hit_by": 2},
            (1, True): {"frame": np.array([-38, -36]), "post_state": 20, "post_direction": -1.0},
            3: {"post_direction": -1.0, "post_percent": 41.5, "pre_triggers_physical_l": 0.7, "post_stocks": 2},
        },
        items=[
            {"frame": -38, "id": 4, "type": 54, "position_x": 12.0, "owner": 0, "timer": 30.0},
            {"frame": -38, "id": 9, "type": 99, "position_x": 13.0, "owner": 2, "timer": 31.0},
            {"frame": -37, "id": 9, "type": 99, "position_x": 14.0, "owner": -1, "timer": 32.0},
            {"frame": -35, "id": 10, "type": 6, "position_y": 15.0, "owner": 1, "timer": 33.0},
        ],
        shared={"fod_platform_left": 20.0, "whispy_direction": 2, "stadium_event": 3, "stadium_type": 9},
        stage=stage,
        ports=(1, 3),
        first=-40,
    )  # fmt: skip
    whole = V1.to_rows(game.encode().blocks).view(np.uint8).reshape(-1, ROW_BYTES)
    np.testing.assert_array_equal(_frame_by_frame(game), whole)


def test_frames_of_an_old_format_lack_what_whole_games_lack(build: Build) -> None:
    game = build(4, since=(1, 0, 0))
    whole = V1.to_rows(game.encode().blocks).view(np.uint8).reshape(-1, ROW_BYTES)
    np.testing.assert_array_equal(_frame_by_frame(game), whole)
