"""Recoveries: a player's ways back to the stage, and what the opponent did about them.

T frames. Frames are places in the walk. Only for stages whose ledges are known.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.melee.geometry import StageGeometry
from exphil.stats.harm import NO_CONTROL, hit_frames
from exphil.stats.ledges import HANGING, STANDING
from exphil.stats.specials import air_jumps, specials
from exphil.stats.states import AIR_DODGE, Mask, mask
from exphil.stats.walk import Fighter

BELOW: Final = 10.0
"""Game units under the ledge from which on a player is under the stage; a hit into the floor sinks less."""
BACK: Final = 20
"""Frames over the stage, in a row, that make a player back though in the air."""
LONG: Final = 30
"""Frames off the stage that make a trip of one's own a recovery, unless it goes wrong."""

OUT: Final = mask((0x00, 0x0D))
"""Dying, gone, or on the way back on the platform of light."""
ON_LEDGE: Final = mask((0xFC, 0x107))

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery; `exphil.schema.RECOVERIES` says what the fields are."""

    start: int
    end: int | None
    outcome: str
    cause: str
    lowest_y: float
    farthest_x: float
    could_act: bool
    double_jumped: bool
    specials: frozenset[int]
    air_dodged: bool
    num_hits: int
    last_hit: int | None
    opponent_off_stage: bool
    opponent_on_ledge: bool


def recoveries(fighter: Fighter, opponent: Fighter, stage: StageGeometry) -> list[Recovery]:
    """A player's recoveries, in order of time."""
    state, length = fighter.state, len(fighter.state)
    beyond = _beyond(fighter, stage)
    home = STANDING[state] | ON_LEDGE[state] | OUT[state] | _long(~beyond, BACK)
    starts, ends = _trips(home, np.abs(fighter.x) > stage.ledge_x)
    if not len(starts):
        return []
    hit = np.flatnonzero(hit_frames(fighter))
    held = np.where(STANDING[state] | ON_LEDGE[state], np.arange(length), -1)
    last_held = np.maximum.accumulate(held)
    hits_since = np.searchsorted(hit, starts, "right") - np.searchsorted(hit, last_held[starts], "right")
    did = _Deeds(fighter)
    side = np.sign(fighter.x) == np.sign(opponent.x)
    after = side & off_stage(opponent, stage)
    hanging = side & HANGING[opponent.state]
    found = []
    for start, end, hits in zip(
        starts.tolist(), ends.tolist(), hits_since.tolist(), strict=True
    ):  # dozens a game
        during = slice(start, end)
        outcome = _outcome(state, end)
        cause = "hit" if hits else "ledge" if _from_ledge(state, int(last_held[start])) else "own"
        taken = hit[np.searchsorted(hit, start, "right") : np.searchsorted(hit, end, "left")]
        went_well = cause != "hit" and not len(taken) and outcome != "died"
        if went_well and (cause == "ledge" or end - start < LONG):
            continue
        found.append(
            Recovery(
                start=start,
                end=end if end < length else None,
                outcome=outcome,
                cause=cause,
                lowest_y=float(fighter.y[during].min()),
                farthest_x=float(np.abs(fighter.x[during]).max()),
                could_act=not NO_CONTROL[state[during]].all(),
                double_jumped=bool(did.jumped[during].any()),
                specials=frozenset(np.unique(did.special[during]).tolist()) - {0},
                air_dodged=bool((state[during] == AIR_DODGE).any()),
                num_hits=len(taken),
                last_hit=int(taken[-1]) if len(taken) else None,
                opponent_off_stage=bool(after[during].any()),
                opponent_on_ledge=bool(hanging[during].any()),
            )
        )
    return found


class _Deeds:
    """(T,) frames in an air jump, and which special begins on each."""

    def __init__(self, fighter: Fighter) -> None:
        self.jumped = air_jumps(fighter)
        self.special = specials(fighter)


def off_stage(fighter: Fighter, stage: StageGeometry) -> Mask:
    """(T,) frames beyond or under the ledges, in the air and alive."""
    state = fighter.state
    return _beyond(fighter, stage) & ~(STANDING[state] | ON_LEDGE[state] | OUT[state])


def _beyond(fighter: Fighter, stage: StageGeometry) -> Mask:
    return (np.abs(fighter.x) > stage.ledge_x) | (fighter.y < stage.ledge_y - BELOW)


def _long(mask: Mask, least: int) -> Mask:
    """(T,) frames in runs of at least so many, and in a run that the end of the game cuts short."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    first, last = edges[::2], edges[1::2]
    kept = (last - first >= least) | (last == len(mask))
    change = np.zeros(len(mask) + 1, np.int64)
    change[first[kept]] += 1
    change[last[kept]] -= 1
    return np.cumsum(change[:-1]) > 0


def _trips(home: Mask, beyond: Mask) -> tuple[Ints, Ints]:
    """First place beyond the ledges of every stretch away from home that has one, and the place of the return."""
    edges = np.flatnonzero(np.diff(~home, prepend=False, append=False))
    left, back = edges[::2], edges[1::2]
    out = np.flatnonzero(beyond & ~home)
    index = np.searchsorted(out, left)
    there = index < len(out)
    first = out[np.minimum(index, len(out) - 1)] if len(out) else np.zeros(len(left), np.int64)
    there &= first < back
    return first[there], back[there]


def _from_ledge(state: NDArray[np.uint16], place: int) -> bool:
    """Whether the place where the player last stood or hung is a ledge; -1 is nowhere."""
    return place >= 0 and bool(ON_LEDGE[state[place]])


def _outcome(state: NDArray[np.uint16], end: int) -> str:
    if end >= len(state):
        return "none"
    if OUT[state[end]]:
        return "died"
    return "ledge" if ON_LEDGE[state[end]] else "stage"
