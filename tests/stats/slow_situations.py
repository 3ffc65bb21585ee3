"""The slow twins of techs, ledge options and recoveries: a frame at a time, as docs/situations.md reads."""

from typing import Any

import numpy as np

from exphil.melee.geometry import StageGeometry
from exphil.stats.states import COMMAND_GRABBED, DYING, GRABBED, PUNISHED
from exphil.stats.walk import Fighter

LEDGE = range(252, 264)
MULTIPLE_JUMPS = {4: range(341, 346), 15: range(341, 346)}
NO_SPECIAL = {**MULTIPLE_JUMPS, 9: range(341, 352), 24: range(341, 353)}
ON_THE_GROUND = {
    *range(14, 25), *range(39, 65), *range(70, 75), *range(178, 183), 184, *range(186, 191), 192, *range(194, 202),
    *range(212, 219), 233, 234, 235, 245, 246, 264, 265,
}  # fmt: skip


def harmed(state: int) -> bool:
    return bool(PUNISHED[state]) or 239 <= state <= 243


def is_hit(player: Fighter, t: int) -> bool:
    if t == 0:
        return False
    state, before = int(player.state[t]), int(player.state[t - 1])
    held = GRABBED | COMMAND_GRABBED
    hurt = player.percent[t] > player.percent[t - 1] and harmed(state)
    return bool(hurt or (held[state] and not held[before]))


def begins(player: Fighter, t: int) -> bool:
    return bool(t == 0 or player.state[t] != player.state[t - 1] or player.age[t] < player.age[t - 1])


def first_hit(player: Fighter, first: int, last: int) -> int | None:
    return next((t for t in range(first, min(last, len(player.state) - 1) + 1) if is_hit(player, t)), None)


def side(player: Fighter, opponent: Fighter, t: int, *, forward: bool) -> str:
    way = player.facing[t] if forward else -player.facing[t]
    return "in" if way == (-1 if player.x[t] > opponent.x[t] else 1) else "away"


def slow_techs(player: Fighter, opponent: Fighter) -> list[dict[str, Any]]:
    found = []
    made = {199: ("ground", "in-place"), 202: ("wall", "in-place"), 203: ("wall", "jump"), 247: ("wall", "missed"),
            204: ("ceiling", "in-place"), 248: ("ceiling", "missed"), 183: ("ground", "missed"),
            191: ("ground", "missed")}  # fmt: skip
    for t in range(len(player.state)):
        state = int(player.state[t])
        if not begins(player, t) or state not in (*made, 200, 201):
            continue
        kind, choice = made.get(state) or ("ground", side(player, opponent, t, forward=state == 200))
        follow_up, at = None, None
        if (kind, choice) == ("ground", "missed"):
            follow_up, at = _rises(player, opponent, t)
        punished = first_hit(player, t + 1, (t if at is None else at) + 60)
        found.append(
            {"frame": t, "kind": kind, "choice": choice, "follow_up": follow_up, "follow_up_frame": at,
             "punished_frame": punished}
        )  # fmt: skip
    return found


def _rises(player: Fighter, opponent: Fighter, t: int) -> tuple[str, int | None]:
    while t < len(player.state) and player.state[t] in (183, 184, 191, 192):
        t += 1
    if t == len(player.state):
        return "none", None
    state = int(player.state[t])
    if state in (186, 194):
        return "getup", t
    if state in (187, 195):
        return "attack", t
    if state in (188, 189, 196, 197):
        return "roll-" + side(player, opponent, t, forward=state in (188, 196)), t
    if DYING[state]:
        return "died", t
    return ("hit" if harmed(state) else "fell"), t


def special(player: Fighter, t: int) -> str | None:
    """Which special begins on the frame."""

    def own(t: int) -> bool:
        free = NO_SPECIAL.get(int(player.character[t]), ())
        return bool(player.state[t] >= 341 and player.state[t] not in free)

    def held(t: int) -> bool:
        return bool((player.processed[t] | player.buttons[t]) & 0x200)

    if t == 0 or not own(t) or own(t - 1) or not held(t) or held(t - 1):
        return None
    if player.stick_y[t] >= 0.55:
        return "up"
    if player.stick_y[t] <= -0.55:
        return "down"
    return "side" if abs(player.stick_x[t]) >= 0.6 else "neutral"


def in_air_jump(player: Fighter, t: int) -> bool:
    own = MULTIPLE_JUMPS.get(int(player.character[t]), ())
    return player.state[t] in (27, 28) or int(player.state[t]) in own


def slow_ledge_options(player: Fighter) -> list[dict[str, Any]]:
    found = []
    length = len(player.state)
    for t in range(length):
        if player.state[t] != 252 or not begins(player, t):
            continue
        release = t
        while release < length and player.state[release] in (252, 253):
            release += 1
        option: dict[str, Any] = dict.fromkeys(
            ("release", "after_drop", "slow", "intangible", "galint", "hit"), None
        ) | {"frame": t, "option": "none", "regrabbed": False}
        found.append(option)
        if release == length:
            continue
        state = int(player.state[release])
        name, slow = {
            254: ("getup", True), 255: ("getup", False), 256: ("attack", True), 257: ("attack", False),
            258: ("roll", True), 259: ("roll", False), 260: ("jump", True), 261: ("jump", True),
            262: ("jump", False), 263: ("jump", False),
        }.get(state, ("died" if DYING[state] else "hit" if harmed(state) else "drop", None))  # fmt: skip
        soon = range(release + 1, min(release + 60, length - 1) + 1)
        told = not np.isnan(player.hurtbox[release])
        option |= {
            "release": release, "option": name, "slow": slow, "hit": first_hit(player, release, release + 60),
            "regrabbed": any(player.state[u] == 252 for u in soon),
            "intangible": _out_of_reach(player, release) if told else None,
        }  # fmt: skip
        if name == "drop":
            option["after_drop"], landed = _dropped(player, release)
            if option["after_drop"] == "ledgedash" and told:
                option["galint"] = _galint(player, landed)
    return found


def _out_of_reach(player: Fighter, t: int) -> int:
    frames = 0
    while (
        t < len(player.state)
        and player.hurtbox[t] > 0
        and player.state[t] != 252
        and not DYING[player.state[t]]
    ):
        t, frames = t + 1, frames + 1
    return frames


def _dropped(player: Fighter, release: int) -> tuple[str, int]:
    did, jumped = None, False
    end = min(release + 60, len(player.state))
    for t in range(release, min(end + 1, len(player.state))):
        state = int(player.state[t])
        if state == 252:
            return "regrab", t
        if state == 43 and player.state[t - 1] == 236:
            return "ledgedash", t
        if harmed(state) or DYING[state]:
            return did or ("died" if DYING[state] else "hit"), t
        if state in ON_THE_GROUND or t == end:
            break
        if did is None:
            did = "aerial" if 65 <= state <= 69 else "special" if special(player, t) else None
            did = did or ("air-dodge" if state == 236 else None)
        jumped |= in_air_jump(player, t)
    return did or ("jump" if jumped else "fall"), end


def _galint(player: Fighter, t: int) -> int | None:
    while t < len(player.state) and player.state[t] == 43:
        t += 1
    if t == len(player.state) or int(player.state[t]) not in ON_THE_GROUND:
        return None
    return _out_of_reach(player, t)


def slow_recoveries(player: Fighter, opponent: Fighter, stage: StageGeometry) -> list[dict[str, Any]]:
    length = len(player.state)

    def beyond(who: Fighter, t: int) -> bool:
        return bool(abs(who.x[t]) > stage.ledge_x or who.y[t] < stage.ledge_y - 10)

    def settled(who: Fighter, t: int) -> bool:
        state = int(who.state[t])
        return state in ON_THE_GROUND or state in LEDGE or state <= 13

    def over(t: int) -> bool:
        """Whether the frame is in 20 frames or more over the stage, or in those that the game ends with."""
        if beyond(player, t):
            return False
        first = last = t
        while first > 0 and not beyond(player, first - 1):
            first -= 1
        while last < length and not beyond(player, last):
            last += 1
        return last - first >= 20 or last == length

    found = []
    t = 0
    while t < length:
        if settled(player, t) or over(t) or abs(player.x[t]) <= stage.ledge_x:
            t += 1
            continue
        start = t
        while t < length and not settled(player, t) and not over(t):
            t += 1
        frames = range(start, t)
        state = int(player.state[t]) if t < length else None
        outcome = (
            "none" if state is None else "died" if state <= 13 else "ledge" if state in LEDGE else "stage"
        )
        anchor = start
        while anchor >= 0 and (
            player.state[anchor] not in LEDGE
            and (int(player.state[anchor]) not in ON_THE_GROUND or 183 <= player.state[anchor] <= 201)
        ):
            anchor -= 1
        thrown = any(is_hit(player, u) for u in range(anchor + 1, start + 1))
        cause = "hit" if thrown else "ledge" if anchor >= 0 and player.state[anchor] in LEDGE else "own"
        hits = [u for u in frames if u > start and is_hit(player, u)]
        if cause != "hit" and not hits and outcome != "died" and (cause == "ledge" or len(frames) < 30):
            continue
        near = [u for u in frames if (player.x[u] > 0) == (opponent.x[u] > 0)]
        found.append(
            {
                "start": start, "end": t if t < length else None, "outcome": outcome, "cause": cause,
                "lowest_y": min(player.y[u] for u in frames), "farthest_x": max(abs(player.x[u]) for u in frames),
                "could_act": outcome == "ledge"
                or any(not harmed(int(player.state[u])) or player.state[u] == 38 for u in frames),
                "double_jumped": any(in_air_jump(player, u) for u in frames),
                "specials": {special(player, u) for u in frames} - {None},
                "air_dodged": any(player.state[u] == 236 for u in frames),
                "num_hits": len(hits), "last_hit": hits[-1] if hits else None,
                "opponent_off_stage": any(beyond(opponent, u) and not settled(opponent, u) for u in near),
                "opponent_on_ledge": any(opponent.state[u] in (252, 253) for u in near),
            }
        )  # fmt: skip
    return found
