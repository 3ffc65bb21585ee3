"""Made-up games: two fighters as rows of `frames`."""

from typing import Any

import numpy as np
import pyarrow as pa

from exphil.stats.game import GameStats, game_stats
from exphil.stats.walk import COLUMNS, FIRST_FRAME, FLOATS, INTEGERS, Fighter

Rows = dict[str, list[Any]]


def rows(*fighters: Fighter, follower: bool = False) -> pa.Table:
    """A row a frame and fighter, from the first frame on."""
    found: Rows = {name: [] for name in COLUMNS}
    for fighter in fighters:
        length = len(fighter.state)
        found["frame"] += range(FIRST_FRAME, FIRST_FRAME + length)
        found["port"] += [fighter.port] * length
        found["follower"] += [follower] * length
        for name, source in (FLOATS | INTEGERS).items():
            found[source] += getattr(fighter, name).tolist()
    return pa.table(found)


def stats(*fighters: Fighter, **options: Any) -> GameStats:
    """Statistics of a game of two that ends with the fighters' last frame."""
    first, second = fighters
    last = FIRST_FRAME + max(len(first.state), len(second.state)) - 1
    ports = (first.port, second.port)
    return game_stats(rows(first, second), ports, options.pop("last_frame", last), **options)


def without(table: pa.Table, frame: int, port: int | None = None) -> pa.Table:
    """The rows but those of a frame, or of one player at it."""
    gone = np.asarray(table["frame"]) == frame
    if port is not None:
        gone &= np.asarray(table["port"]) == port
    return table.filter(pa.array(~gone))
