"""Recoveries: a player's ways back to the stage, and what the opponent did about them.

T frames. Frames are places in the walk. Only for stages whose ledges are known.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.melee.geometry import StageGeometry
from exphil.stats.situations.course import (
    AIR_DODGE,
    DOWNED,
    HANGING,
    NO_CONTROL,
    ON_LEDGE,
    OUT,
    STANDING,
    Course,
)
from exphil.stats.situations.specials import DOWN, NEUTRAL, SIDE, UP
from exphil.stats.states import Mask

BELOW: Final = 10.0
"""Game units under the ledge from which on a player is under the stage; a hit into the floor sinks less."""
BACK: Final = 20
"""Frames over the stage, in a row, that make a player back though in the air."""
LONG: Final = 30
"""Frames off the stage that make a trip of one's own a recovery, unless it goes wrong."""

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


def recoveries(player: Course, opponent: Course, stage: StageGeometry) -> list[Recovery]:
    """A player's recoveries, in order of time."""
    length, x, y = len(player), np.abs(player.fighter.x), player.fighter.y
    home = player.during(STANDING | ON_LEDGE | OUT) | _long(~_beyond(player, stage), BACK)
    starts, ends = _trips(home, x > stage.ledge_x)
    if not len(starts):
        return []
    # A tech or a missed one that slides off the edge is still the hit's doing.
    anchored = np.flatnonzero(player.during(STANDING | ON_LEDGE) & ~player.during(DOWNED))
    anchor = np.append(-1, anchored)[anchored.searchsorted(starts)]
    from_ledge = (anchor >= 0) & ((player.bits[anchor] & ON_LEDGE) != 0)
    hits = player.hits
    thrown_off = hits.searchsorted(starts, "right") > hits.searchsorted(anchor, "right")
    first_hit, last_hit = hits.searchsorted(starts, "right"), hits.searchsorted(ends)
    died = (ends < length) & ((player.bits[np.minimum(ends, length - 1)] & OUT) != 0)
    went_well = ~thrown_off & (last_hit == first_hit) & ~died
    kept = np.flatnonzero(~(went_well & (from_ledge | (ends - starts < LONG))))
    if not len(kept):
        return []
    starts, ends = starts[kept], ends[kept]
    # Pairs of a span's ends, for reduceat: every other result is of what lies between the spans.
    pairs = np.column_stack([starts, ends]).ravel()
    lowest = np.minimum.reduceat(np.append(y, np.inf), pairs)[::2]
    farthest = np.maximum.reduceat(np.append(x, 0.0), pairs)[::2]
    deeds = np.bitwise_or.reduceat(np.append(_deeds(player, opponent, stage), np.uint16(0)), pairs)[::2]
    return [
        Recovery(
            start=start,
            end=end if end < length else None,
            outcome=_outcome(player, end),
            cause="hit" if thrown_off[index] else "ledge" if from_ledge[index] else "own",
            lowest_y=low,
            farthest_x=far,
            could_act=bool(did & _COULD_ACT) or _outcome(player, end) == "ledge",
            double_jumped=bool(did & _JUMPED),
            specials=frozenset(kind for kind in SPECIALS if did & (_SPECIAL << kind)),
            air_dodged=bool(did & _AIR_DODGED),
            num_hits=int(last_hit[index] - first_hit[index]),
            last_hit=int(hits[last_hit[index] - 1]) if last_hit[index] > first_hit[index] else None,
            opponent_off_stage=bool(did & _FOLLOWED),
            opponent_on_ledge=bool(did & _HOGGED),
        )
        for index, start, end, low, far, did in zip(
            kept.tolist(),
            starts.tolist(),
            ends.tolist(),
            lowest.tolist(),
            farthest.tolist(),
            deeds.tolist(),
            strict=True,
        )
    ]


SPECIALS: Final = (NEUTRAL, SIDE, UP, DOWN)
_COULD_ACT, _JUMPED, _AIR_DODGED, _FOLLOWED, _HOGGED, _SPECIAL = (1 << bit for bit in range(6))


def _deeds(player: Course, opponent: Course, stage: StageGeometry) -> NDArray[np.uint16]:
    """(T,) what a recovery tells of its frames, a bit each; _SPECIAL is shifted by the special's number."""
    same_side = (player.fighter.x > 0) == (opponent.fighter.x > 0)
    found = np.zeros(len(player), np.uint16)
    for bit, mask in (
        (_COULD_ACT, ~player.during(NO_CONTROL)),
        (_JUMPED, player.air_jumps),
        (_AIR_DODGED, player.during(AIR_DODGE)),
        (_FOLLOWED, same_side & off_stage(opponent, stage)),
        (_HOGGED, same_side & opponent.during(HANGING)),
    ):
        found |= mask.astype(np.uint16) * np.uint16(bit)
    special = np.flatnonzero(player.specials)
    found[special] |= np.uint16(_SPECIAL) << player.specials[special].astype(np.uint16)
    return found


def off_stage(player: Course, stage: StageGeometry) -> Mask:
    """(T,) frames beyond or under the ledges, in the air and alive."""
    return _beyond(player, stage) & ~player.during(STANDING | ON_LEDGE | OUT)


def _beyond(player: Course, stage: StageGeometry) -> Mask:
    fighter = player.fighter
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


def _outcome(player: Course, end: int) -> str:
    if end >= len(player):
        return "none"
    if player.at(end, OUT):
        return "died"
    return "ledge" if player.at(end, ON_LEDGE) else "stage"
