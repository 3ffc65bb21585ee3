"""Ledge grabs: how long a player hung, what they did then, and what came of it.

A grab begins where `exphil.stats.actions` counts it. Frames are places in the walk.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.situations.course import (
    AERIAL,
    AIR_DODGE,
    CATCHING_LEDGE,
    CLIFF_CATCH,
    DEAD,
    HANGING,
    HARMED,
    STANDING,
    Course,
    next_from,
    next_within,
)
from exphil.stats.states import LANDING_FALL_SPECIAL

OPTIONS: Final[dict[int, tuple[str, bool]]] = {
    0xFE: ("getup", True),
    0xFF: ("getup", False),
    0x100: ("attack", True),
    0x101: ("attack", False),
    0x102: ("roll", True),
    0x103: ("roll", False),
    0x104: ("jump", True),
    0x105: ("jump", True),
    0x106: ("jump", False),
    0x107: ("jump", False),
}
"""State that follows the hanging: the option, and whether it is the slow form."""

WITHIN: Final = 60
"""Frames after the release in which what a drop led to, a hit and another grab count."""


@dataclass(frozen=True, slots=True)
class LedgeOption:
    """One ledge grab; `exphil.schema.LEDGE_OPTIONS` says what the fields are."""

    frame: int
    release: int | None
    option: str
    after_drop: str | None
    slow: bool | None
    intangible: int | None
    galint: int | None
    regrabbed: bool
    hit: int | None


def ledge_options(player: Course) -> list[LedgeOption]:
    """A player's ledge grabs, in order of time."""
    began = player.began[player.state[player.began] == CLIFF_CATCH]
    if not len(began):
        return []
    length, hurtbox = len(player), player.fighter.hurtbox
    off = np.flatnonzero(~player.during(HANGING))
    # A fall ends with the ledge again, a hit, death, or the ground.
    settled = np.flatnonzero(player.during(CATCHING_LEDGE | HARMED | DEAD | STANDING))
    catches = np.flatnonzero(player.during(CATCHING_LEDGE))
    vulnerable = np.flatnonzero(~(hurtbox > 0) | player.during(CATCHING_LEDGE | DEAD))
    found = []
    for frame in began.tolist():  # a few dozen a game
        release = next_from(off, frame, length)
        if release >= length:
            found.append(LedgeOption(frame, None, "none", None, None, None, None, False, None))
            continue
        option, slow = OPTIONS.get(int(player.state[release]), (_unchosen(player, release), None))
        until = release + WITHIN
        settles = next_from(settled, release, length)
        after = _after_drop(player, release, min(settles, until)) if option == "drop" else None
        told = not np.isnan(hurtbox[release])
        dashed = told and after == "ledgedash"
        found.append(
            LedgeOption(
                frame=frame,
                release=release,
                option=option,
                after_drop=after,
                slow=slow,
                intangible=next_from(vulnerable, release, length) - release if told else None,
                galint=_galint(player, settles, vulnerable) if dashed else None,
                regrabbed=next_within(catches, release, until) is not None,
                hit=next_within(player.hits, release - 1, until),
            )
        )
    return found


def _unchosen(player: Course, release: int) -> str:
    if player.at(release, DEAD):
        return "died"
    return "hit" if player.at(release, HARMED) else "drop"


def _after_drop(player: Course, release: int, end: int) -> str:
    """What a drop led to before `end`, where the player settled or the time was over."""
    over = end >= len(player)
    if not over and player.at(end, CATCHING_LEDGE):
        return "regrab"
    if not over and player.state[end] == LANDING_FALL_SPECIAL and player.at(end - 1, AIR_DODGE):
        return "ledgedash"
    during = slice(release, end)
    bits = player.bits[during]
    begins = [
        (int(np.argmax(doing)), name)
        for name, doing in (
            ("aerial", bits & AERIAL),
            ("special", player.specials[during]),
            ("air-dodge", bits & AIR_DODGE),
        )
        if doing.any()
    ]
    if begins:
        return min(begins)[1]
    if not over and player.at(end, DEAD):
        return "died"
    if not over and player.at(end, HARMED):
        return "hit"
    return "jump" if player.air_jumps[during].any() else "fall"


def _galint(player: Course, landing: int, vulnerable: NDArray[np.int64]) -> int | None:
    """Frames left out of reach when the landing of a ledgedash is over; None where it slid off again."""
    after = landing
    while after < len(player) and player.state[after] == LANDING_FALL_SPECIAL:  # ten frames
        after += 1
    if after >= len(player) or not player.at(after, STANDING):
        return None
    return next_from(vulnerable, after, len(player)) - after
