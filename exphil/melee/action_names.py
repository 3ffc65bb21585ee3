"""Names of action states, and where a dying fighter goes.

Up to 340 a state means the same for all fighters. From 341 on each fighter has specials of its own: the state alone
does not tell what they are.
"""

from typing import Final

from exphil.melee.actions import ACTION_CLASSES, CLASS_OF_ACTION, FIRST_SPECIAL_ACTION, LAST_ACTION

_NAMES: Final = """
dead-down dead-left dead-right dead-up dead-star dead-star-ice dead-fall-up dead-screen dead-screen-flat
dead-fall-up-ice dead-screen-ice
sleep rebirth rebirth-wait wait walk-slow walk-middle walk-fast turn turn-run dash run run-direct run-brake jump-squat
jump-forward jump-back double-jump-forward double-jump-back
fall fall-forward fall-back fall-after-double-jump fall-after-double-jump-forward fall-after-double-jump-back
special-fall special-fall-forward special-fall-back tumble
crouch-start crouch crouch-end landing special-landing
jab-1 jab-2 jab-3 rapid-jab-start rapid-jab rapid-jab-end dash-attack
forward-tilt-high forward-tilt-mid-high forward-tilt forward-tilt-mid-low forward-tilt-low up-tilt down-tilt
forward-smash-high forward-smash-mid-high forward-smash forward-smash-mid-low forward-smash-low up-smash down-smash
nair fair bair uair dair nair-landing fair-landing bair-landing uair-landing dair-landing
damage-high-1 damage-high-2 damage-high-3 damage-mid-1 damage-mid-2 damage-mid-3 damage-low-1 damage-low-2 damage-low-3
damage-air-1 damage-air-2 damage-air-3
damage-fly-high damage-fly-mid damage-fly-low damage-fly-top damage-fly-roll
item-pick-up item-pick-up-heavy
item-throw-forward item-throw-back item-throw-up item-throw-down item-throw-dash item-drop
item-throw-air-forward item-throw-air-back item-throw-air-up item-throw-air-down
heavy-throw-forward heavy-throw-back heavy-throw-up heavy-throw-down
item-smash-throw-forward item-smash-throw-back item-smash-throw-up item-smash-throw-down
item-smash-throw-air-forward item-smash-throw-air-back item-smash-throw-air-up item-smash-throw-air-down
heavy-smash-throw-forward heavy-smash-throw-back heavy-smash-throw-up heavy-smash-throw-down
beam-sword-jab beam-sword-tilt beam-sword-smash beam-sword-dash bat-jab bat-tilt bat-smash bat-dash
parasol-jab parasol-tilt parasol-smash parasol-dash fan-jab fan-tilt fan-smash fan-dash
star-rod-jab star-rod-tilt star-rod-smash star-rod-dash lips-stick-jab lips-stick-tilt lips-stick-smash lips-stick-dash
parasol-open parasol-fall parasol-special-fall parasol-damage-fall
ray-gun ray-gun-air ray-gun-empty ray-gun-air-empty fire-flower fire-flower-air
screw-attack screw-attack-air screw-attack-hit screw-attack-hit-air
scope-start scope-rapid scope-fire scope-end scope-air-start scope-air-rapid scope-air-fire scope-air-end
scope-start-empty scope-rapid-empty scope-fire-empty scope-end-empty
scope-air-start-empty scope-air-rapid-empty scope-air-fire-empty scope-air-end-empty
lift-wait lift-walk-1 lift-walk-2 lift-turn
shield-start shield shield-end shield-stun shield-reflect
down-bound-up down-wait-up down-damage-up down-stand-up getup-attack-up down-forward-up down-back-up down-spot-up
down-bound-down down-wait-down down-damage-down down-stand-down getup-attack-down down-forward-down down-back-down
down-spot-down
tech-in-place tech-forward tech-back wall-tech wall-tech-jump ceiling-tech
shield-break-fly shield-break-fall shield-break-down-up shield-break-down-down
shield-break-stand-up shield-break-stand-down dizzy
grab grab-pull dash-grab dash-grab-pull grab-wait pummel grab-release forward-throw back-throw up-throw down-throw
grabbed-pull-high grabbed-wait-high pummelled-high grabbed-pull-low grabbed-wait-low pummelled-low
grab-escape grab-escape-jump grabbed-neck grabbed-foot
roll-forward roll-back spot-dodge air-dodge rebound-stop rebound
thrown-forward thrown-back thrown-up thrown-down thrown-down-2
platform-drop teeter-start teeter wall-bounce ceiling-bounce wall-bump ceiling-bump slide-off
ledge-catch ledge-wait ledge-getup-slow ledge-getup ledge-attack-slow ledge-attack ledge-roll-slow ledge-roll
ledge-jump-slow-1 ledge-jump-slow-2 ledge-jump-1 ledge-jump-2
taunt-right taunt-left
carried-wait carried-walk-slow carried-walk-middle carried-walk-fast carried-turn
carried-throw-forward carried-throw-back carried-throw-up carried-throw-down
falcon-dive-caught yoshi-caught yoshi-egg
bowser-caught bowser-damage bowser-wait bowser-throw-forward bowser-throw-back
bowser-air-caught bowser-air-damage bowser-air-wait bowser-air-throw-forward bowser-air-throw-back
kirby-caught kirby-wait kirby-spit kirby-copy-star kirby-thrown barrel-wait
bury bury-wait bury-jump sing-asleep-start sing-asleep sing-wake disabled
mewtwo-caught mewtwo-air-caught mewtwo-thrown mewtwo-air-thrown
warp-star-jump warp-star-fall hammer-wait hammer-walk hammer-turn hammer-jump-squat hammer-fall hammer-jump
hammer-landing giant-start giant-start-air giant-end giant-end-air small-start small-start-air small-end small-end-air
entry entry-start entry-end ice ice-jump
master-hand-caught master-hand-damage master-hand-wait master-hand-thrown
kirby-yoshi-caught kirby-yoshi-egg redead-caught like-like-caught down-reflect
crazy-hand-caught crazy-hand-damage crazy-hand-wait crazy-hand-thrown barrel-cannon-wait
""".split()  # noqa: SIM905

ACTION_NAMES: Final[dict[int, str]] = {
    **dict(enumerate(_NAMES)),
    **{state: f"special-{state}" for state in range(FIRST_SPECIAL_ACTION, LAST_ACTION + 1)},
}
"""Action state -> name; the specials of the fighters are named by their number."""

_CLASSES: Final = tuple(ACTION_CLASSES)

DEATH_DIRECTIONS: Final[dict[int, str]] = {
    0: "down",
    1: "left",
    2: "right",
    **dict.fromkeys(range(3, 11), "up"),
}
"""Dying state -> blast zone."""


def action_class(state: int) -> str:
    """Coarse class of a state, as `aerial`; `other` where there is none."""
    return _CLASSES[int(CLASS_OF_ACTION[state])]
