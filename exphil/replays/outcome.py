"""How a game ended: by what, whether it was recorded whole, and who won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

FIRST_FRAME: Final = -123
"""Id of the first frame of every game."""

END_METHODS: Final = {
    "Unresolved": "unresolved",
    "Time": "time",
    "Game": "game",
    "Resolved": "resolved",
    "NoContest": "no-contest",
    "unknown(4)": "stage-failed",
    "unknown(5)": "stage-cleared",
    "unknown(6)": "new-record",
    "unknown(8)": "retry",
    "unknown(9)": "game-cleared",
}
"""End methods by the reader's name. Those that the parser does not know belong to solo modes."""


@dataclass(frozen=True, slots=True)
class LastState:
    """A player at their last frame."""

    port: int
    stocks: int
    percent: float


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won, and what says so: `quit`, `time`, `placement` or `stocks`."""

    port: int
    by: str


def end_method(end: Mapping[str, Any] | None) -> str | None:
    """`game`, `time`, `no-contest`, ...; None where the recording stops without a game end."""
    if end is None:
        return None
    method = str(end["method"])
    return END_METHODS.get(method, method)


def port_number(name: str) -> int:
    """3 of the parser's `P3`."""
    return int(name[1:])


def lras_port(end: Mapping[str, Any] | None) -> int | None:
    """Who quit with L+R+A+Start, if anybody did and the version tells."""
    initiator = (end or {}).get("lras_initiator")
    return port_number(initiator) if initiator is not None else None


def placements(end: Mapping[str, Any] | None) -> dict[int, int]:
    """Placement by port, 0 for the winner; empty before format 3.13."""
    listed = (end or {}).get("players") or []
    return {port_number(player["port"]): player["placement"] for player in listed}


def is_complete(frame_ids: npt.NDArray[np.int32], end: Mapping[str, Any] | None) -> bool:
    """Whether the recording is whole: every frame from the first to the last, and the game end.

    A game that a player quit is complete when its recorder wrote so: what was played is all there.

    Args:
        frame_ids: distinct frame ids, ascending.
    """
    first, last = int(frame_ids[0]), int(frame_ids[-1])
    return end is not None and first == FIRST_FRAME and len(frame_ids) == last - first + 1


def winner(end: Mapping[str, Any] | None, players: Sequence[LastState]) -> Winner | None:
    """The winner of a game of two; None where nobody is known to have won.

    Who quits loses. A time-out goes to more stocks, then to the lower whole percent. Otherwise placements
    decide, and where the version has none (before 3.13), the one player who has stocks left.
    """
    method = end_method(end)
    if method is None or len(players) != 2:
        return None
    first, second = players
    if method in ("no-contest", "unresolved"):
        quitter = lras_port(end)
        if quitter not in (first.port, second.port):
            return None
        return Winner(second.port if quitter == first.port else first.port, "quit")
    if method == "time":
        ranks = [(-player.stocks, int(player.percent)) for player in players]
        if ranks[0] == ranks[1]:
            return None
        return Winner(first.port if ranks[0] < ranks[1] else second.port, "time")
    if method not in ("game", "resolved"):
        return None
    best = [port for port, placement in placements(end).items() if placement == 0]
    if best:
        return Winner(best[0], "placement")
    standing = [player.port for player in players if player.stocks > 0]
    return Winner(standing[0], "stocks") if len(standing) == 1 else None
