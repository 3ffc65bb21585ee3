"""Ledge grabs: how long a player hung, what they did then, and what came of it.

A grab begins where `exphil.stats.actions` counts it. Frames are places in the walk.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.actions import begun
from exphil.stats.harm import HARMED, hit_frames, next_true, next_within
from exphil.stats.specials import air_jumps, specials
from exphil.stats.states import AIR_DODGE, DYING, LANDING_FALL_SPECIAL, Mask, mask
from exphil.stats.walk import Fighter

CLIFF_CATCH: Final = 0xFC
HANGING: Final = mask((CLIFF_CATCH, 0xFD))
AERIALS: Final = mask((0x41, 0x45))

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

STANDING: Final = mask(
    (0x0E, 0x18), (0x27, 0x40), (0x46, 0x4A), (0xB2, 0xB6), (0xB8, 0xB8), (0xBA, 0xBE), (0xC0, 0xC0),
    (0xC2, 0xC9), (0xD4, 0xDA), (0xE9, 0xEB), (0xF5, 0xF6), (0x108, 0x109),
)  # fmt: skip
"""States that are on the ground whatever the character. Specials and hitstun are on either."""

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


def ledge_options(fighter: Fighter) -> list[LedgeOption]:
    """A player's ledge grabs, in order of time."""
    began = begun(fighter)
    began = began[fighter.state[began] == CLIFF_CATCH]
    if not len(began):
        return []
    state, length = fighter.state, len(fighter.state)
    hanging = HANGING[state]
    off = next_true(~hanging)
    hit = hit_frames(fighter)
    hits = np.flatnonzero(hit)
    # Falling gives way to: the ledge again, a hit, death, or the ground.
    settled = next_true((state == CLIFF_CATCH) | hit | HARMED[state] | DYING[state] | STANDING[state])
    grabbing = next_true(state == CLIFF_CATCH)
    vulnerable = next_true(~(fighter.hurtbox > 0) | (state == CLIFF_CATCH) | DYING[state])
    actions = _Actions(AERIALS[state], specials(fighter) > 0, state == AIR_DODGE, air_jumps(fighter))
    found = []
    for frame in began.tolist():  # a few dozen a game
        release = int(off[frame])
        if release >= length:
            found.append(LedgeOption(frame, None, "none", None, None, None, None, False, None))
            continue
        option, slow = OPTIONS.get(int(state[release]), (_ended(state, release), None))
        until = release + WITHIN
        after = None
        if option == "drop":
            after = _after_drop(fighter, actions, release, min(int(settled[release]), until))
        told = not np.isnan(fighter.hurtbox[release])
        found.append(
            LedgeOption(
                frame=frame,
                release=release,
                option=option,
                after_drop=after,
                slow=slow,
                intangible=int(vulnerable[release]) - release if told else None,
                galint=_galint(fighter, int(settled[release]), vulnerable)
                if told and after == "ledgedash"
                else None,
                regrabbed=bool(grabbing[release] <= min(until, length - 1)),
                hit=next_within(hits, release - 1, until),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Actions:
    """(T,) frames in an aerial, an air dodge, a jump in the air, and those on which a special begins."""

    aerial: Mask
    special: Mask
    air_dodge: Mask
    jump: Mask


def _ended(state: NDArray[np.uint16], release: int) -> str:
    if DYING[state[release]]:
        return "died"
    return "hit" if HARMED[state[release]] else "drop"


def _after_drop(fighter: Fighter, actions: _Actions, release: int, end: int) -> str:
    """What a drop led to before `end`, where the player settled or the time was over."""
    state = int(fighter.state[end]) if end < len(fighter.state) else -1
    if state == CLIFF_CATCH:
        return "regrab"
    if state == LANDING_FALL_SPECIAL and fighter.state[end - 1] == AIR_DODGE:
        return "ledgedash"
    begins = [
        (int(np.argmax(during)), name)
        for name, during in (
            ("aerial", actions.aerial[release:end]),
            ("special", actions.special[release:end]),
            ("air-dodge", actions.air_dodge[release:end]),
        )
        if during.any()
    ]
    if begins:
        return min(begins)[1]
    if state >= 0 and DYING[state]:
        return "died"
    if state >= 0 and HARMED[state]:
        return "hit"
    return "jump" if actions.jump[release:end].any() else "fall"


def _galint(fighter: Fighter, landing: int, vulnerable: NDArray[np.int64]) -> int | None:
    """Frames left out of reach when the landing of a ledgedash is over; None where it slid off again."""
    state = fighter.state
    after = int(next_true(state[landing:] != LANDING_FALL_SPECIAL)[0]) + landing
    if after >= len(state) or not STANDING[state[after]]:
        return None
    return int(vulnerable[after]) - after
