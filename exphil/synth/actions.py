"""Action states that the simulation uses: how long each lasts, what follows, and what the game reports of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Kind:
    """What a fighter in a state may do. Plain numbers: they are compared with arrays on every frame."""

    OUT: Final = 0  # dead, reviving or entering: neither acts nor is hit
    GROUND: Final = 1  # free on the ground
    AIR: Final = 2  # free in the air
    ATTACK: Final = 3
    LAG: Final = 4  # landing, braking, dodging: must wait
    SHIELD: Final = 5
    HURT: Final = 6
    TUMBLE: Final = 7  # hitstun may be over, in the air, helpless until an input
    DOWN: Final = 8
    LEDGE: Final = 9
    GRAB: Final = 10
    GRABBED: Final = 11
    SQUAT_JUMP: Final = 12  # knee bend before a jump
    HELPLESS: Final = 13


# Frames that never run out by themselves.
FOREVER: Final = 10_000
_NO_ANIMATION: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Action:
    """One state: id, kind, frames, state that follows, animation, and the age the game reports on its first frame."""

    id: int
    kind: int
    frames: int = FOREVER
    then: int = 14
    animation: int = _NO_ANIMATION
    first_age: float = 0.0


ACTIONS: Final[dict[str, Action]] = {
    "DEAD_DOWN": Action(0, Kind.OUT, 60, 12, first_age=-1.0),
    "DEAD_LEFT": Action(1, Kind.OUT, 60, 12, first_age=-1.0),
    "DEAD_RIGHT": Action(2, Kind.OUT, 60, 12, first_age=-1.0),
    "DEAD_UP_STAR": Action(4, Kind.OUT, 176, 12, 29),
    "REBIRTH": Action(12, Kind.OUT, 60, 13, 2),
    "REBIRTH_WAIT": Action(13, Kind.OUT, 240, 29, 2),
    "WAIT": Action(14, Kind.GROUND, animation=2),
    "WALK_SLOW": Action(15, Kind.GROUND, animation=7, first_age=1.0),
    "WALK_MIDDLE": Action(16, Kind.GROUND, animation=8, first_age=1.0),
    "WALK_FAST": Action(17, Kind.GROUND, animation=9, first_age=1.0),
    "TURN": Action(18, Kind.GROUND, 4, 14, 10, 1.0),
    "TURN_RUN": Action(19, Kind.GROUND, 16, 21, 11, 1.0),
    "DASH": Action(20, Kind.GROUND, 18, 14, 12, 1.0),
    "RUN": Action(21, Kind.GROUND, animation=13),
    "RUN_BRAKE": Action(23, Kind.LAG, 12, 14, 14),
    "KNEE_BEND": Action(24, Kind.SQUAT_JUMP, 4, 25, 15),
    "JUMP_F": Action(25, Kind.AIR, 38, 29, 16),
    "JUMP_B": Action(26, Kind.AIR, 38, 29, 17),
    "JUMP_AERIAL_F": Action(27, Kind.AIR, 40, 32, 18),
    "JUMP_AERIAL_B": Action(28, Kind.AIR, 40, 32, 19),
    "FALL": Action(29, Kind.AIR, animation=20),
    "FALL_AERIAL": Action(32, Kind.AIR, animation=23),
    "FALL_SPECIAL": Action(35, Kind.HELPLESS, animation=26),
    "DAMAGE_FALL": Action(38, Kind.TUMBLE, animation=29),
    "SQUAT": Action(39, Kind.GROUND, 7, 40, 30, 1.0),
    "SQUAT_WAIT": Action(40, Kind.GROUND, animation=31),
    "SQUAT_RV": Action(41, Kind.GROUND, 8, 14, 34),
    "LANDING": Action(42, Kind.LAG, 4, 14, 35),
    "LANDING_FALL_SPECIAL": Action(43, Kind.LAG, 10, 14, 36),
    "ATTACK_11": Action(44, Kind.ATTACK, 17, 14, 46, 1.0),
    "ATTACK_DASH": Action(50, Kind.ATTACK, 38, 14, 52, 1.0),
    "ATTACK_S3": Action(53, Kind.ATTACK, 28, 14, 55, 1.0),
    "ATTACK_HI3": Action(56, Kind.ATTACK, 27, 14, 58, 1.0),
    "ATTACK_LW3": Action(57, Kind.ATTACK, 27, 14, 59, 1.0),
    "ATTACK_S4": Action(60, Kind.ATTACK, 44, 14, 62, 1.0),
    "ATTACK_HI4": Action(63, Kind.ATTACK, 42, 14, 66, 1.0),
    "ATTACK_LW4": Action(64, Kind.ATTACK, 46, 14, 67, 1.0),
    "ATTACK_AIR_N": Action(65, Kind.ATTACK, 38, 29, 68, 1.0),
    "ATTACK_AIR_F": Action(66, Kind.ATTACK, 38, 29, 69, 1.0),
    "ATTACK_AIR_B": Action(67, Kind.ATTACK, 36, 29, 70, 1.0),
    "ATTACK_AIR_HI": Action(68, Kind.ATTACK, 34, 29, 71, 1.0),
    "ATTACK_AIR_LW": Action(69, Kind.ATTACK, 40, 29, 72, 1.0),
    "LANDING_AIR_N": Action(70, Kind.LAG, 14, 14, 73),
    "LANDING_AIR_F": Action(71, Kind.LAG, 20, 14, 74),
    "LANDING_AIR_B": Action(72, Kind.LAG, 18, 14, 75),
    "LANDING_AIR_HI": Action(73, Kind.LAG, 16, 14, 76),
    "LANDING_AIR_LW": Action(74, Kind.LAG, 18, 14, 77),
    "DAMAGE_HI_1": Action(75, Kind.HURT, then=14, animation=165, first_age=1.0),
    "DAMAGE_N_1": Action(78, Kind.HURT, then=14, animation=168, first_age=1.0),
    "DAMAGE_N_2": Action(79, Kind.HURT, then=14, animation=169, first_age=1.0),
    "DAMAGE_N_3": Action(80, Kind.HURT, then=14, animation=170, first_age=1.0),
    "DAMAGE_LW_1": Action(81, Kind.HURT, then=14, animation=171, first_age=1.0),
    "DAMAGE_AIR_1": Action(84, Kind.HURT, then=29, animation=174, first_age=1.0),
    "DAMAGE_AIR_2": Action(85, Kind.HURT, then=29, animation=175, first_age=1.0),
    "DAMAGE_AIR_3": Action(86, Kind.HURT, then=29, animation=176, first_age=1.0),
    "DAMAGE_FLY_HI": Action(87, Kind.HURT, then=38, animation=177, first_age=1.0),
    "DAMAGE_FLY_N": Action(88, Kind.HURT, then=38, animation=178, first_age=1.0),
    "DAMAGE_FLY_LW": Action(89, Kind.HURT, then=38, animation=179, first_age=1.0),
    "DAMAGE_FLY_TOP": Action(90, Kind.HURT, then=38, animation=180, first_age=1.0),
    "GUARD_ON": Action(178, Kind.SHIELD, 8, 179, first_age=-1.0),
    "GUARD": Action(179, Kind.SHIELD, first_age=-1.0),
    "GUARD_OFF": Action(180, Kind.LAG, 15, 14, 39),
    "GUARD_SET_OFF": Action(181, Kind.LAG, 12, 179, 40),
    "DOWN_BOUND_U": Action(183, Kind.DOWN, 26, 184, 183),
    "DOWN_WAIT_U": Action(184, Kind.DOWN, 60, 186, 184, 1.0),
    "DOWN_STAND_U": Action(186, Kind.LAG, 30, 14, 186),
    "DOWN_ATTACK_U": Action(187, Kind.ATTACK, 49, 14, 187, 1.0),
    "DOWN_FORWARD_U": Action(188, Kind.LAG, 35, 14, 188, 1.0),
    "PASSIVE": Action(199, Kind.LAG, 26, 14, 199),
    "PASSIVE_STAND_F": Action(200, Kind.LAG, 40, 14, 200),
    "PASSIVE_STAND_B": Action(201, Kind.LAG, 40, 14, 201),
    "SHIELD_BREAK_FLY": Action(205, Kind.HURT, 40, 211, 205),
    "SHIELD_BREAK_STAGGER": Action(211, Kind.HURT, 160, 14, 208),
    "CATCH": Action(212, Kind.ATTACK, 30, 14, 242),
    "CATCH_PULL": Action(213, Kind.GRAB, 2, 216, 242, 6.0),
    "CATCH_DASH": Action(214, Kind.ATTACK, 40, 14, 243),
    "CATCH_WAIT": Action(216, Kind.GRAB, animation=244),
    "CATCH_ATTACK": Action(217, Kind.GRAB, 26, 216, 245),
    "CATCH_CUT": Action(218, Kind.LAG, 29, 14, 246, 1.0),
    "THROW_F": Action(219, Kind.ATTACK, 34, 14, 247, 1.0),
    "THROW_B": Action(220, Kind.ATTACK, 40, 14, 248, 1.0),
    "THROW_HI": Action(221, Kind.ATTACK, 42, 14, 249, 1.0),
    "THROW_LW": Action(222, Kind.ATTACK, 46, 14, 250, 1.0),
    "CAPTURE_PULLED_LW": Action(226, Kind.GRABBED, 2, 227, 254, 1.0),
    "CAPTURE_WAIT_LW": Action(227, Kind.GRABBED, animation=255),
    "CAPTURE_CUT": Action(229, Kind.LAG, 30, 14, 257, 1.0),
    "ESCAPE_F": Action(233, Kind.LAG, 31, 14, 42, 1.0),
    "ESCAPE_B": Action(234, Kind.LAG, 31, 14, 43, 1.0),
    "ESCAPE_N": Action(235, Kind.LAG, 22, 14, 41, 1.0),
    "ESCAPE_AIR": Action(236, Kind.LAG, 49, 35, 44, 1.0),
    "THROWN_F": Action(239, Kind.GRABBED, animation=262, first_age=1.0),
    "THROWN_B": Action(240, Kind.GRABBED, animation=263, first_age=1.0),
    "THROWN_HI": Action(241, Kind.GRABBED, animation=264, first_age=1.0),
    "THROWN_LW": Action(242, Kind.GRABBED, animation=265, first_age=1.0),
    "PASS": Action(244, Kind.AIR, 12, 29, 209),
    "OTTOTTO": Action(245, Kind.GROUND, 20, 246, 210),
    "OTTOTTO_WAIT": Action(246, Kind.GROUND, animation=211),
    "CLIFF_CATCH": Action(252, Kind.LEDGE, 7, 253, 216, 1.0),
    "CLIFF_WAIT": Action(253, Kind.LEDGE, animation=217),
    "CLIFF_CLIMB_QUICK": Action(255, Kind.LAG, 34, 14, 220, 1.0),
    "CLIFF_ATTACK_QUICK": Action(257, Kind.ATTACK, 54, 14, 222, 1.0),
    "CLIFF_ESCAPE_QUICK": Action(259, Kind.LAG, 50, 14, 224, 1.0),
    "CLIFF_JUMP_QUICK_1": Action(262, Kind.LAG, 14, 263, 227, 1.0),
    "CLIFF_JUMP_QUICK_2": Action(263, Kind.AIR, 38, 29, 228, 1.0),
    "APPEAL_R": Action(264, Kind.LAG, 110, 14, 239),
    "ENTRY": Action(322, Kind.OUT, 5, 323),
    "ENTRY_START": Action(323, Kind.OUT, 29, 324, 238),
    "ENTRY_END": Action(324, Kind.OUT, 30, 29, first_age=-1.0),
}

NUM_STATES: Final = 400
# A character's own specials begin here; the game's animation ids lag behind the states by a constant.
FIRST_SPECIAL: Final = 341
_SPECIAL_ANIMATION_OFFSET: Final = 46
_SPECIAL_FRAMES: Final = 38

ID: Final[dict[str, int]] = {name: action.id for name, action in ACTIONS.items()}


def _table(attribute: str, default: int) -> NDArray[np.int64]:
    table = np.full(NUM_STATES, default, dtype=np.int64)
    for action in ACTIONS.values():
        table[action.id] = int(getattr(action, attribute))
    return table


KIND: Final = _table("kind", Kind.ATTACK)
FRAMES: Final = _table("frames", _SPECIAL_FRAMES)
THEN: Final = _table("then", ID["WAIT"])
ANIMATION: Final = _table("animation", 0)
ANIMATION[FIRST_SPECIAL:] = np.arange(FIRST_SPECIAL, NUM_STATES) - _SPECIAL_ANIMATION_OFFSET
FIRST_AGE: Final = np.zeros(NUM_STATES)
for _action in ACTIONS.values():
    FIRST_AGE[_action.id] = _action.first_age
FIRST_AGE[FIRST_SPECIAL:] = 1.0
# States whose reported age stands still.
AGE_STANDS: Final = FIRST_AGE == -1.0


def mask_of(*names: str) -> NDArray[np.bool_]:
    """A lookup table over states: True for the named ones."""
    mask = np.zeros(NUM_STATES, dtype=bool)
    mask[[ID[name] for name in names]] = True
    return mask


@dataclass(frozen=True, slots=True)
class Move:
    """What an attack does while it is active.

    `reach` scales the fighter's own; `low` and `high` bound the other's height relative to the attacker; `back` lets it
    hit behind; `angle` in degrees; knockback is `base` plus `growth` percent of what damage and weight give.
    """

    attack_id: int
    first: int
    last: int
    damage: float
    angle: float
    base: float
    growth: float
    reach: float = 1.0
    low: float = -9.0
    high: float = 13.0
    back: float = 0.2


MOVES: Final[dict[str, Move]] = {
    "ATTACK_11": Move(2, 2, 4, 4, 70, 10, 60, 0.8),
    "ATTACK_DASH": Move(6, 5, 14, 8, 72, 35, 70, 0.9),
    "ATTACK_S3": Move(7, 5, 9, 9, 38, 15, 100, 1.1),
    "ATTACK_HI3": Move(8, 5, 12, 9, 96, 30, 110, 0.9, -6, 24, 0.8),
    "ATTACK_LW3": Move(9, 6, 10, 9, 75, 30, 80, 1.1, -9, 8),
    "ATTACK_S4": Move(10, 12, 18, 16, 40, 25, 105, 1.35),
    "ATTACK_HI4": Move(11, 8, 16, 16, 86, 35, 110, 1.0, -6, 28, 0.9),
    "ATTACK_LW4": Move(12, 6, 12, 14, 30, 30, 85, 1.1, -9, 9, 1.0),
    "ATTACK_AIR_N": Move(13, 4, 25, 11, 42, 15, 95, 0.85, -11, 12, 0.8),
    "ATTACK_AIR_F": Move(14, 7, 16, 11, 45, 20, 95, 1.15, -11, 13, 0.0),
    "ATTACK_AIR_B": Move(15, 5, 12, 13, 140, 20, 100, 0.2, -10, 12, 1.2),
    "ATTACK_AIR_HI": Move(16, 6, 12, 12, 85, 28, 95, 0.9, 0, 26, 0.9),
    "ATTACK_AIR_LW": Move(17, 6, 22, 11, 280, 20, 85, 0.7, -22, 4, 0.7),
    "DOWN_ATTACK_U": Move(50, 16, 24, 6, 60, 60, 50, 1.0, -9, 10, 1.0),
    "CLIFF_ATTACK_QUICK": Move(62, 22, 30, 8, 45, 60, 60, 1.3, -9, 12, 0.0),
}
# A neutral or side special of a fighter without a projectile, and the rise of any recovery.
SPECIAL_MOVE: Final = Move(18, 14, 22, 14, 45, 30, 90, 1.2)
UP_MOVE: Final = Move(20, 4, 20, 9, 70, 40, 60, 0.9, -8, 18, 0.6)
THROWS: Final[dict[str, Move]] = {
    "THROW_F": Move(53, 12, 12, 7, 45, 45, 80),
    "THROW_B": Move(54, 14, 14, 9, 135, 55, 85),
    "THROW_HI": Move(55, 14, 14, 7, 88, 60, 75),
    "THROW_LW": Move(56, 18, 18, 6, 75, 50, 60),
}
LASER_ATTACK: Final = 18
PUMMEL_ATTACK: Final = 52
PUMMEL_DAMAGE: Final = 3.0
