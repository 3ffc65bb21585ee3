"""What fighters do next: states that run out, and what the controllers ask of fighters that are free to act."""

from typing import Final

import numpy as np

from exphil.synth.actions import ID, THEN, Kind, mask_of
from exphil.synth.world import FULL_SHIELD, NO_GROUND, NOBODY, Bools, Ints, Pads, World

A, B, X, Y, Z, R, L = 0x100, 0x200, 0x400, 0x800, 0x10, 0x20, 0x40
D_UP = 0x08
JUMP_BUTTONS: Final = X | Y
SHOULDERS: Final = L | R

# Stick thresholds in 1/80ths.
_TILT, _WALK, _DASH, _DROP, _SMASH = 23, 23, 64, -53, 50
_RUN_AFTER: Final = 14
_REVIVED_INVINCIBLE: Final = 120
_GRAB_FRAMES: Final = 70
_LEDGE_COOLDOWN: Final = 40
_AIR_DODGE_SPEED: Final = 3.1
# Height at which one revives, and how fast one comes down.
_REVIVE_HEIGHT, REVIVE_SPEED = 114.0, 1.15

_DEAD = mask_of("DEAD_DOWN", "DEAD_LEFT", "DEAD_RIGHT", "DEAD_UP_STAR")
_SLOW = mask_of("WAIT", "WALK_SLOW", "WALK_MIDDLE", "WALK_FAST", "OTTOTTO", "OTTOTTO_WAIT", "SQUAT_RV")
_WALKING = mask_of("WALK_SLOW", "WALK_MIDDLE", "WALK_FAST")
_FAST = mask_of("DASH", "RUN")
_SQUATTING = mask_of("SQUAT", "SQUAT_WAIT")
_ONTO_STAGE = mask_of("CLIFF_CLIMB_QUICK", "CLIFF_ESCAPE_QUICK", "CLIFF_ATTACK_QUICK")


def run_out(w: World, pads: Pads, active: Bools) -> None:
    """States that have lasted their time give way to what follows them."""
    done = active & (w.age >= w.length)
    if not done.any():
        return
    was = w.state.copy()
    target = np.where(done, THEN[was], w.nothing())
    dead = _DEAD[was]
    target[done & dead & (w.stocks <= 0)] = -1
    knee = was == ID["KNEE_BEND"]
    backwards = pads.x * w.facing <= -_TILT
    target = np.where(done & knee & backwards, ID["JUMP_B"], target)
    # What ends in the air ends falling, what ends on the ground ends standing.
    kind_after = target >= 0
    target = np.where(kind_after & w.airborne & (target == ID["WAIT"]), ID["FALL"], target)
    on_ground = kind_after & ~w.airborne & ~knee & (was != ID["CLIFF_JUMP_QUICK_1"]) & ~dead
    falls = (target == ID["FALL"]) | (target == ID["FALL_AERIAL"]) | (target == ID["DAMAGE_FALL"])
    target = np.where(on_ground & falls, ID["WAIT"], target)
    up = done & (was == w.trait["up_state"])
    target = np.where(up & w.airborne, ID["FALL_SPECIAL"], target)
    changed = w.enter(target)
    _take_off(w, pads, changed & knee)
    _revive(w, changed & dead)
    waited = changed & (was == ID["REBIRTH_WAIT"])
    np.copyto(w.invincible, _REVIVED_INVINCIBLE, where=waited)
    leap = changed & (was == ID["CLIFF_JUMP_QUICK_1"])
    np.copyto(w.vy, w.fighter["jump"], where=leap)
    np.copyto(w.vx, w.facing * 0.8, where=leap)
    np.copyto(w.airborne, True, where=leap)


def _take_off(w: World, pads: Pads, who: Bools) -> None:
    if not who.any():
        return
    held = ((pads.buttons & JUMP_BUTTONS) > 0) | (pads.y >= 56)
    np.copyto(w.vy, np.where(held, w.fighter["jump"], w.fighter["hop"]), where=who)
    speed = w.gx * 0.6 + pads.x / 80 * w.fighter["air_speed"] * 0.5
    limit = w.fighter["air_speed"] * 1.2
    np.copyto(w.vx, np.clip(speed, -limit, limit), where=who)
    np.copyto(w.airborne, True, where=who)
    w.jumps -= who


def _revive(w: World, who: Bools) -> None:
    if not who.any():
        return
    for array, value in (
        (w.percent, 0.0), (w.shield, FULL_SHIELD), (w.vx, 0.0), (w.vy, 0.0), (w.gx, 0.0), (w.kx, 0.0), (w.ky, 0.0),
        (w.y, _REVIVE_HEIGHT),
    ):  # fmt: skip
        np.copyto(array, value, where=who)
    for counter, number in (
        (w.hitstun, 0), (w.hitlag, 0), (w.combo, 0), (w.last_attack, 0), (w.last_hit_by, NOBODY), (w.ground, NO_GROUND),
    ):  # fmt: skip
        np.copyto(counter, number, where=who)
    np.copyto(w.x, np.array([-1.0, 1.0]) * w.spawn[:, :1] * 0.5, where=who)
    np.copyto(w.facing, np.where(w.x < 0, 1.0, -1.0), where=who)
    np.copyto(w.jumps, w.trait["jumps"] - 1, where=who)
    np.copyto(w.airborne, True, where=who)


def act(w: World, pads: Pads, before: Pads, active: Bools) -> None:
    """What the controllers ask for, where a fighter is free to do it. `before` is the frame before's pads."""
    pressed = pads.buttons & ~before.buttons
    w.since_shoulder += 1
    np.copyto(w.since_shoulder, 0, where=(pressed & SHOULDERS) > 0)
    kind = w.kind
    target = w.nothing()
    facing = w.facing.copy()
    free = active & (kind == Kind.GROUND)
    air = active & ((kind == Kind.AIR) | (kind == Kind.TUMBLE))
    _on_ground(w, pads, before, pressed, free, target, facing)
    _in_air(w, pads, before, pressed, air, target)
    shielding = active & (kind == Kind.SHIELD)
    if shielding.any():
        _in_shield(w, pads, before, pressed, shielding, target)
    bound = active & ((kind == Kind.DOWN) | (kind == Kind.LEDGE) | (kind == Kind.GRAB) | (kind == Kind.OUT))
    if bound.any():
        _bound(w, pads, pressed, active, target)
    np.copyto(w.facing, facing, where=target >= 0)
    changed = w.enter(target)
    np.copyto(w.length, w.trait["jumpsquat"], where=changed & (w.state == ID["KNEE_BEND"]))
    if (changed & _ONTO_STAGE[w.state]).any() or (changed & (w.state == ID["PASS"])).any():
        np.copyto(w.airborne, True, where=changed & (w.state == ID["PASS"]))
        np.copyto(w.vy, -0.6, where=changed & (w.state == ID["PASS"]))


def _on_ground(
    w: World, pads: Pads, before: Pads, pressed: Ints, free: Bools, target: Ints, facing: "np.ndarray"
) -> None:
    x, y, state = pads.x, pads.y, w.state
    forward = x * w.facing
    sign = np.where(x < 0, -1.0, 1.0)
    slow, fast = free & _SLOW[state], free & _FAST[state]
    turning = free & (state == ID["TURN"])
    walk = np.where(
        forward >= 52, ID["WALK_FAST"], np.where(forward >= 38, ID["WALK_MIDDLE"], ID["WALK_SLOW"])
    )
    np.copyto(target, walk, where=slow & (forward >= _WALK) & (state != walk) & (forward < _DASH))
    np.copyto(target, ID["WAIT"], where=free & _WALKING[state] & (forward > -_WALK) & (forward < _WALK))
    np.copyto(target, ID["DASH"], where=(slow | (turning & (w.age >= 1))) & (forward >= _DASH))
    turn = ((slow | turning) & (forward <= -_WALK)) | (free & (state == ID["DASH"]) & (forward <= -_DASH))
    np.copyto(target, ID["TURN"], where=turn)
    running = free & (state == ID["RUN"])
    np.copyto(
        target, ID["RUN"], where=free & (state == ID["DASH"]) & (w.age >= _RUN_AFTER) & (forward >= _SMASH)
    )
    np.copyto(target, ID["RUN_BRAKE"], where=running & (forward < _SMASH))
    turn_run = running & (forward <= -_DASH)
    np.copyto(target, ID["TURN_RUN"], where=turn_run)
    np.copyto(facing, -w.facing, where=turn | turn_run)
    low = (y <= -_SMASH) & (np.abs(x) < _SMASH)
    np.copyto(target, ID["SQUAT"], where=(slow | running) & low)
    np.copyto(target, ID["SQUAT_RV"], where=free & _SQUATTING[state] & (y > -30))
    drop = free & (w.standing_on >= 0) & (y <= _DROP) & (before.y > _DROP)
    np.copyto(target, ID["PASS"], where=drop)
    shoulder = (pads.left >= 43) | (pads.right >= 43)
    np.copyto(target, ID["GUARD_ON"], where=free & shoulder & ~turn_run)
    jump = ((pressed & JUMP_BUTTONS) > 0) | ((y >= 56) & (before.y < 56))
    np.copyto(target, ID["KNEE_BEND"], where=free & jump)
    hit_a = free & ((pressed & A) > 0)
    if hit_a.any():
        tilt = np.where(
            y >= _TILT,
            ID["ATTACK_HI3"],
            np.where(
                y <= -_TILT, ID["ATTACK_LW3"], np.where(np.abs(x) >= _TILT, ID["ATTACK_S3"], ID["ATTACK_11"])
            ),
        )
        np.copyto(target, np.where(fast & (forward > 0), ID["ATTACK_DASH"], tilt), where=hit_a)
    smash = _flicked(pads.cx, before.cx) | _flicked(pads.cy, before.cy)
    if (smash & free).any():
        side = np.abs(pads.cx) >= np.abs(pads.cy)
        up = np.where(pads.cy > 0, ID["ATTACK_HI4"], ID["ATTACK_LW4"])
        np.copyto(target, np.where(side, ID["ATTACK_S4"], up), where=free & smash)
        np.copyto(facing, np.where(pads.cx < 0, -1.0, 1.0), where=free & smash & side)
    special = free & ((pressed & B) > 0)
    if special.any():
        sideways = np.abs(x) >= 48
        chosen = np.where(sideways, w.trait["side_state"], w.trait["neutral_state"])
        np.copyto(target, np.where(y >= 40, w.trait["up_state"], chosen), where=special)
        np.copyto(facing, sign, where=special & sideways)
    grab = free & ((pressed & Z) > 0)
    np.copyto(target, np.where(fast, ID["CATCH_DASH"], ID["CATCH"]), where=grab)
    np.copyto(target, ID["APPEAL_R"], where=slow & ((pressed & D_UP) > 0))


def _in_air(w: World, pads: Pads, before: Pads, pressed: Ints, air: Bools, target: Ints) -> None:
    if not air.any():
        return
    forward = pads.x * w.facing
    drop = air & (w.vy <= 0) & (pads.y <= _DROP) & (before.y > _DROP) & (w.kind == Kind.AIR)
    w.fast |= drop
    tumbling = air & (w.state == ID["DAMAGE_FALL"])
    np.copyto(target, ID["FALL"], where=tumbling & (np.abs(pads.x) >= _DASH) & (np.abs(before.x) < _DASH))
    jump = air & ((pressed & JUMP_BUTTONS) > 0) & (w.jumps > 0)
    jumping = np.where(forward <= -_TILT, ID["JUMP_AERIAL_B"], ID["JUMP_AERIAL_F"])
    np.copyto(target, jumping, where=jump)
    stick_attack = air & ((pressed & A) > 0)
    c_attack = air & (_flicked(pads.cx, before.cx) | _flicked(pads.cy, before.cy))
    for attack, x, y in ((stick_attack, forward, pads.y), (c_attack, pads.cx * w.facing, pads.cy)):
        if attack.any():
            sideways = np.where(x > 0, ID["ATTACK_AIR_F"], ID["ATTACK_AIR_B"])
            upright = np.where(y > 0, ID["ATTACK_AIR_HI"], ID["ATTACK_AIR_LW"])
            neutral = (np.abs(x) < _TILT) & (np.abs(y) < _TILT)
            aimed = np.where(np.abs(x) >= np.abs(y), sideways, upright)
            np.copyto(target, np.where(neutral, ID["ATTACK_AIR_N"], aimed), where=attack)
            jump &= ~attack
    special = air & ((pressed & B) > 0)
    if special.any():
        chosen = np.where(np.abs(pads.x) >= 48, w.trait["side_state"], w.trait["neutral_air_state"])
        np.copyto(target, np.where(pads.y >= 40, w.trait["up_state"], chosen), where=special)
        np.copyto(w.fast, False, where=special)
        jump &= ~special
    dodge = air & ((pressed & SHOULDERS) > 0) & (w.kind == Kind.AIR)
    if dodge.any():
        np.copyto(target, ID["ESCAPE_AIR"], where=dodge)
        np.copyto(w.vx, pads.x / 80 * _AIR_DODGE_SPEED, where=dodge)
        np.copyto(w.vy, pads.y / 80 * _AIR_DODGE_SPEED, where=dodge)
        np.copyto(w.fast, False, where=dodge)
        jump &= ~dodge
    if jump.any():
        np.copyto(w.vy, w.fighter["double_jump"], where=jump)
        np.copyto(w.vx, pads.x / 80 * w.fighter["air_speed"], where=jump)
        np.copyto(w.fast, False, where=jump)
        w.jumps -= jump


def _in_shield(w: World, pads: Pads, before: Pads, pressed: Ints, shielding: Bools, target: Ints) -> None:
    held = (pads.left >= 43) | (pads.right >= 43)
    np.copyto(target, ID["GUARD_OFF"], where=shielding & ~held & (w.age >= 3))
    flick = _flicked(pads.x, before.x) & (w.age >= 2)
    toward = np.where(pads.x * w.facing > 0, ID["ESCAPE_F"], ID["ESCAPE_B"])
    np.copyto(target, toward, where=shielding & flick)
    np.copyto(target, ID["ESCAPE_N"], where=shielding & (pads.y <= -56) & (before.y > -56))
    np.copyto(target, ID["KNEE_BEND"], where=shielding & ((pressed & JUMP_BUTTONS) > 0))
    np.copyto(target, ID["CATCH"], where=shielding & ((pressed & (A | Z)) > 0))


def _bound(w: World, pads: Pads, pressed: Ints, active: Bools, target: Ints) -> None:
    """Fighters on the floor, at the ledge, holding someone, or on the platform that revives them."""
    forward = pads.x * w.facing
    lying = active & (w.state == ID["DOWN_WAIT_U"])
    np.copyto(target, ID["DOWN_STAND_U"], where=lying & (pads.y >= _SMASH))
    np.copyto(target, ID["DOWN_FORWARD_U"], where=lying & (np.abs(pads.x) >= _SMASH))
    np.copyto(target, ID["DOWN_ATTACK_U"], where=lying & ((pressed & A) > 0))
    hanging = active & (w.state == ID["CLIFF_WAIT"])
    if hanging.any():
        leave = hanging & ((forward <= -_SMASH) | (pads.y <= -_SMASH))
        np.copyto(target, ID["FALL"], where=leave)
        np.copyto(w.ledge_wait, _LEDGE_COOLDOWN, where=leave)
        np.copyto(target, ID["CLIFF_CLIMB_QUICK"], where=hanging & ((forward >= _SMASH) | (pads.y >= _SMASH)))
        np.copyto(target, ID["CLIFF_JUMP_QUICK_1"], where=hanging & ((pressed & JUMP_BUTTONS) > 0))
        np.copyto(target, ID["CLIFF_ESCAPE_QUICK"], where=hanging & ((pressed & SHOULDERS) > 0))
        np.copyto(target, ID["CLIFF_ATTACK_QUICK"], where=hanging & ((pressed & A) > 0))
    holding = active & (w.state == ID["CATCH_WAIT"]) & (w.age >= 2)
    if holding.any():
        throw = np.where(
            np.abs(pads.x) >= np.abs(pads.y),
            np.where(forward > 0, ID["THROW_F"], ID["THROW_B"]),
            np.where(pads.y > 0, ID["THROW_HI"], ID["THROW_LW"]),
        )
        aimed = np.maximum(np.abs(pads.x), np.abs(pads.y)) >= _SMASH
        np.copyto(target, throw, where=holding & aimed)
        np.copyto(target, ID["CATCH_ATTACK"], where=holding & ~aimed & ((pressed & A) > 0))
    reviving = active & (w.state == ID["REBIRTH_WAIT"])
    moved = (np.abs(pads.x) >= _TILT) | (np.abs(pads.y) >= _TILT) | (pressed > 0)
    np.copyto(target, ID["FALL"], where=reviving & moved & (w.age >= 2))
    np.copyto(w.invincible, _REVIVED_INVINCIBLE, where=reviving & moved & (w.age >= 2))


def _flicked(now: Ints, before: Ints) -> Bools:
    flicked: Bools = (np.abs(now) >= _SMASH) & (np.abs(before) < _SMASH)
    return flicked
