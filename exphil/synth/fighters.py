"""The fighters of the simulation: how fast they fall, run and jump, what they shoot, and their own action states.

Figures are game units a frame, near to the real ones; the point is that characters differ, not that they are exact.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_ITEM: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fighter:
    """One character. `*_state` are the ids of its own specials; `projectile` is an item type, 0 for none."""

    popularity: float
    weight: float
    gravity: float
    fall: float
    fast_fall: float
    walk: float
    dash: float
    run: float
    friction: float
    jump: float
    hop: float
    double_jump: float
    air_speed: float
    air_accel: float
    jumpsquat: int
    jumps: int
    reach: float
    power: float
    height: float
    neutral_state: int
    neutral_air_state: int
    side_state: int
    up_state: int
    projectile: int = NO_ITEM
    projectile_speed: float = 0.0
    projectile_damage: float = 0.0


FIGHTERS: Final[dict[str, Fighter]] = {
    "FOX": Fighter(
        popularity=6, weight=75, gravity=0.23, fall=2.8, fast_fall=3.4, walk=1.6, dash=2.02, run=2.2, friction=0.08,
        jump=3.68, hop=2.1, double_jump=4.14, air_speed=0.83, air_accel=0.08, jumpsquat=3, jumps=2, reach=13.0,
        power=1.0, height=11.0, neutral_state=341, neutral_air_state=344, side_state=351, up_state=356,
        projectile=0x36, projectile_speed=7.0, projectile_damage=3.0,
    ),
    "FALCO": Fighter(
        popularity=6, weight=80, gravity=0.17, fall=3.1, fast_fall=3.5, walk=1.4, dash=1.9, run=1.5, friction=0.08,
        jump=4.1, hop=1.9, double_jump=3.85, air_speed=0.83, air_accel=0.07, jumpsquat=5, jumps=2, reach=13.0,
        power=1.02, height=11.0, neutral_state=341, neutral_air_state=344, side_state=351, up_state=356,
        projectile=0x37, projectile_speed=5.0, projectile_damage=3.0,
    ),
    "MARTH": Fighter(
        popularity=5, weight=87, gravity=0.085, fall=2.2, fast_fall=2.5, walk=1.6, dash=1.5, run=1.8, friction=0.06,
        jump=2.4, hop=1.5, double_jump=2.12, air_speed=0.9, air_accel=0.055, jumpsquat=4, jumps=2, reach=20.0,
        power=1.0, height=14.0, neutral_state=343, neutral_air_state=347, side_state=349, up_state=368,
    ),
    "SHEIK": Fighter(
        popularity=4, weight=90, gravity=0.12, fall=2.13, fast_fall=3.0, walk=1.2, dash=1.7, run=1.8, friction=0.08,
        jump=2.8, hop=2.1, double_jump=2.9, air_speed=0.8, air_accel=0.06, jumpsquat=3, jumps=2, reach=12.0,
        power=0.95, height=12.0, neutral_state=344, neutral_air_state=348, side_state=349, up_state=358,
        projectile=0x4F, projectile_speed=5.5, projectile_damage=3.0,
    ),
    "CAPTAIN_FALCON": Fighter(
        popularity=4, weight=104, gravity=0.13, fall=2.9, fast_fall=3.5, walk=0.85, dash=2.0, run=2.3, friction=0.08,
        jump=3.1, hop=1.9, double_jump=2.78, air_speed=1.12, air_accel=0.06, jumpsquat=4, jumps=2, reach=15.0,
        power=1.1, height=14.0, neutral_state=347, neutral_air_state=348, side_state=349, up_state=354,
    ),
    "PEACH": Fighter(
        popularity=3, weight=90, gravity=0.08, fall=1.5, fast_fall=2.0, walk=0.85, dash=1.4, run=1.3, friction=0.1,
        jump=2.5, hop=1.3, double_jump=2.1, air_speed=1.1, air_accel=0.07, jumpsquat=5, jumps=2, reach=13.0,
        power=1.0, height=12.0, neutral_state=352, neutral_air_state=367, side_state=349, up_state=357,
        projectile=0x63, projectile_speed=1.9, projectile_damage=8.0,
    ),
    "JIGGLYPUFF": Fighter(
        popularity=3, weight=60, gravity=0.064, fall=1.3, fast_fall=1.6, walk=0.7, dash=1.4, run=1.1, friction=0.09,
        jump=1.9, hop=1.2, double_jump=1.6, air_speed=1.35, air_accel=0.1, jumpsquat=5, jumps=6, reach=11.0,
        power=0.95, height=9.0, neutral_state=350, neutral_air_state=358, side_state=364, up_state=368,
    ),
    "ICE_CLIMBERS": Fighter(
        popularity=2.5, weight=88, gravity=0.1, fall=1.6, fast_fall=2.0, walk=0.95, dash=1.4, run=1.4, friction=0.035,
        jump=2.6, hop=1.5, double_jump=2.4, air_speed=0.7, air_accel=0.047, jumpsquat=3, jumps=2, reach=13.0,
        power=1.05, height=10.0, neutral_state=341, neutral_air_state=342, side_state=343, up_state=353,
        projectile=0x6A, projectile_speed=1.5, projectile_damage=5.0,
    ),
    "SAMUS": Fighter(
        popularity=2, weight=110, gravity=0.066, fall=1.4, fast_fall=2.3, walk=1.0, dash=1.86, run=1.4, friction=0.06,
        jump=2.1, hop=1.7, double_jump=1.87, air_speed=0.89, air_accel=0.032, jumpsquat=3, jumps=2, reach=14.0,
        power=1.05, height=14.0, neutral_state=349, neutral_air_state=351, side_state=350, up_state=354,
        projectile=0x5F, projectile_speed=2.2, projectile_damage=9.0,
    ),
    "PIKACHU": Fighter(
        popularity=2, weight=80, gravity=0.11, fall=1.9, fast_fall=2.7, walk=1.24, dash=1.8, run=1.8, friction=0.09,
        jump=2.6, hop=1.5, double_jump=2.49, air_speed=0.85, air_accel=0.05, jumpsquat=3, jumps=2, reach=11.0,
        power=0.95, height=9.0, neutral_state=346, neutral_air_state=350, side_state=353, up_state=356,
        projectile=0x59, projectile_speed=2.0, projectile_damage=7.0,
    ),
    "GANONDORF": Fighter(
        popularity=2, weight=109, gravity=0.13, fall=2.0, fast_fall=2.6, walk=0.73, dash=1.5, run=1.35, friction=0.07,
        jump=2.6, hop=1.5, double_jump=2.34, air_speed=0.78, air_accel=0.06, jumpsquat=6, jumps=2, reach=16.0,
        power=1.25, height=15.0, neutral_state=347, neutral_air_state=348, side_state=349, up_state=354,
    ),
    "LUIGI": Fighter(
        popularity=1.5, weight=100, gravity=0.069, fall=1.6, fast_fall=2.0, walk=1.1, dash=1.3, run=1.34,
        friction=0.025,
        jump=2.45, hop=1.4, double_jump=2.09, air_speed=0.68, air_accel=0.05, jumpsquat=4, jumps=2, reach=11.0,
        power=1.05, height=11.0, neutral_state=341, neutral_air_state=342, side_state=346, up_state=354,
        projectile=0x69, projectile_speed=1.3, projectile_damage=6.0,
    ),
    "DR_MARIO": Fighter(
        popularity=1.5, weight=100, gravity=0.095, fall=1.7, fast_fall=2.3, walk=1.1, dash=1.5, run=1.5, friction=0.06,
        jump=2.3, hop=1.4, double_jump=2.2, air_speed=0.9, air_accel=0.044, jumpsquat=4, jumps=2, reach=11.0,
        power=1.05, height=10.0, neutral_state=343, neutral_air_state=344, side_state=345, up_state=348,
        projectile=0x31, projectile_speed=1.6, projectile_damage=8.0,
    ),
    "MEWTWO": Fighter(
        popularity=1, weight=85, gravity=0.082, fall=1.5, fast_fall=2.3, walk=1.0, dash=1.4, run=1.4, friction=0.04,
        jump=2.3, hop=1.4, double_jump=2.2, air_speed=1.2, air_accel=0.05, jumpsquat=5, jumps=2, reach=14.0,
        power=0.95, height=15.0, neutral_state=344, neutral_air_state=348, side_state=350, up_state=353,
        projectile=0x70, projectile_speed=2.4, projectile_damage=10.0,
    ),
}  # fmt: skip


def fighter_column(names: NDArray[np.str_], attribute: str) -> NDArray[np.float64]:
    """One attribute of many fighters at once, in the shape of `names`."""
    values = [float(getattr(FIGHTERS[str(name)], attribute)) for name in names.ravel()]
    return np.array(values, dtype=np.float64).reshape(names.shape)
