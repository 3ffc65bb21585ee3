"""Games for tests: hand-made ones of any shape, and the real ones read once a session."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from exphil import schema
from exphil.errors import ReplayError
from exphil.replays.frames import FrameTables, frame_tables
from exphil.replays.game import Game
from exphil.replays.reader import read_game

START = {
    "slippi": {"version": [3, 18, 0]},
    "bitfield": [0x32, 0x01, 0x86, 0x4C],
    "is_teams": False,
    "stage": 2,
    "random_seed": 7,
    "scene": {"major": 2, "minor": 2},
}


def player(port: int, **changes: Any) -> dict[str, Any]:
    """A player of the game start, as the parser spells one."""
    return {
        "port": f"P{port}",
        "character": 2,
        "type": "Human",
        "stocks": 4,
        "costume": 0,
        "team": None,
        "cpu_level": None,
        "damage_start": 0,
        "damage_spawn": 0,
        "model_scale": 1.0,
    } | changes


def character(
    rng: np.random.Generator,
    num_rows: int,
    absent: np.ndarray | None = None,
    without_post: np.ndarray | None = None,
) -> pa.StructArray:
    """Pre and post rows of one character with arbitrary values; null where absent, or post alone."""
    parts = []
    for prefix, columns in (("pre_", schema.PRE_COLUMNS), ("post_", schema.POST_COLUMNS)):
        values = [
            pa.array(rng.integers(0, 100, num_rows)).cast(pa.type_for_alias(column.type))
            for column in columns
        ]
        names = [column.name.removeprefix(prefix) for column in columns]
        lacking = pa.array(without_post) if prefix == "post_" and without_post is not None else None
        parts.append(pa.StructArray.from_arrays(values, names=names, mask=lacking))
    mask = None if absent is None else pa.array(absent)
    return pa.StructArray.from_arrays(parts, names=["pre", "post"], mask=mask)


def lists(rng: np.random.Generator, num_rows: int, most: int, **types: pa.DataType) -> pa.ListArray:
    """0 to `most` structs a row with arbitrary small values."""
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, most + 1, num_rows))])
    values = [pa.array(rng.integers(0, 2, offsets[-1])).cast(type) for type in types.values()]
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.StructArray.from_arrays(values, names=list(types))
    )


def game(frames: dict[str, pa.Array], **changes: Any) -> Game:
    """A game of format 3.18 around a struct array with these fields."""
    fields = {
        "version": (3, 18, 0),
        "start": START | {"players": [player(1), player(2)]},
        "end": {"method": "Game", "lras_initiator": None},
        "metadata": None,
        "frames": pa.StructArray.from_arrays(list(frames.values()), names=list(frames)),
        "num_players": 2,
        "notes": (),
        "content_id": "c" * 32,
    }
    return Game(**(fields | changes))


@lru_cache(maxsize=1)
def readable(replay_dir: Path) -> dict[str, tuple[Game, FrameTables]]:
    """Every real replay that gives frames, by its path under the folder."""
    found = {}
    for path in sorted(replay_dir.rglob("*.slp")):
        try:
            read = read_game(path.read_bytes(), path)
        except ReplayError:
            continue
        found[path.relative_to(replay_dir).as_posix()] = (read, frame_tables(read))
    return found
