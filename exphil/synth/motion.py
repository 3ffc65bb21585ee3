"""How fighters move: speeds, gravity, floors, ledges and the blast zones."""

from typing import Final

import numpy as np

from exphil.synth.actions import FRAMES, ID, Kind, mask_of
from exphil.synth.transitions import REVIVE_SPEED
from exphil.synth.world import FLOOR, Bools, Floats, Pads, World

_KNOCKBACK_DECAY: Final = 0.051
_ROLL_SPEED, _ROLL_FRAMES = 1.6, 22
_DODGE_DRAG: Final = 0.9
_UP_FRAMES, _UP_SPEED, _UP_DRIFT = 22, 2.9, 1.5
_LEDGE_OUT, _LEDGE_DOWN = 2.9, 12.0
_LEDGE_REACH: Final = 11.0
_STAGE_DEPTH: Final = 35.0
_L_CANCEL_WINDOW, _TECH_WINDOW = 7, 20
_MAIN_GROUND, _PLATFORM_GROUND = 1, 2

_ROLLS = {
    "ESCAPE_F": 1.0,
    "ESCAPE_B": -1.0,
    "PASSIVE_STAND_F": 1.0,
    "PASSIVE_STAND_B": -1.0,
    "DOWN_FORWARD_U": 1.0,
}
_WALKS = mask_of("WALK_SLOW", "WALK_MIDDLE", "WALK_FAST")
# What slides off an edge instead of stopping at it.
_FALLS_OFF = mask_of(
    "DASH", "RUN", "TURN_RUN", "LANDING_FALL_SPECIAL", "RUN_BRAKE", "DAMAGE_N_1", "DAMAGE_N_2", "DAMAGE_N_3"
)
_TUMBLES = mask_of("DAMAGE_FALL", "DAMAGE_FLY_HI", "DAMAGE_FLY_N", "DAMAGE_FLY_LW", "DAMAGE_FLY_TOP")
_AERIALS = mask_of("ATTACK_AIR_N", "ATTACK_AIR_F", "ATTACK_AIR_B", "ATTACK_AIR_HI", "ATTACK_AIR_LW")
_AERIAL_TO_LANDING: Final = ID["LANDING_AIR_N"] - ID["ATTACK_AIR_N"]
_HARD_LANDING = mask_of("ESCAPE_AIR", "FALL_SPECIAL")
_CATCHES_LEDGE = mask_of(
    "FALL", "FALL_AERIAL", "FALL_SPECIAL", "JUMP_F", "JUMP_B", "JUMP_AERIAL_F", "JUMP_AERIAL_B", "DAMAGE_FALL"
)
_LEDGE_MOVES = {"CLIFF_CLIMB_QUICK": 8.0, "CLIFF_ESCAPE_QUICK": 34.0, "CLIFF_ATTACK_QUICK": 8.0}


def move(w: World, pads: Pads, active: Bools) -> None:
    """One frame of movement and of what stands in its way."""
    before_x, before_y = w.x.copy(), w.y.copy()
    kind = w.kind
    grounded = active & ~w.airborne & (kind != Kind.OUT) & (kind != Kind.GRABBED) & (kind != Kind.LEDGE)
    flying = active & w.airborne & (kind != Kind.OUT) & (kind != Kind.GRABBED) & (kind != Kind.LEDGE)
    _ground_speed(w, pads, grounded)
    _air_speed(w, pads, flying)
    moving = grounded | flying
    w.x += np.where(moving, np.where(w.airborne, w.vx, w.gx) + w.kx, 0.0)
    w.y += np.where(flying, w.vy + w.ky, 0.0)
    _fade_knockback(w, moving)
    w.y -= np.where(w.state == ID["REBIRTH"], REVIVE_SPEED, 0.0)
    _ride_ledge(w, active)
    _walk_off(w, grounded)
    _land(w, pads, flying, before_x, before_y)
    _catch_ledge(w, pads, flying)


def _ground_speed(w: World, pads: Pads, who: Bools) -> None:
    f = w.fighter
    slowed = np.sign(w.gx) * np.maximum(np.abs(w.gx) - f["friction"], 0.0)
    speed = np.where(_WALKS[w.state], w.facing * f["walk"] * np.abs(pads.x) / 80, slowed)
    speed = np.where(w.state == ID["DASH"], w.facing * f["dash"], speed)
    speed = np.where(w.state == ID["RUN"], w.facing * f["run"], speed)
    speed = np.where((w.state == ID["ATTACK_DASH"]) & (w.age < 12), w.facing * f["dash"] * 0.9, speed)
    for name, way in _ROLLS.items():
        rolling = w.state == ID[name]
        if rolling.any():
            speed = np.where(
                rolling, np.where(w.age < _ROLL_FRAMES, w.facing * way * _ROLL_SPEED, 0.0), speed
            )
    np.copyto(w.gx, speed, where=who)


def _air_speed(w: World, pads: Pads, who: Bools) -> None:
    if not who.any():
        return
    f = w.fighter
    wanted = pads.x / 80 * f["air_speed"]
    steered = w.vx + np.clip(wanted - w.vx, -f["air_accel"], f["air_accel"])
    free = (
        (w.kind == Kind.AIR) | (w.kind == Kind.ATTACK) | (w.kind == Kind.HELPLESS) | (w.kind == Kind.TUMBLE)
    )
    vx = np.where(free, steered, w.vx * 0.98)
    terminal = np.where(w.fast, f["fast_fall"], f["fall"])
    vy = np.where(w.fast, -f["fast_fall"], np.maximum(w.vy - f["gravity"], -terminal))
    dodging = (w.state == ID["ESCAPE_AIR"]) & (w.age < 29)
    vx = np.where(dodging, w.vx * _DODGE_DRAG, vx)
    vy = np.where(dodging, w.vy * _DODGE_DRAG, vy)
    rising = (w.state == w.trait["up_state"]) & (w.age < _UP_FRAMES)
    vy = np.where(rising, _UP_SPEED, vy)
    vx = np.where(rising, pads.x / 80 * _UP_DRIFT, vx)
    np.copyto(w.vx, vx, where=who)
    np.copyto(w.vy, vy, where=who)


def _fade_knockback(w: World, who: Bools) -> None:
    size = np.sqrt(w.kx * w.kx + w.ky * w.ky)
    left = np.maximum(size - _KNOCKBACK_DECAY, 0.0) / np.maximum(size, 1e-9)
    np.copyto(w.kx, w.kx * left, where=who)
    np.copyto(w.ky, np.where(w.airborne, w.ky * left, 0.0), where=who)


def _ride_ledge(w: World, active: Bools) -> None:
    """Fighters that get up from the ledge are carried over its corner half way through."""
    for name, inward in _LEDGE_MOVES.items():
        who = active & (w.state == ID[name])
        if who.any():
            up = who & (w.age == FRAMES[ID[name]] // 2)
            np.copyto(w.x, -w.facing * (w.edge - inward), where=up)
            np.copyto(w.y, 0.0, where=up)
            np.copyto(w.airborne, False, where=up)
            np.copyto(w.standing_on, FLOOR, where=up)
            np.copyto(w.ground, _MAIN_GROUND, where=up)
            np.copyto(w.jumps, w.trait["jumps"], where=up)
            waiting = who & (w.age < FRAMES[ID[name]] // 2)
            np.copyto(w.vy, 0.0, where=waiting | up)
            np.copyto(w.vx, 0.0, where=waiting | up)
            np.copyto(w.gx, 0.0, where=up)
            np.copyto(w.x, -w.facing * (w.edge + _LEDGE_OUT), where=waiting)
            np.copyto(w.y, -_LEDGE_DOWN, where=waiting)


def _span(w: World) -> tuple[Floats, Floats, Floats]:
    """Left end, right end and height of what each fighter stands on."""
    on = np.maximum(w.standing_on, 0)
    rows = np.arange(w.shape[0])[:, None]
    platform = w.platforms[rows, on]
    floor = w.standing_on == FLOOR
    left = np.where(floor, -w.edge, platform[..., 0])
    right = np.where(floor, w.edge, platform[..., 1])
    return left, right, np.where(floor, 0.0, platform[..., 2])


def _walk_off(w: World, grounded: Bools) -> None:
    left, right, height = _span(w)
    np.copyto(w.y, height, where=grounded)
    beyond = grounded & ((w.x < left) | (w.x > right))
    if not beyond.any():
        return
    off = beyond & (_FALLS_OFF[w.state] | (np.abs(w.kx) > 0.6))
    stop = beyond & ~off
    np.copyto(w.x, np.clip(w.x, left, right), where=stop)
    np.copyto(w.gx, 0.0, where=stop)
    target = w.nothing()
    np.copyto(target, ID["OTTOTTO"], where=stop & _WALKS[w.state])
    hurt = w.kind == Kind.HURT
    np.copyto(target, ID["FALL"], where=off & ~hurt)
    w.enter(target)
    np.copyto(w.vx, w.gx, where=off)
    np.copyto(w.vy, 0.0, where=off)
    np.copyto(w.airborne, True, where=off)
    w.jumps -= off


def _land(w: World, pads: Pads, flying: Bools, before_x: Floats, before_y: Floats) -> None:
    descending = flying & w.airborne & (w.y < before_y)
    target_on = np.full(w.shape, FLOOR - 1)
    height = np.zeros(w.shape)
    passing = (pads.y <= -53) | ((w.state == ID["PASS"]) & (w.age < 8))
    for index in range(w.platforms.shape[1]):
        left, right, top = (w.platforms[:, index, column][:, None] for column in range(3))
        onto = descending & ~passing & (before_y >= top) & (w.y < top) & (w.x >= left) & (w.x <= right)
        np.copyto(target_on, index, where=onto)
        np.copyto(height, np.broadcast_to(top, w.shape), where=onto)
    over = np.abs(w.x) <= w.edge
    np.copyto(target_on, FLOOR, where=descending & (before_y >= 0) & (w.y < 0) & over)
    np.copyto(height, 0.0, where=target_on == FLOOR)
    inside = flying & (before_y < 0) & (w.y < 0) & (w.y > -_STAGE_DEPTH) & (np.abs(w.x) < w.edge)
    np.copyto(w.x, np.where(before_x < 0, -w.edge, w.edge), where=inside)
    landed = target_on >= FLOOR
    if landed.any():
        _touch_down(w, pads, landed, target_on, height)


def _touch_down(w: World, pads: Pads, landed: Bools, target_on: "np.ndarray", height: Floats) -> None:
    state = w.state.copy()
    target = w.nothing()
    np.copyto(target, ID["LANDING"], where=landed & (w.kind != Kind.HURT))
    hard = _HARD_LANDING[state] | (state == w.trait["up_state"])
    np.copyto(target, ID["LANDING_FALL_SPECIAL"], where=landed & hard)
    aerial = landed & _AERIALS[state]
    np.copyto(target, state + _AERIAL_TO_LANDING, where=aerial)
    tumble = landed & _TUMBLES[state]
    if tumble.any():
        way = pads.x * w.facing
        tech = np.where(
            way >= 40, ID["PASSIVE_STAND_F"], np.where(way <= -40, ID["PASSIVE_STAND_B"], ID["PASSIVE"])
        )
        in_time = w.since_shoulder < _TECH_WINDOW
        np.copyto(target, np.where(in_time, tech, ID["DOWN_BOUND_U"]), where=tumble)
        np.copyto(w.hitstun, 0, where=tumble)
    broken = landed & (state == ID["SHIELD_BREAK_FLY"])
    np.copyto(target, ID["SHIELD_BREAK_STAGGER"], where=broken)
    w.enter(target)
    cancelled = aerial & (w.since_shoulder < _L_CANCEL_WINDOW)
    np.copyto(w.length, w.length // 2, where=cancelled)
    np.copyto(w.l_cancel, np.where(cancelled, 1, 2), where=aerial)
    np.copyto(w.y, height, where=landed)
    np.copyto(w.gx, w.vx, where=landed)
    for array in (w.vx, w.vy, w.ky):
        np.copyto(array, 0.0, where=landed)
    np.copyto(w.airborne, False, where=landed)
    np.copyto(w.fast, False, where=landed)
    np.copyto(w.standing_on, target_on, where=landed)
    np.copyto(
        w.ground, np.where(target_on == FLOOR, _MAIN_GROUND, _PLATFORM_GROUND + target_on), where=landed
    )
    np.copyto(w.jumps, w.trait["jumps"], where=landed)


def _catch_ledge(w: World, pads: Pads, flying: Bools) -> None:
    able = _CATCHES_LEDGE[w.state] | ((w.state == w.trait["up_state"]) & (w.age > 8))
    out = np.abs(w.x) - w.edge
    near = (out >= 0) & (out < _LEDGE_REACH) & (w.y < -3) & (w.y > -26)
    falling = flying & w.airborne & ((w.vy < 0) | (w.state == w.trait["up_state"])) & (w.ledge_wait == 0)
    taken = (w.kind == Kind.LEDGE)[:, ::-1] & (np.sign(w.x) == np.sign(w.x[:, ::-1]))
    who = falling & able & near & ~taken & (pads.y > -40)
    # One ledge, one hand: of two that arrive together the first port has it.
    who[:, 1] &= ~(who[:, 0] & (np.sign(w.x[:, 0]) == np.sign(w.x[:, 1])))
    if not who.any():
        return
    side = np.where(w.x < 0, -1.0, 1.0)
    w.enter(np.where(who, ID["CLIFF_CATCH"], w.nothing()))
    np.copyto(w.x, side * (w.edge + _LEDGE_OUT), where=who)
    np.copyto(w.y, -_LEDGE_DOWN, where=who)
    np.copyto(w.facing, -side, where=who)
    for array in (w.vx, w.vy, w.kx, w.ky, w.gx):
        np.copyto(array, 0.0, where=who)
    np.copyto(w.fast, False, where=who)
    np.copyto(w.jumps, w.trait["jumps"] - 1, where=who)


def die(w: World) -> Bools:
    """Fighters past the blast zones lose a stock; returns who."""
    left, right, top, bottom = (w.blast[:, side][:, None] for side in range(4))
    alive = w.kind != Kind.OUT
    target = w.nothing()
    np.copyto(target, ID["DEAD_UP_STAR"], where=alive & (w.y > top) & (w.kind == Kind.HURT))
    np.copyto(target, ID["DEAD_LEFT"], where=alive & (w.x < left))
    np.copyto(target, ID["DEAD_RIGHT"], where=alive & (w.x > right))
    np.copyto(target, ID["DEAD_DOWN"], where=alive & (w.y < bottom))
    # Two that leave together would both lose their last stock: the second one keeps it.
    last = (target >= 0) & (w.stocks == 1)
    target[:, 1] = np.where(last[:, 0] & last[:, 1], -1, target[:, 1])
    dead = w.enter(target)
    if dead.any():
        w.stocks -= dead
        for array in (w.vx, w.vy, w.kx, w.ky, w.gx):
            np.copyto(array, 0.0, where=dead)
        np.copyto(w.hitstun, 0, where=dead)
        np.copyto(w.fast, False, where=dead)
        np.copyto(w.airborne, True, where=dead)
    return dead
