"""Stretches in which a player keeps the other from acting: what conversions and combos have in common.

T frames, S frames in which the victim is hit or held, N punishes, M moves. All frames are places in the walk.

The rule is a counter that each frame moves on; here it is turned around. Between two frames of `PUNISHED` the
counter's course is fixed, so each such frame knows at once when its punish would end if no other followed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.states import HELPLESS, IN_CONTROL, PUNISHED
from exphil.stats.walk import Fighter

RESET_FRAMES: Final = 45
"""Frames out of harm that a punish outlives."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Moves:
    """(M,) moves, in order of their punish and then of time; `punish` is its number."""

    punish: Ints
    frame: Ints
    attack: Ints
    hits: Ints
    damage: Floats


@dataclass(frozen=True, slots=True)
class Punishes:
    """(N,) punishes of one victim, in order of time.

    Attributes:
        start: first frame.
        end: frame that ended it; T where the game ended first.
        ended: whether it ended.
        killed: whether it ended with a stock.
        start_percent, current_percent, end_percent: of the victim; the last means nothing where not ended.
        moves: of all of them.
    """

    start: Ints
    end: Ints
    ended: Mask
    killed: Mask
    start_percent: Floats
    current_percent: Floats
    end_percent: Floats
    moves: Moves

    def __len__(self) -> int:
        return len(self.start)


def conversions(attacker: Fighter, victim: Fighter) -> Punishes:
    """Punishes that end 45 frames after the victim regained control, unless hit or held again."""
    control = _next_true(IN_CONTROL[victim.state])
    return _punishes(attacker, victim, lambda hit: control[hit] + RESET_FRAMES)


def combos(attacker: Fighter, victim: Fighter) -> Punishes:
    """Punishes that end after 45 frames in a row in which the victim is not helpless."""
    free = ~HELPLESS[victim.state]
    place = np.arange(len(free))
    since = place - np.maximum.accumulate(np.where(free, -1, place))
    over = _next_true(since == RESET_FRAMES + 1)
    return _punishes(attacker, victim, lambda hit: over[hit])


def _punishes(attacker: Fighter, victim: Fighter, times_out: Callable[[Ints], Ints]) -> Punishes:
    length = len(victim.state)
    hit = np.flatnonzero(PUNISHED[victim.state])
    lost = victim.lost_stock
    close = np.minimum(np.minimum(_next_true(lost)[hit], times_out(hit)), length)
    following = np.append(hit[1:], length)
    last = close < following if len(hit) else np.zeros(0, bool)
    if len(hit):
        last[-1] = True
    group = np.cumsum(last) - last.astype(np.int64)  # number of the punish that each frame belongs to
    first = np.flatnonzero(np.append(True, last[:-1])) if len(hit) else np.zeros(0, np.int64)
    start, end = hit[first], close[last]
    ended = end < length
    inside = np.minimum(end, length - 1)
    killed = ended & lost[inside]
    before = np.where(killed, np.maximum(end - 1, start), inside)
    percent = victim.percent
    return Punishes(
        start=start,
        end=end,
        ended=ended,
        killed=killed,
        start_percent=np.where(start > 0, percent[start - 1], 0.0),
        current_percent=percent[before],
        end_percent=np.where(inside > 0, percent[inside - 1], 0.0),
        moves=_moves(attacker, victim, hit, group),
    )


def _moves(attacker: Fighter, victim: Fighter, hit: Ints, group: Ints) -> Moves:
    """What dealt damage, hits of one animation of the attacker together.

    A hit remembers the attacker's action of the frame before it. The memory lasts while the attacker's action
    stays that one and its age does not fall; it outlives the punish. A hit under a memory belongs to the move
    before it, or to none where that one was in an earlier punish.
    """
    damage = np.zeros(len(victim.percent))
    damage[1:] = np.diff(victim.percent)
    dealt = damage[hit] != 0
    at, group = hit[dealt], group[dealt]
    if not len(at):
        none = np.zeros(0, np.int64)
        return Moves(none, none, none, none, np.zeros(0))
    changed, restarted = _changes(attacker)
    breaks = np.cumsum(changed | restarted)
    after, next_hit = at[:-1] + 1, at[1:]
    remembered = attacker.state[after] == attacker.state[at[:-1] - 1]
    remembered &= ~restarted[after] & (breaks[next_hit] == breaks[after])
    fresh = np.append(True, ~remembered)
    move = np.cumsum(fresh) - 1
    opened = np.flatnonzero(fresh)
    counted = group == group[opened][move]
    number = len(opened)
    return Moves(
        punish=group[opened],
        frame=at[opened],
        attack=attacker.attack[at[opened]].astype(np.int64),
        hits=np.bincount(move[counted], minlength=number),
        damage=np.bincount(move[counted], weights=damage[at[counted]], minlength=number).astype(np.float64),
    )


def _changes(fighter: Fighter) -> tuple[Mask, Mask]:
    """(T,) frames whose action is another than the frame before's, and those whose age of action fell."""
    changed, restarted = np.zeros(len(fighter.state), bool), np.zeros(len(fighter.state), bool)
    changed[1:] = fighter.state[1:] != fighter.state[:-1]
    restarted[1:] = fighter.age[1:] < fighter.age[:-1]
    return changed, restarted


def _next_true(mask: Mask) -> Ints:
    """(T,) place of the first True at or after each place; T where there is none."""
    length = len(mask)
    places = np.where(mask, np.arange(length), length)
    return np.minimum.accumulate(places[::-1])[::-1]
