"""Techs: made or missed, on the ground, walls and ceilings; what followed, and whether it was punished.

A tech begins where `exphil.stats.actions` counts it. Frames are places in the walk.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from exphil.stats.situations.course import DEAD, HARMED, LYING, Course, next_within
from exphil.stats.states import Mask, mask

PUNISHED_WITHIN: Final = 60
"""Frames after a tech, or after what followed a missed one, in which a hit counts as its punish."""

KINDS: Final[dict[int, tuple[str, str]]] = {
    0xB7: ("ground", "missed"),
    0xBF: ("ground", "missed"),
    0xC7: ("ground", "in-place"),
    0xC8: ("ground", "forward"),
    0xC9: ("ground", "backward"),
    0xCA: ("wall", "in-place"),
    0xCB: ("wall", "jump"),
    0xF7: ("wall", "missed"),
    0xCC: ("ceiling", "in-place"),
    0xF8: ("ceiling", "missed"),
}
"""State whose beginning is a tech: what was hit, and what the player did."""

FOLLOW_UPS: Final[dict[int, str]] = {
    0xBA: "getup", 0xC2: "getup", 0xBB: "attack", 0xC3: "attack",
    0xBC: "forward", 0xC4: "forward", 0xBD: "backward", 0xC5: "backward",
}  # fmt: skip
"""State in which a player rises from a missed tech: how."""

_TECHS: Final[Mask] = mask(*((state, state) for state in KINDS))


@dataclass(frozen=True, slots=True)
class Tech:
    """One tech; `exphil.schema.TECHS` says what the fields are."""

    frame: int
    kind: str
    choice: str
    follow_up: str | None
    follow_up_frame: int | None
    punished_frame: int | None


def techs(player: Course, opponent: Course) -> list[Tech]:
    """A player's techs, in order of time."""
    began = player.began[_TECHS[player.state[player.began]]]
    if not len(began):
        return []
    up = np.flatnonzero(~player.during(LYING))
    found = []
    for frame in began.tolist():  # a few dozen a game
        kind, choice = KINDS[int(player.state[frame])]
        follow_up, follow_up_frame = None, None
        if (kind, choice) == ("ground", "missed"):
            follow_up, follow_up_frame = _follow_up(player, opponent, next_within(up, frame, len(player)))
        until = (frame if follow_up_frame is None else follow_up_frame) + PUNISHED_WITHIN
        found.append(
            Tech(
                frame,
                kind,
                _side(player, opponent, frame, choice),
                follow_up,
                follow_up_frame,
                next_within(player.hits, frame, until),
            )
        )
    return found


def _follow_up(player: Course, opponent: Course, frame: int | None) -> tuple[str, int | None]:
    """What ended the time on the ground, and when."""
    if frame is None:
        return "none", None
    state = int(player.state[frame])
    if state in FOLLOW_UPS:
        chosen = _side(player, opponent, frame, FOLLOW_UPS[state])
        return (f"roll-{chosen}" if chosen in ("in", "away") else chosen), frame
    if player.at(frame, DEAD):
        return "died", frame
    return ("hit" if player.at(frame, HARMED) else "fell"), frame


def _side(player: Course, opponent: Course, frame: int, choice: str) -> str:
    """Forward and backward as seen from the opponent: `in` or `away`."""
    if choice not in ("forward", "backward"):
        return choice
    fighter = player.fighter
    towards = fighter.facing[frame] == (-1 if fighter.x[frame] > opponent.fighter.x[frame] else 1)
    return "in" if towards == (choice == "forward") else "away"
