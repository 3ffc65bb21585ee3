"""What a simulated game left behind: every field of every frame, ready to be written in any version."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exphil.synth.arenas import StageTrack

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FighterTrack:
    """One fighter, a row a frame. `pre` and `post` are named as the events' fields; `present` is where rows exist."""

    side: int  # which player of the match
    follower: bool
    pre: Columns
    post: Columns
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Track:
    """A whole game of T frames from -123 on.

    `random_seed` (T,); `items` columns (T, K) with `item_present` (T, K); `method` as the game end has it.
    """

    num_frames: int
    random_seed: NDArray[np.uint32]
    fighters: tuple[FighterTrack, ...]
    items: Columns
    item_present: NDArray[np.bool_]
    stage: StageTrack
    method: int
    lras_side: int | None
    placements: tuple[int, ...]
