"""What peppi reads of a synthesised file, flattened to the names of the events' fields."""

from pathlib import Path
from typing import Any

import numpy as np
import peppi_py._peppi as peppi
import pyarrow as pa
from numpy.typing import NDArray

from exphil.synth.match import Match
from exphil.synth.track import FighterTrack


def parse(data: bytes, folder: Path) -> Any:
    """Peppi's own game object."""
    path = folder / "game.slp"
    path.write_bytes(data)
    return peppi.read_slippi(str(path), False)


def flatten(struct: pa.StructArray, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Leaves of a struct by joined name; nulls of whole rows stay as Arrow gives them."""
    leaves: dict[str, NDArray[Any]] = {}
    for index in range(struct.type.num_fields):
        name = f"{prefix}{struct.type.field(index).name}"
        column = struct.field(index)
        if pa.types.is_struct(column.type):
            leaves |= flatten(column, f"{name}_")
        else:
            leaves[name] = column.to_numpy(zero_copy_only=False)
    return leaves


def fighter_struct(frames: pa.StructArray, match: Match, fighter: FighterTrack) -> pa.StructArray:
    port = frames.field("ports").field(f"P{match.players[fighter.side].port}")
    return port.field("follower" if fighter.follower else "leader")


def last_rows(ids: NDArray[np.int32]) -> NDArray[np.intp]:
    """The last row of each frame id, in the order of the ids."""
    _, backwards = np.unique(ids[::-1], return_index=True)
    return len(ids) - 1 - backwards
