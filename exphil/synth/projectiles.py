"""Lasers, needles, turnips and their kin: items that fly straight, or fall, until they hit or expire."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.actions import LASER_ATTACK, NUM_STATES, Kind
from exphil.synth.contacts import strike
from exphil.synth.world import World

ITEMS_A_PLAYER: Final = 2
NUM_SLOTS: Final = 2 * ITEMS_A_PLAYER
_RELEASE_AGE: Final = 11
_LIFETIME: Final = 80
_MUZZLE: Final = (8.0, 7.0)
_HIT: Final = (6.0, 9.0)
# What lasers of the first kind do not do: make anyone flinch.
_NO_FLINCH: Final = (0x36,)
_FALLS: Final = (0x63, 0x6A, 0x59, 0x69, 0x31)
_FALL: Final = 0.06
_SPECIAL_ROW: Final = NUM_STATES + 1


class Projectiles:
    """Item slots of many games, (G, 4): two of the first player, two of the second."""

    def __init__(self, world: World) -> None:
        shape = (world.shape[0], NUM_SLOTS)
        self.alive = np.zeros(shape, dtype=bool)
        self.x = np.zeros(shape)
        self.y = np.zeros(shape)
        self.vx = np.zeros(shape)
        self.vy = np.zeros(shape)
        self.timer = np.zeros(shape, dtype=np.int64)
        self.id = np.zeros(shape, dtype=np.int64)
        self.next_id = np.zeros((world.shape[0], 1), dtype=np.int64)
        self.type = np.repeat(world.trait["projectile"], ITEMS_A_PLAYER, axis=1)
        self.damage = np.repeat(world.fighter["projectile_damage"], ITEMS_A_PLAYER, axis=1)
        self.falls = np.isin(self.type, _FALLS)
        self.flinches = ~np.isin(self.type, _NO_FLINCH)
        self.owner = np.repeat(np.array([0, 1]), ITEMS_A_PLAYER)
        self.any_shooter = bool((world.trait["projectile"] > 0).any())

    def step(self, w: World) -> None:
        """Move, hit, expire, and leave the muzzles of those who shoot."""
        if not self.any_shooter:
            return
        if self.alive.any():
            self.vy -= np.where(self.alive & self.falls, _FALL, 0.0)
            self.x += np.where(self.alive, self.vx, 0.0)
            self.y += np.where(self.alive, self.vy, 0.0)
            # What falls onto the floor bounces on.
            floor = self.alive & self.falls & (self.y < 2) & (np.abs(self.x) < w.edge)
            np.copyto(self.vy, 0.9, where=floor)
            self.timer -= self.alive
            gone = (self.timer <= 0) | (np.abs(self.x) > w.blast[:, 1:2]) | (self.y < w.blast[:, 3:4])
            self.alive &= ~gone
            self._hit(w)
        self._shoot(w)

    def _hit(self, w: World) -> None:
        victim = 1 - self.owner
        near_x = np.abs(w.x[:, victim] - self.x) < _HIT[0] + np.abs(self.vx) / 2
        near_y = np.abs(w.y[:, victim] + w.fighter["height"][:, victim] / 2 - self.y) < _HIT[1]
        open_to = (w.kind != Kind.OUT) & (w.kind != Kind.GRABBED) & ~w.is_intangible()
        met = self.alive & near_x & near_y & open_to[:, victim]
        if not met.any():
            return
        self.alive &= ~met
        move = np.full(w.shape, _SPECIAL_ROW)
        attack = np.full(w.shape, LASER_ATTACK)
        for slot in range(ITEMS_A_PLAYER):
            slots = np.array([slot, ITEMS_A_PLAYER + slot])
            away = np.where(self.vx[:, slots] >= 0, 1.0, -1.0)
            for flinch in (False, True):
                hits = met[:, slots] & (self.flinches[:, slots] == flinch)
                if hits.any():
                    small = self.damage[:, slots]
                    _weak_strike(w, hits, small, move, away, attack, flinch)

    def _shoot(self, w: World) -> None:
        fires = w.is_shooting() & (w.age == _RELEASE_AGE) & (w.hitlag == 0)
        if not fires.any():
            return
        for player in range(2):
            mine = slice(player * ITEMS_A_PLAYER, (player + 1) * ITEMS_A_PLAYER)
            free = ~self.alive[:, mine]
            first = np.argmax(free, axis=1)
            who = np.flatnonzero(fires[:, player] & free.any(axis=1))
            slot = player * ITEMS_A_PLAYER + first[who]
            facing = w.facing[who, player]
            self.alive[who, slot] = True
            self.x[who, slot] = w.x[who, player] + facing * _MUZZLE[0]
            self.y[who, slot] = w.y[who, player] + _MUZZLE[1]
            self.vx[who, slot] = facing * w.fighter["projectile_speed"][who, player]
            self.vy[who, slot] = 0.0
            self.timer[who, slot] = _LIFETIME
            self.id[who, slot] = self.next_id[who, 0]
            self.next_id[who, 0] += 1


def _weak_strike(
    w: World,
    hits: NDArray[np.bool_],
    damage: NDArray[np.float64],
    move: NDArray[np.int64],
    away: NDArray[np.float64],
    attack: NDArray[np.int64],
    flinch: bool,
) -> None:
    """A projectile's hit stuns, but launches less than the blow whose row of the move table it borrows."""
    strike(w, hits, damage, move, away, attack, flinch=flinch)
    for array in (w.kx, w.ky):
        np.copyto(array, array * 0.35, where=hits[:, ::-1] & flinch)
