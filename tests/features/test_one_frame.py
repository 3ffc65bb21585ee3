"""Frames one by one against the whole game, byte for byte."""

from typing import Any

import numpy as np
import pytest

from exphil.features import V1
from exphil.features.one_frame import FrameBytes, FrameEncoder, Place
from exphil.features.one_frame.clock import FrameClock, is_clocked
from exphil.features.one_frame.gather import Gather
from exphil.melee.items import NUM_SLOTS
from tests.features.conftest import Build, GameTables
from tests.features.written import item_event, places, write

ROW_BYTES = V1.row_dtype.itemsize


def _held(table: Any) -> list[str]:
    """The columns that hold values."""
    return [name for name in table.column_names if name != "replay_id" and table[name].null_count == 0]


def _frame_by_frame(game: GameTables) -> np.ndarray:
    """Every frame of the game through one encoder, (T, row bytes)."""
    frames, stage = game.frames, game.stage_frames.to_pylist()
    where = places([name for name in _held(game.items) if name not in ("frame", "index")], "item_")
    names, shared = _held(frames), _held(game.stage_frames)
    held = FrameBytes(places(names), places(shared), where)
    encoder = FrameEncoder(V1, held, stage=game.stage, ports=game.ports)
    rows = []
    for frame in sorted({row["frame"] for row in frames.to_pylist()}):
        there = {(row["port"], row["follower"]): row for row in frames.to_pylist() if row["frame"] == frame}
        for index, who in enumerate((port, follows) for follows in (False, True) for port in game.ports):
            for column in names:
                write(held, held.fighter(index, column), there[who][column] if who in there else 0)
        (row,) = (row for row in stage if row["frame"] == frame)
        for column in shared:
            write(held, held.shared(column), row[column])
        items = [item_event(item, where) for item in game.items.to_pylist() if item["frame"] == frame]
        followers = tuple((port, True) in there for port in game.ports)
        rows.append(encoder.encode(frame, (followers[0], followers[1]), items))
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


def test_item_that_is_gone_leaves_its_slot(build: Build) -> None:
    spawns = {-39: (0, 1, 7, 7), -38: (7,), -37: (), -36: (5, 0)}
    items = [
        {"frame": frame, "id": spawn, "type": 54, "position_x": 9.0 + at, "owner": 0}
        for frame in spawns for at, spawn in enumerate(spawns[frame])
    ]  # fmt: skip
    game = build(4, items=items)
    whole = V1.to_rows(game.encode().blocks).view(np.uint8).reshape(-1, ROW_BYTES)
    np.testing.assert_array_equal(_frame_by_frame(game), whole)


def test_more_items_than_a_byte_counts(build: Build) -> None:
    items = [{"frame": -39, "id": spawn, "type": 6} for spawn in range(300)]
    game = build(2, items=items)
    whole = V1.to_rows(game.encode().blocks).view(np.uint8).reshape(-1, ROW_BYTES)
    np.testing.assert_array_equal(_frame_by_frame(game), whole)


def test_rows_are_new_arrays(build: Build) -> None:
    held = FrameBytes(places(_held(build(1).frames)), {}, {})
    encoder = FrameEncoder(V1, held, stage=32, ports=(1, 2))
    first = encoder.encode(0, (False, False), [])
    before = first.copy()
    second = encoder.encode(1, (False, False), [])
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, before)


@pytest.mark.parametrize("stage", [2, 8, 300])
def test_clock_goes_on_after_its_table(stage: int) -> None:
    features = [feature for feature in V1.stored if is_clocked(feature)]
    clock = FrameClock(V1, features, stage)
    for frame in (-123, -39, 0, 29_000, 31_000, 61_000, 100, 2**31 - 1):
        other = FrameClock(V1, features, stage)
        other._fill(frame)
        np.testing.assert_array_equal(clock.at(frame), other._rows[0])


def test_signed_value_is_not_widened() -> None:
    gather = Gather(V1, FrameBytes({"post_state": Place(1, "i1")}, {}, {}))
    with pytest.raises(TypeError, match="signed value of 1 bytes is not widened to 2"):
        gather.region(np.dtype(np.uint16), [gather.held.fighter(0, "post_state")])


def test_places_of_a_frame_do_not_overlap() -> None:
    held = FrameBytes({"a": Place(1, "f4")}, {"b": Place(0, "u2")}, {"c": Place(3, "u1")})
    spans = [held.fighter(index, "a") for index in range(4)]
    spans += [held.shared("b")] + [held.item(slot, "c") for slot in range(NUM_SLOTS)]
    taken = [at for place in spans if place is not None for at in range(place.offset, place.stop)]
    assert len(set(taken)) == len(taken) == 4 * 4 + 2 + NUM_SLOTS
    assert held.zero == len(held.data) - 1
    assert held.zero not in taken
    assert held.fighter(0, "b") is None
