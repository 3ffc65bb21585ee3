"""Made-up players, frame by frame."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from exphil.stats.walk import FLOATS, INTEGERS, Fighter

DTYPES = {"state": np.uint16, "stocks": np.int16, "buttons": np.uint16, "processed": np.uint32}


def fighter(states: Sequence[int], *, port: int = 1, **columns: Any) -> Fighter:
    """A player who goes through `states`; other columns are constant unless given."""
    length = len(states)
    made: dict[str, Any] = {name: np.zeros(length) for name in FLOATS}
    made |= {name: np.zeros(length, DTYPES.get(name, np.uint8)) for name in INTEGERS}
    made["stocks"] = np.full(length, 4, np.int16)
    made["facing"] = np.ones(length)
    made["state"] = np.array(states, np.uint16)
    for name, values in columns.items():
        made[name] = np.broadcast_to(np.asarray(values, made[name].dtype), length).copy()
    return Fighter(port, **made)
