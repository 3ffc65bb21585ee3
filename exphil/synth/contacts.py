"""What fighters do to each other: hits, shields, grabs and throws."""

from typing import Final

import numpy as np

from exphil.synth.actions import ID, PUMMEL_ATTACK, PUMMEL_DAMAGE, Kind, mask_of
from exphil.synth.world import FULL_SHIELD, MOVE, Bools, Floats, Ints, World

_SPEED_OF_KNOCKBACK: Final = 0.03
_STUN_OF_KNOCKBACK: Final = 0.4
_TUMBLE_FROM: Final = 80.0
_LIFTS_FROM: Final = 32.0
_BODY: Final = 6.0
# Blows count for more than in the real game, so that stocks fall in games of a minute.
_DAMAGE: Final = 1.6
_SHIELD_DRAIN, _SHIELD_GROWTH = 0.28, 0.07
_GRAB_ACTIVE: Final = {"CATCH": (6, 7), "CATCH_DASH": (8, 10)}
_GRAB_REACH: Final = 16.0
_HOLD: Final = 8.0
SHIELD_BREAK_RISE: Final = 2.4
_THROWING = mask_of("THROW_F", "THROW_B", "THROW_HI", "THROW_LW")
_THROW_TO_THROWN: Final = ID["THROWN_F"] - ID["THROW_F"]
_DOWNWARD: Final = -0.5


def hit(w: World) -> None:
    """Attacks in their active frames meet the other fighter's body or shield."""
    move = w.move_index()
    frame = w.age + 1
    live = (frame >= MOVE["first"][move]) & (frame <= MOVE["last"][move])
    live &= ~w.move_hit & (w.hitlag == 0) & ~_THROWING[w.state]
    if not live.any():
        return
    dx = (w.x[:, ::-1] - w.x) * w.facing
    dy = w.y[:, ::-1] - w.y
    reach = w.fighter["reach"] * MOVE["reach"][move] + _BODY
    back = w.fighter["reach"] * MOVE["back"][move] + _BODY
    touches = live & (dx <= reach) & (dx >= -back) & (dy >= MOVE["low"][move]) & (dy <= MOVE["high"][move])
    touches &= _touchable(w)[:, ::-1]
    if touches.any():
        w.move_hit |= touches
        damage = MOVE["damage"][move] * w.fighter["power"] * _DAMAGE
        away = np.where(dx >= 0, w.facing, -w.facing)
        strike(w, touches, damage, move, away, MOVE["attack_id"][move])


def _touchable(w: World) -> Bools:
    kind = w.kind
    touchable: Bools = (kind != Kind.OUT) & (kind != Kind.GRABBED) & ~w.is_intangible()
    return touchable


def strike(
    w: World, hits: Bools, damage: Floats, move: Ints, away: Floats, attack: Ints, *, flinch: bool = True
) -> None:
    """Land hits. `hits`, `damage`, `move` (rows of the move table), `away` and `attack` are the attacker's column."""
    taken = hits[:, ::-1] & (w.invincible == 0)
    dealt = damage[:, ::-1]
    shielding = taken & (w.kind == Kind.SHIELD)
    hurt = taken & ~shielding
    lag = (dealt / 3).astype(np.int64) + 3
    np.copyto(w.hitlag, lag, where=(taken | taken[:, ::-1] & hits) if flinch else np.zeros_like(taken))
    w.defending &= ~(taken | hits)
    w.defending |= hurt
    _strike_shield(w, shielding, dealt)
    if not hurt.any():
        return
    scored = hurt[:, ::-1]
    np.copyto(w.last_attack, attack, where=scored)
    in_combo = (w.hitstun > 0)[:, ::-1]
    np.copyto(w.combo, np.where(in_combo, w.combo + 1, 1), where=scored)
    w.was_hit |= hurt
    np.copyto(w.percent, np.minimum(w.percent + dealt, 999.0), where=hurt)
    if flinch:
        launch(w, hurt, dealt, move[:, ::-1], away[:, ::-1])


def _strike_shield(w: World, shielding: Bools, dealt: Floats) -> None:
    if not shielding.any():
        return
    np.copyto(w.shield, np.maximum(w.shield - dealt * 0.7, 0.0), where=shielding)
    broken = shielding & (w.shield <= 0)
    target = np.where(shielding, ID["GUARD_SET_OFF"], w.nothing())
    target = np.where(broken, ID["SHIELD_BREAK_FLY"], target)
    w.enter(target)
    np.copyto(w.length, (dealt * 0.45).astype(np.int64) + 3, where=shielding & ~broken)
    push = np.where(w.x >= w.x[:, ::-1], 0.09, -0.09) * dealt
    np.copyto(w.gx, push, where=shielding)
    np.copyto(w.vy, SHIELD_BREAK_RISE, where=broken)
    np.copyto(w.airborne, True, where=broken)
    np.copyto(w.shield, FULL_SHIELD / 2, where=broken)


def launch(w: World, hurt: Bools, dealt: Floats, move: Ints, away: Floats) -> None:
    """Knockback, hitstun and the state that shows them; all in the victim's column."""
    weight = w.fighter["weight"]
    size = (w.percent / 10 + w.percent * dealt / 20) * (200 / (weight + 100)) * 1.4 + 18
    size = size * MOVE["growth"][move] / 100 + MOVE["base"][move]
    speed = size * _SPEED_OF_KNOCKBACK
    sin, cos = MOVE["sin"][move], MOVE["cos"][move]
    lifted = w.airborne | (size >= _LIFTS_FROM)
    rise = np.where(~w.airborne & (sin < 0), -sin * 0.8, sin)
    np.copyto(w.kx, speed * cos * away, where=hurt)
    np.copyto(w.ky, np.where(lifted, speed * rise, 0.0), where=hurt)
    for array in (w.vx, w.vy, w.gx):
        np.copyto(array, 0.0, where=hurt)
    np.copyto(w.hitstun, (size * _STUN_OF_KNOCKBACK).astype(np.int64), where=hurt)
    np.copyto(w.fast, False, where=hurt)
    np.copyto(w.facing, -away, where=hurt)
    flying = np.where(
        sin > 0.93,
        ID["DAMAGE_FLY_TOP"],
        np.where(sin > 0.6, ID["DAMAGE_FLY_N"], np.where(sin < 0, ID["DAMAGE_FLY_LW"], ID["DAMAGE_FLY_HI"])),
    )
    grade = np.where(size < 40, 0, np.where(size < 55, 1, 2))
    target = np.where(lifted, ID["DAMAGE_AIR_1"], ID["DAMAGE_N_1"]) + grade
    target = np.where(lifted & (size >= _TUMBLE_FROM), flying, target)
    w.enter(np.where(hurt, target, w.nothing()))
    np.copyto(w.length, np.maximum(w.hitstun, 4), where=hurt)
    leaves_ground = hurt & lifted & ~w.airborne
    np.copyto(w.airborne, True, where=leaves_ground)
    w.jumps -= leaves_ground
    np.copyto(w.jumps, np.maximum(w.jumps, 0), where=leaves_ground)


def grab(w: World, mash: Bools) -> None:
    """Grabs that reach, holds that end, throws that let go. `mash`: who wriggles this frame."""
    kind = w.kind
    _grasp(w, kind)
    held = w.kind == Kind.GRABBED
    if not held.any():
        return
    other = w.state[:, ::-1]
    keeps = (w.kind == Kind.GRAB)[:, ::-1] | _THROWING[other]
    w.grab_left -= np.where(held & ~_THROWING[other], np.where(mash, 4, 1), 0)
    escapes = held & ((w.grab_left <= 0) | ~keeps) & ~(_THROWING[other] & keeps)
    if escapes.any():
        w.enter(np.where(escapes, ID["CAPTURE_CUT"], w.nothing()))
        np.copyto(w.kx, np.where(w.x >= w.x[:, ::-1], 0.5, -0.5), where=escapes)
        loses = escapes[:, ::-1] & (w.kind == Kind.GRAB)
        w.enter(np.where(loses, ID["CATCH_CUT"], w.nothing()))
    held &= ~escapes
    grip = np.where(held, w.x[:, ::-1] + w.facing[:, ::-1] * _HOLD, w.x)
    np.copyto(w.x, np.clip(grip, -w.edge, w.edge), where=held & (w.y[:, ::-1] >= 0))
    np.copyto(w.y, w.y[:, ::-1], where=held)
    np.copyto(w.standing_on, w.standing_on[:, ::-1], where=held)
    thrown = held & _THROWING[other] & (w.state != other + _THROW_TO_THROWN)
    w.enter(np.where(thrown, other + _THROW_TO_THROWN, w.nothing()))
    pummel = (w.state == ID["CATCH_ATTACK"]) & (w.age == 8) & held[:, ::-1]
    if pummel.any():
        np.copyto(w.last_attack, PUMMEL_ATTACK, where=pummel)
        np.copyto(w.combo, w.combo + 1, where=pummel)
        np.copyto(w.percent, w.percent + PUMMEL_DAMAGE, where=pummel[:, ::-1])
        w.was_hit |= pummel[:, ::-1]
    _let_go(w, held)


def _grasp(w: World, kind: Ints) -> None:
    reaching = np.zeros(w.shape, dtype=bool)
    for name, (first, last) in _GRAB_ACTIVE.items():
        reaching |= (w.state == ID[name]) & (w.age >= first) & (w.age <= last)
    if not reaching.any():
        return
    dx = (w.x[:, ::-1] - w.x) * w.facing
    level = np.abs(w.y[:, ::-1] - w.y) < 6
    open_to = _touchable(w) & ~w.airborne & (w.invincible == 0) & (kind != Kind.LEDGE)
    grabs = reaching & (dx > -2) & (dx < _GRAB_REACH) & level & open_to[:, ::-1]
    # Two that reach at once: the first port has it.
    grabs[:, 1] &= ~grabs[:, 0]
    if not grabs.any():
        return
    caught = grabs[:, ::-1]
    target = np.where(grabs, ID["CATCH_PULL"], w.nothing())
    w.enter(np.where(caught, ID["CAPTURE_PULLED_LW"], target))
    np.copyto(w.grab_left, 70 + (w.percent * 0.9).astype(np.int64), where=caught)
    np.copyto(w.facing, -w.facing[:, ::-1], where=caught)
    for array in (w.gx, w.vx, w.vy, w.kx, w.ky):
        np.copyto(array, 0.0, where=grabs | caught)
    np.copyto(w.hitstun, 0, where=caught)


def _let_go(w: World, held: Bools) -> None:
    lets_go = _THROWING[w.state] & held[:, ::-1] & (w.age >= MOVE["first"][w.state]) & ~w.move_hit
    if not lets_go.any():
        return
    w.move_hit |= lets_go
    move = w.move_index()
    hurt = lets_go[:, ::-1]
    dealt = (MOVE["damage"][move] * w.fighter["power"] * _DAMAGE)[:, ::-1]
    np.copyto(w.last_attack, MOVE["attack_id"][move], where=lets_go)
    np.copyto(w.combo, w.combo + 1, where=lets_go)
    np.copyto(w.percent, w.percent + dealt, where=hurt)
    w.was_hit |= hurt
    np.copyto(w.airborne, True, where=hurt)
    launch(w, hurt, dealt, move[:, ::-1], w.facing[:, ::-1])


def recover(w: World) -> None:
    """Timers that run by themselves: shields, hitstun, invincibility, who hit last."""
    shielding = w.kind == Kind.SHIELD
    change = np.where(shielding, -_SHIELD_DRAIN, _SHIELD_GROWTH)
    np.copyto(w.shield, np.clip(w.shield + change, 0.0, FULL_SHIELD), where=w.hitlag == 0)
    empty = shielding & (w.shield <= 0)
    if empty.any():
        w.enter(np.where(empty, ID["SHIELD_BREAK_FLY"], w.nothing()))
        np.copyto(w.vy, SHIELD_BREAK_RISE, where=empty)
        np.copyto(w.airborne, True, where=empty)
        np.copyto(w.shield, FULL_SHIELD / 2, where=empty)
    w.hitstun -= (w.hitstun > 0) & (w.hitlag == 0)
    w.invincible -= w.invincible > 0
    w.ledge_wait -= w.ledge_wait > 0
    victim_free = (w.hitstun == 0)[:, ::-1] & ((w.kind != Kind.GRABBED)[:, ::-1])
    np.copyto(w.combo, 0, where=victim_free)
