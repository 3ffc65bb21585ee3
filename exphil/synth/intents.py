"""What a scripted player may be up to: each intent is a little program for the controller.

An intent holds its sticks for as long as it lasts and presses its buttons for the frames named. Directions are
relative: "toward" is where the other player is, "stage" is where the middle is, "facing" is ahead.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.transitions import D_UP, A, B, Z

NONE, TOWARD, STAGE, FACING = 0, 1, 2, 3
# Stand-ins that a player's own habits replace by a button: X or Y, and L or R.
JUMP, SHOULDER = 1 << 16, 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One intent. Sticks in 1/80ths, `x` and `cx` along `aim`.

    Buttons are down, and the stick is out, in the frames `press` and `stick`: the first and the one past the last.
    """

    aim: int = NONE
    x: int = 0
    y: int = 0
    cx: int = 0
    cy: int = 0
    buttons: int = 0
    press: tuple[int, int] = (0, 3)
    stick: tuple[int, int] = (0, 10_000)
    light: int = 0
    frames: tuple[int, int] = (6, 14)


INTENTS: Final[dict[str, Intent]] = {
    "rest": Intent(frames=(4, 14)),
    "dash_in": Intent(aim=TOWARD, x=80, frames=(8, 26)),
    "dash_out": Intent(aim=TOWARD, x=-80, frames=(8, 18)),
    "walk_in": Intent(aim=TOWARD, x=45, frames=(10, 26)),
    "crouch": Intent(y=-80, frames=(8, 20)),
    "short_hop_in": Intent(aim=TOWARD, x=80, buttons=JUMP, press=(0, 2), frames=(8, 12)),
    "full_hop_in": Intent(aim=TOWARD, x=80, buttons=JUMP, press=(0, 9), frames=(14, 24)),
    "hop_back": Intent(aim=TOWARD, x=-80, buttons=JUMP, press=(0, 8), frames=(12, 20)),
    "jab": Intent(buttons=A, frames=(12, 18)),
    "forward_tilt": Intent(aim=TOWARD, x=44, buttons=A, press=(1, 4), frames=(14, 20)),
    "up_tilt": Intent(y=42, buttons=A, press=(1, 4), frames=(14, 20)),
    "down_tilt": Intent(y=-50, buttons=A, press=(1, 4), frames=(14, 20)),
    "forward_smash": Intent(aim=TOWARD, cx=80, press=(0, 4), frames=(18, 24)),
    "up_smash": Intent(cy=80, press=(0, 4), frames=(16, 22)),
    "down_smash": Intent(cy=-80, press=(0, 4), frames=(16, 22)),
    "dash_attack": Intent(aim=TOWARD, x=80, buttons=A, press=(4, 7), frames=(10, 16)),
    "grab": Intent(buttons=Z, press=(0, 3), frames=(10, 14)),
    "dash_grab": Intent(aim=TOWARD, x=80, buttons=Z, press=(4, 7), frames=(9, 13)),
    "shield": Intent(buttons=SHOULDER, press=(0, 10_000), frames=(10, 30)),
    "light_shield": Intent(light=70, frames=(10, 26)),
    "roll_out": Intent(aim=TOWARD, x=-80, stick=(3, 9), buttons=SHOULDER, press=(0, 8), frames=(12, 18)),
    "roll_in": Intent(aim=TOWARD, x=80, stick=(3, 9), buttons=SHOULDER, press=(0, 8), frames=(12, 18)),
    "spot_dodge": Intent(y=-80, stick=(3, 9), buttons=SHOULDER, press=(0, 8), frames=(12, 18)),
    "neutral_air": Intent(aim=TOWARD, x=0, buttons=A, frames=(6, 10)),
    "forward_air": Intent(aim=FACING, x=0, cx=80, press=(0, 4), frames=(6, 12)),
    "back_air": Intent(aim=FACING, x=0, cx=-80, press=(0, 4), frames=(6, 12)),
    "up_air": Intent(aim=TOWARD, x=30, cy=80, press=(0, 4), frames=(6, 12)),
    "down_air": Intent(aim=TOWARD, x=30, cy=-80, press=(0, 4), frames=(6, 12)),
    "fast_fall": Intent(y=-80, frames=(3, 7)),
    "drift_in": Intent(aim=TOWARD, x=80, frames=(5, 14)),
    "drift_out": Intent(aim=TOWARD, x=-80, frames=(5, 14)),
    "drift_stage": Intent(aim=STAGE, x=80, frames=(5, 14)),
    "l_cancel": Intent(y=-60, buttons=SHOULDER, press=(1, 5), frames=(6, 8)),
    "air_dodge": Intent(aim=TOWARD, x=62, y=-50, buttons=SHOULDER, press=(0, 4), frames=(6, 9)),
    "wavedash_in": Intent(aim=TOWARD, x=66, y=-44, buttons=JUMP, press=(0, 2), stick=(2, 12), frames=(4, 6)),
    "wavedash_out": Intent(
        aim=TOWARD, x=-66, y=-44, buttons=JUMP, press=(0, 2), stick=(2, 12), frames=(4, 6)
    ),
    "land_dodge": Intent(aim=FACING, x=66, y=-44, buttons=SHOULDER, press=(0, 4), frames=(6, 9)),
    "shoot": Intent(buttons=B, frames=(10, 18)),
    "side_special": Intent(aim=TOWARD, x=80, buttons=B, press=(1, 4), frames=(14, 20)),
    "recover_up": Intent(aim=STAGE, x=55, y=58, buttons=B, press=(1, 4), frames=(24, 30)),
    "jump_stage": Intent(aim=STAGE, x=80, buttons=JUMP, press=(0, 5), frames=(12, 20)),
    "jump_again": Intent(aim=TOWARD, x=60, buttons=JUMP, press=(0, 5), frames=(8, 14)),
    "survive_in": Intent(aim=STAGE, x=62, y=50, frames=(10, 24)),
    "survive_up": Intent(y=80, frames=(10, 24)),
    "survive_out": Intent(aim=STAGE, x=-74, y=28, frames=(10, 24)),
    "tech": Intent(buttons=SHOULDER, press=(0, 5), frames=(10, 18)),
    "tech_roll": Intent(aim=TOWARD, x=-80, buttons=SHOULDER, press=(0, 5), frames=(12, 20)),
    "mash": Intent(aim=TOWARD, x=80, buttons=A | B, press=(0, 2), stick=(0, 3), frames=(4, 5)),
    "throw_in": Intent(aim=FACING, x=80, frames=(8, 12)),
    "throw_out": Intent(aim=FACING, x=-80, frames=(8, 12)),
    "throw_up": Intent(y=80, frames=(8, 12)),
    "throw_down": Intent(y=-80, frames=(8, 12)),
    "pummel": Intent(buttons=A, press=(0, 3), frames=(6, 10)),
    "ledge_climb": Intent(y=80, stick=(2, 8), frames=(10, 16)),
    "ledge_jump": Intent(buttons=JUMP, press=(1, 5), frames=(10, 16)),
    "ledge_roll": Intent(buttons=SHOULDER, press=(1, 5), frames=(10, 16)),
    "ledge_attack": Intent(buttons=A, press=(1, 4), frames=(10, 16)),
    "ledge_drop": Intent(aim=STAGE, x=-80, stick=(0, 4), frames=(4, 6)),
    "get_up": Intent(y=80, stick=(1, 8), frames=(10, 16)),
    "get_up_roll": Intent(aim=TOWARD, x=-80, stick=(1, 8), frames=(10, 16)),
    "get_up_attack": Intent(buttons=A, press=(1, 4), frames=(10, 16)),
    "taunt": Intent(buttons=D_UP, press=(0, 4), frames=(20, 40)),
}

NAMES: Final = tuple(INTENTS)
INDEX: Final[dict[str, int]] = {name: number for number, name in enumerate(NAMES)}


def column(attribute: str, part: int | None = None) -> NDArray[np.int64]:
    """One attribute of every intent; `part` picks an end of a pair."""
    values = [getattr(intent, attribute) for intent in INTENTS.values()]
    return np.array([value if part is None else value[part] for value in values], dtype=np.int64)


# For each situation: what players do in it, and how often. What is left of 1 goes to the last of a row.
SITUATIONS: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "out": (("rest", 1.0),),
    "hurt": (("survive_in", 0.75), ("survive_up", 0.15), ("survive_out", 0.1)),
    "tumble": (("jump_stage", 0.45), ("tech", 0.3), ("tech_roll", 0.15), ("drift_stage", 0.1)),
    "off_high": (("drift_stage", 0.85), ("jump_stage", 0.15)),
    "off_low": (("jump_stage", 0.85), ("recover_up", 0.15)),
    "off_last": (("recover_up", 0.9), ("drift_stage", 0.1)),
    "ledge": (
        ("rest", 0.15), ("ledge_climb", 0.35), ("ledge_jump", 0.2), ("ledge_roll", 0.15), ("ledge_attack", 0.1),
        ("ledge_drop", 0.05),
    ),
    "down": (("get_up", 0.5), ("get_up_roll", 0.25), ("get_up_attack", 0.15), ("rest", 0.1)),
    "far": (
        ("dash_in", 0.5), ("shoot", 0.18), ("wavedash_in", 0.1), ("full_hop_in", 0.08), ("walk_in", 0.05),
        ("crouch", 0.03), ("rest", 0.05), ("taunt", 0.01),
    ),
    "mid": (
        ("dash_in", 0.3), ("dash_out", 0.07), ("short_hop_in", 0.27), ("wavedash_in", 0.06), ("wavedash_out", 0.03),
        ("full_hop_in", 0.04), ("dash_grab", 0.08), ("dash_attack", 0.09), ("walk_in", 0.02), ("shield", 0.02),
        ("side_special", 0.02),
    ),
    "near": (
        ("forward_smash", 0.22), ("grab", 0.16), ("down_smash", 0.1), ("jab", 0.07), ("forward_tilt", 0.1),
        ("down_tilt", 0.07), ("short_hop_in", 0.1), ("up_smash", 0.06), ("dash_out", 0.06), ("shield", 0.04),
        ("hop_back", 0.02),
    ),
    "near_behind": (("forward_smash", 0.4), ("down_smash", 0.25), ("forward_tilt", 0.15), ("dash_in", 0.2)),
    "near_above": (("full_hop_in", 0.45), ("up_smash", 0.25), ("up_tilt", 0.2), ("shield", 0.1)),
    "threatened": (
        ("shield", 0.5), ("light_shield", 0.05), ("spot_dodge", 0.12), ("roll_out", 0.13), ("roll_in", 0.05),
        ("dash_out", 0.1), ("jab", 0.05),
    ),
    "chase": (
        ("dash_in", 0.45), ("forward_smash", 0.12), ("up_smash", 0.1), ("full_hop_in", 0.15), ("dash_attack", 0.1),
        ("dash_grab", 0.08),
    ),
    "air_ahead": (("forward_air", 0.45), ("neutral_air", 0.4), ("drift_in", 0.1), ("down_air", 0.05)),
    "air_behind": (("back_air", 0.75), ("neutral_air", 0.15), ("drift_out", 0.1)),
    "air_below": (("down_air", 0.55), ("neutral_air", 0.2), ("fast_fall", 0.15), ("drift_out", 0.1)),
    "air_above": (("up_air", 0.7), ("jump_again", 0.2), ("fast_fall", 0.1)),
    "air_far": (("drift_in", 0.45), ("fast_fall", 0.3), ("shoot", 0.08), ("air_dodge", 0.05), ("drift_out", 0.12)),
    "landing": (("l_cancel", 0.85), ("fast_fall", 0.15)),
    "wavedash": (("land_dodge", 1.0),),
    "shielding": (("grab", 0.3), ("short_hop_in", 0.2), ("roll_out", 0.15), ("shield", 0.15), ("rest", 0.2)),
    "holding": (
        ("throw_up", 0.25), ("throw_down", 0.3), ("throw_in", 0.2), ("throw_out", 0.15), ("pummel", 0.1),
    ),
    "held": (("mash", 0.9), ("survive_in", 0.1)),
    "platform": (("crouch", 0.3), ("drift_in", 0.3), ("short_hop_in", 0.25), ("dash_in", 0.15)),
}  # fmt: skip

SITUATION: Final[dict[str, int]] = {name: number for number, name in enumerate(SITUATIONS)}


def choice_table() -> NDArray[np.float64]:
    """Cumulative odds (situations, intents): the intent of a draw u is how many entries are at most u."""
    odds = np.zeros((len(SITUATIONS), len(INTENTS)))
    for row, choices in enumerate(SITUATIONS.values()):
        for name, weight in choices:
            odds[row, INDEX[name]] += weight
    return np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
