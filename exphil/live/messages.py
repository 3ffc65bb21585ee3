"""What an event stream tells: a game starts, a frame is whole, the game ends, something is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exphil.replays.events import Version


@dataclass(frozen=True, slots=True)
class GameStart:
    """A game of two players begins; frames of it follow.

    Attributes:
        version: of the event format.
        stage: external id.
        ports: of the two players, ascending; `players[0]` of a row is ports[0].
        characters: external ids, by `ports`.
        types: 0 human, 1 CPU, 2 demo, by `ports`.
        is_pal: None before format 1.5.
        is_frozen_stadium: None before format 2.0.
        payload: the game start event's own bytes, without its code.
    """

    version: Version
    stage: int
    ports: tuple[int, int]
    characters: tuple[int, int]
    types: tuple[int, int]
    is_pal: bool | None
    is_frozen_stadium: bool | None
    payload: bytes


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """A frame of the game, as a pack stores it.

    Attributes:
        frame: its id; play starts at -39.
        finalized: whether no rollback can change it any more; None before format 3.7.
        row: (194,) uint8, a packed row of the feature set: both players, items, stage.
        is_rollback: whether a frame of this id came before; this one replaces it.
    """

    frame: int
    finalized: bool | None
    row: NDArray[np.uint8]
    is_rollback: bool


@dataclass(frozen=True, slots=True)
class GameEnd:
    """The game is over.

    Attributes:
        method: 1 time, 2 game, 7 no contest, 0 and 3 before format 2.0; None where the event is too short.
        quitter: port of the one who quit, None where nobody did.
    """

    method: int | None
    quitter: int | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What came cannot be used, in one line for a person. The stream goes on."""

    message: str


Message = GameStart | LiveFrame | GameEnd | Trouble
