"""What a player did: movement, defence, attacks, grabs, techs, counted when an action begins.

T frames, N of them on which an action begins: it is another than the frame before's, or its age fell.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.stats.landing_lag import landing_lag
from exphil.stats.states import (
    AERIAL_LANDING,
    AIR_DODGE,
    ATTACK_DASH,
    BEFORE_SPECIAL_LANDING,
    CATCH_DASH,
    DASH,
    EDGE_CANCELLED,
    GRABBING,
    HOLDING,
    JUMP_SQUAT,
    JUMPING,
    LANDING_FALL_SPECIAL,
    NUM_STATES,
    TURN,
)
from exphil.stats.walk import Fighter

Counts = dict[str, int]
Ints = NDArray[np.int64]

PLAIN: Final[dict[str, tuple[int, ...]]] = {
    "spot_dodge": (0xEB,),
    "air_dodge": (AIR_DODGE,),
    "ledgegrab": (0xFC,),
    "roll": (0xE9, 0xEA),
    "taunt": (0x108, 0x109),
    "attack_jab1": (0x2C,),
    "attack_jab2": (0x2D,),
    "attack_jab3": (0x2E,),
    "attack_jabm": (0x2F,),
    "attack_dash": (ATTACK_DASH,),
    "attack_ftilt": (0x33, 0x34, 0x35, 0x36, 0x37),
    "attack_utilt": (0x38,),
    "attack_dtilt": (0x39,),
    "attack_fsmash": (0x3A, 0x3B, 0x3C, 0x3D, 0x3E),
    "attack_usmash": (0x3F,),
    "attack_dsmash": (0x40,),
    "attack_nair": (0x41,),
    "attack_fair": (0x42,),
    "attack_bair": (0x43,),
    "attack_uair": (0x44,),
    "attack_dair": (0x45,),
    "throw_up": (0xDD,),
    "throw_forward": (0xDB,),
    "throw_back": (0xDC,),
    "throw_down": (0xDE,),
    "ground_tech_neutral": (0xC7,),
    "ground_tech_fail": (0xB7, 0xBF),
    "wall_tech_success": (0xCA,),
    "wall_tech_fail": (0xF7,),
}
"""Count: states whose beginning is one."""

OWN_STATES: Final[dict[int, dict[str, tuple[int, ...]]]] = {
    0x18: {  # Mr. Game & Watch
        "attack_jab1": (0x155,),
        "attack_jabm": (0x156,),
        "attack_dtilt": (0x159,),
        "attack_fsmash": (0x15A,),
        "attack_nair": (0x15B,),
        "attack_bair": (0x15C,),
        "attack_uair": (0x15D,),
    },
    0x09: {"attack_fsmash": (0x15D, 0x15E, 0x15F)},  # Peach: club, pan, racket
}
"""Internal character id: attacks that have states of their own."""

TECH_FORWARD: Final = 0xC8
TECH_BACKWARD: Final = 0xC9

RECENT: Final = 15
"""Frames looked back over from a special landing, itself among them."""

TRAVELLED_FRAMES: Final = 5
TRAVELLED_HEIGHT: Final = 0.1
"""So many frames of jump, and so much height gained or lost, make a landing a waveland."""


def action_counts(fighter: Fighter, opponent: Fighter) -> Counts:
    """Every count of a player; names as in `exphil.schema`."""
    began = begun(fighter)
    now = fighter.state[began]
    earlier = np.append(np.uint16(NUM_STATES - 1), fighter.state[:-1])[began] if len(began) else now
    times = np.bincount(now, minlength=NUM_STATES)
    counts = {name: int(times[list(states)].sum()) for name, states in PLAIN.items()}
    for character, own in OWN_STATES.items():
        of_character = fighter.character[began] == character
        if of_character.any():
            own_times = np.bincount(now[of_character], minlength=NUM_STATES)
            for name, states in own.items():
                counts[name] += int(own_times[list(states)].sum())
    grabbed = GRABBING[earlier]
    counts["grab_success"] = int((grabbed & HOLDING[now]).sum())
    counts["grab_fail"] = int((grabbed & ~HOLDING[now]).sum())
    counts["attack_dash"] -= int(((now == CATCH_DASH) & (earlier == ATTACK_DASH)).sum())  # boost grabs
    counts["dash_dance"] = _dash_dances(fighter, began)
    _add_ground_techs(counts, fighter, opponent, began)
    _add_landings(counts, fighter, began, now, earlier)
    _add_wavedashes(counts, fighter, began[(now == LANDING_FALL_SPECIAL) & BEFORE_SPECIAL_LANDING[earlier]])
    return counts


def begun(fighter: Fighter) -> Ints:
    """(N,) frames on which an action begins; the first frame of all begins one."""
    begun = np.ones(len(fighter.state), bool)
    begun[1:] = (fighter.state[1:] != fighter.state[:-1]) | (fighter.age[:-1] > fighter.age[1:])
    return np.flatnonzero(begun)


def _dash_dances(fighter: Fighter, began: Ints) -> int:
    at = began[began >= 2]
    state = fighter.state
    return int(((state[at - 2] == DASH) & (state[at - 1] == TURN) & (state[at] == DASH)).sum())


def _add_ground_techs(counts: Counts, fighter: Fighter, opponent: Fighter, began: Ints) -> None:
    """Tech rolls, in or away as the opponent stands."""
    state = fighter.state[began]
    at, state = (
        began[(state == TECH_FORWARD) | (state == TECH_BACKWARD)],
        state[(state == TECH_FORWARD) | (state == TECH_BACKWARD)],
    )
    side = np.where(fighter.x[at] > opponent.x[at], -1, 1)
    towards = (state == TECH_FORWARD) == (fighter.facing[at] == side)
    counts["ground_tech_in"] = int(towards.sum())
    counts["ground_tech_away"] = int((~towards).sum())


def _add_landings(
    counts: Counts, fighter: Fighter, began: Ints, now: NDArray[np.uint16], earlier: NDArray[np.uint16]
) -> None:
    """L-cancels, read where the landing begins, and aerials cancelled by sliding off an edge.

    An edge cancel at least as fast as the L-cancel would have been takes back the failure that was counted.
    """
    status = fighter.l_cancel[began]
    landing = AERIAL_LANDING[now]
    counts["l_cancel_success"] = int((landing & (status == 1)).sum())
    failed = int((landing & (status == 2)).sum())
    slid = np.flatnonzero(AERIAL_LANDING[earlier] & EDGE_CANCELLED[now])
    at = began[slid]
    changes = np.append(0, np.flatnonzero(fighter.state[1:] != fighter.state[:-1]) + 1)
    landed = at - changes[np.searchsorted(changes, at, side="left") - 1] if len(at) else at
    lag = landing_lag(fighter.character[at], earlier[slid])
    counts["edge_cancel_success"] = int((landed < lag // 2).sum())
    counts["edge_cancel_slow"] = int(((landed >= lag // 2) & (landed < lag)).sum())
    told = np.flatnonzero(status > 0)
    place = np.searchsorted(told, slid, side="left")
    last_status = status[told[np.maximum(place - 1, 0)]] * (place > 0) if len(told) else np.zeros(len(slid))
    counts["l_cancel_fail"] = failed - int(((landed <= lag // 2) & (last_status == 2)).sum())


def _add_wavedashes(counts: Counts, fighter: Fighter, landings: Ints) -> None:
    """Special landings out of an air dodge or a jump, by what the frames before them hold.

    Nothing but air dodge and landing: an air dodge that ended low. Otherwise an air dodge among them is taken
    off the air dodges. With a jump squat it is a wavedash, unless the jump carried the player elsewhere.
    """
    counts["wavedash"] = counts["waveland"] = 0
    for landing in landings.tolist():  # a few dozen a game
        recent = slice(max(0, landing - RECENT + 1), landing + 1)
        states = fighter.state[recent]
        dodged = bool((states == AIR_DODGE).any())
        if dodged and len(np.unique(states)) == 2:
            continue
        counts["air_dodge"] -= dodged
        squats = np.flatnonzero(states == JUMP_SQUAT)
        if not len(squats):
            counts["waveland"] += 1
            continue
        height = fighter.y[recent]
        moved = abs(height[-1] - height[squats[-1]]) > TRAVELLED_HEIGHT
        travelled = moved and int(JUMPING[states].sum()) >= TRAVELLED_FRAMES
        counts["waveland" if travelled else "wavedash"] += 1
