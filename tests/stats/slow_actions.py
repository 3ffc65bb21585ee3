"""The slow twin of action counts: as their definitions read, an action at a time."""

from collections import Counter

from exphil.stats.landing_lag import landing_lag
from exphil.stats.walk import Fighter

SINGLE = {
    "spot_dodge": [0xEB], "air_dodge": [0xEC], "ledgegrab": [0xFC], "roll": [0xE9, 0xEA], "taunt": [0x108, 0x109],
    "attack_jab1": [0x2C], "attack_jab2": [0x2D], "attack_jab3": [0x2E], "attack_jabm": [0x2F],
    "attack_dash": [0x32], "attack_ftilt": list(range(0x33, 0x38)), "attack_utilt": [0x38], "attack_dtilt": [0x39],
    "attack_fsmash": list(range(0x3A, 0x3F)), "attack_usmash": [0x3F], "attack_dsmash": [0x40],
    "attack_nair": [0x41], "attack_fair": [0x42], "attack_bair": [0x43], "attack_uair": [0x44],
    "attack_dair": [0x45], "throw_forward": [0xDB], "throw_back": [0xDC], "throw_up": [0xDD], "throw_down": [0xDE],
    "ground_tech_neutral": [0xC7], "ground_tech_fail": [0xB7, 0xBF],
    "wall_tech_success": [0xCA], "wall_tech_fail": [0xF7],
}  # fmt: skip
GAME_AND_WATCH = {
    0x155: "jab1", 0x156: "jabm", 0x159: "dtilt", 0x15A: "fsmash", 0x15B: "nair", 0x15C: "bair", 0x15D: "uair",
}  # fmt: skip
PEACH = {0x15D: "fsmash", 0x15E: "fsmash", 0x15F: "fsmash"}


def slow_actions(player: Fighter, opponent: Fighter) -> Counter[str]:
    """Counts that are not zero (or were brought back to it)."""
    found: Counter[str] = Counter()
    states = player.state.tolist()
    l_cancel_before = 0
    for t, state in enumerate(states):
        before = states[t - 1] if t else None
        if t and state == before and not player.age[t - 1] > player.age[t]:
            continue
        for name, beginnings in SINGLE.items():
            found[name] += state in beginnings
        character = int(player.character[t])
        if character == 0x18 and state in GAME_AND_WATCH:
            found[f"attack_{GAME_AND_WATCH[state]}"] += 1
        if character == 0x09 and state in PEACH:
            found[f"attack_{PEACH[state]}"] += 1
        found["dash_dance"] += states[max(0, t - 2) : t + 1] == [0x14, 0x12, 0x14]
        if before in (0xD4, 0xD6):
            caught = 0xD4 < state <= 0xDE and state != 0xD6
            found["grab_success" if caught else "grab_fail"] += 1
        if before == 0x32 and state == 0xD6:
            found["attack_dash"] -= 1
        if state in (0xC8, 0xC9):
            faces = player.facing[t] == (-1 if player.x[t] > opponent.x[t] else 1)
            found["ground_tech_in" if faces == (state == 0xC8) else "ground_tech_away"] += 1
        status = int(player.l_cancel[t])
        if 0x46 <= state <= 0x4A:
            found["l_cancel_success"] += status == 1
            found["l_cancel_fail"] += status == 2
        if before is not None and 0x46 <= before <= 0x4A and state in (0x1D, 0xF5):
            landed = 0
            while landed < t and states[t - 1 - landed] == before:
                landed += 1
            lag = int(landing_lag(player.character[t : t + 1], player.state[t - 1 : t])[0])
            found["edge_cancel_success"] += landed < lag // 2
            found["edge_cancel_slow"] += lag // 2 <= landed < lag
            found["l_cancel_fail"] -= landed <= lag // 2 and l_cancel_before == 2
        if state == 0x2B and before is not None and (before == 0xEC or 0x18 <= before <= 0x22):
            _land(found, states[max(0, t - 14) : t + 1], player.y[max(0, t - 14) : t + 1].tolist())
        l_cancel_before = status or l_cancel_before
    return found


def _land(found: Counter[str], states: list[int], heights: list[float]) -> None:
    if set(states) == {0xEC, 0x2B}:
        return
    found["air_dodge"] -= 0xEC in states
    if 0x18 not in states:
        found["waveland"] += 1
        return
    squat = len(states) - 1 - states[::-1].index(0x18)
    airborne = sum(0x19 <= state <= 0x22 for state in states)
    rose = abs(heights[-1] - heights[squat]) > 0.1
    found["waveland" if airborne >= 5 and rose else "wavedash"] += 1
