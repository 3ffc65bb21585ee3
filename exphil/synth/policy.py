"""Scripted players: they look at the last frame, choose what to be up to, and hold it as people hold sticks."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.actions import ID, Kind, mask_of
from exphil.synth.intents import (
    FACING,
    INDEX,
    JUMP,
    SHOULDER,
    SITUATION,
    STAGE,
    TOWARD,
    choice_table,
    column,
)
from exphil.synth.transitions import L, R, X, Y
from exphil.synth.world import Bools, Floats, Ints, Pads, World

DRAWS: Final = 4  # uniform numbers a player uses a frame
_NEAR, _MID, _AIR_NEAR = 20.0, 50.0, 26.0
_THREAT: Final = 24.0
_BRINK: Final = 16.0
_TRIGGER_FULL: Final = 140
_STICK_MAX: Final = 80

_AERIALS = mask_of("ATTACK_AIR_N", "ATTACK_AIR_F", "ATTACK_AIR_B", "ATTACK_AIR_HI", "ATTACK_AIR_LW")
_CUM = choice_table()
_AIM, _X, _Y, _CX, _CY = (column(name) for name in ("aim", "x", "y", "cx", "cy"))
_BUTTONS, _LIGHT = column("buttons"), column("light")
_PRESS_FROM, _PRESS_TO = column("press", 0), column("press", 1)
_STICK_FROM, _STICK_TO = column("stick", 0), column("stick", 1)
_SHORT, _LONG = column("frames", 0), column("frames", 1)
_WAVEDASHES = np.isin(np.arange(len(_AIM)), [INDEX["wavedash_in"], INDEX["wavedash_out"]])
# Situations that cut short whatever one was up to.
_URGENT = np.zeros(len(SITUATION), dtype=bool)
_URGENT[
    [
        SITUATION[name]
        for name in ("hurt", "tumble", "ledge", "down", "holding", "held", "landing", "wavedash", "off_last")
    ]
] = True
_SHIELDS = np.isin(np.arange(len(_AIM)), [INDEX["shield"], INDEX["light_shield"]])


class Players:
    """The two players of many games, with the habits that tell one from another."""

    def __init__(self, world: World, habits: NDArray[np.float32]) -> None:
        """`habits` (G, 2, 4): uniform numbers that settle buttons, reflexes and how far a stick is pushed."""
        shape = world.shape
        self.intent: Ints = np.full(shape, INDEX["rest"])
        self.left: Ints = np.zeros(shape, dtype=np.int64)
        self.age: Ints = np.zeros(shape, dtype=np.int64)
        self.situation: Ints = np.full(shape, SITUATION["out"])
        self.way: Floats = np.ones(shape)
        self.jump_button: Ints = np.where(habits[..., 0] < 0.5, X, Y).astype(np.int64)
        self.shoulder_button: Ints = np.where(habits[..., 1] < 0.5, L, R).astype(np.int64)
        self.reflex: Floats = 0.25 + 0.65 * habits[..., 2].astype(np.float64)
        self.push: Ints = np.where(habits[..., 3] < 0.5, _STICK_MAX, _STICK_MAX - 1).astype(np.int64)
        self.pads = Pads.neutral(shape[0])

    def step(self, w: World, draws: NDArray[np.float32]) -> Pads:
        """The controllers of this frame. `draws` (G, 2, DRAWS) are uniform in [0, 1)."""
        situation = self._read(w, draws[..., 2])
        fresh = situation != self.situation
        decide = (self.left <= 0) | (fresh & _URGENT[situation])
        decide |= (situation == SITUATION["threatened"]) & fresh & ~_SHIELDS[self.intent]
        self.age += 1
        self.left -= 1
        if decide.any():
            self._decide(w, situation, decide, draws)
        self.situation = situation
        self.pads = self._play(w, draws[..., 3])
        return self.pads

    def _read(self, w: World, luck: NDArray[np.float32]) -> Ints:
        """Which situation each player is in; later rules win."""
        dx = (w.x[:, ::-1] - w.x) * w.facing
        far, dy = np.abs(dx), w.y[:, ::-1] - w.y
        kind = w.kind
        other_kind, other_age = kind[:, ::-1], w.age[:, ::-1]
        found = np.where(
            far < _NEAR, SITUATION["near"], np.where(far < _MID, SITUATION["mid"], SITUATION["far"])
        )
        found = np.where((far < _NEAR) & (dx < 0), SITUATION["near_behind"], found)
        above = (far < _MID / 2) & (dy > 14)
        found = np.where(above, SITUATION["near_above"], found)
        found = np.where((w.standing_on >= 0) & (dy < -12), SITUATION["platform"], found)
        chase = ((other_kind == Kind.HURT) | (other_kind == Kind.TUMBLE)) & (far < 70)
        found = np.where(chase & ~above, SITUATION["chase"], found)
        attacked = (other_kind == Kind.ATTACK) & (far < _THREAT) & (np.abs(dy) < 18) & (other_age < 12)
        threatened = attacked & (other_age >= 4) & (self.reflex > 0.6)
        found = np.where(threatened, SITUATION["threatened"], found)
        found = np.where((kind == Kind.SHIELD) & ~threatened, SITUATION["shielding"], found)
        air = w.airborne & ((kind == Kind.AIR) | (kind == Kind.ATTACK))
        if air.any():
            close = (far < _AIR_NEAR) & (np.abs(dy) < 26)
            aside = np.where(dx >= 0, SITUATION["air_ahead"], SITUATION["air_behind"])
            level = np.where(
                dy > 13, SITUATION["air_above"], np.where(dy < -13, SITUATION["air_below"], aside)
            )
            found = np.where(air, np.where(close, level, SITUATION["air_far"]), found)
            landing = air & _AERIALS[w.state] & (w.vy < 0) & (w.y < 9) & (np.abs(w.x) < w.edge)
            found = np.where(landing, SITUATION["landing"], found)
            off = air & (np.abs(w.x) > w.edge + 1)
            found = np.where(off, SITUATION["off_high"], found)
            low = off & (w.y < -6) & (w.vy < 0)
            found = np.where(low, np.where(w.jumps > 0, SITUATION["off_low"], SITUATION["off_last"]), found)
        dashes = _WAVEDASHES[self.intent] & w.airborne & (self.age < 12)
        found = np.where(dashes, SITUATION["wavedash"], found)
        found = np.where(kind == Kind.HURT, SITUATION["hurt"], found)
        found = np.where(kind == Kind.TUMBLE, SITUATION["tumble"], found)
        found = np.where(kind == Kind.HELPLESS, SITUATION["off_high"], found)
        found = np.where(kind == Kind.LEDGE, SITUATION["ledge"], found)
        found = np.where(kind == Kind.DOWN, SITUATION["down"], found)
        found = np.where(kind == Kind.GRAB, SITUATION["holding"], found)
        found = np.where(kind == Kind.GRABBED, SITUATION["held"], found)
        return np.where(kind == Kind.OUT, SITUATION["out"], found)

    def _decide(self, w: World, situation: Ints, decide: Bools, draws: NDArray[np.float32]) -> None:
        odds = _CUM[situation]
        chosen = (draws[..., 0:1] >= odds).sum(axis=2)
        chosen = np.minimum(chosen, len(_AIM) - 1)
        # The platform that brings one back is left at will, as the controllers are free again.
        waits = (w.state == ID["REBIRTH_WAIT"]) & (w.age > 20 * self.reflex)
        chosen = np.where(waits, INDEX["dash_in"], chosen)
        span = _LONG[chosen] - _SHORT[chosen] + 1
        length = _SHORT[chosen] + (draws[..., 1] * span).astype(np.int64)
        np.copyto(self.intent, chosen, where=decide)
        np.copyto(self.left, length, where=decide)
        np.copyto(self.age, 0, where=decide)
        toward = np.where(w.x[:, ::-1] >= w.x, 1.0, -1.0)
        stage = np.where(w.x > 0, -1.0, 1.0)
        aim = _AIM[chosen]
        way = np.where(
            aim == TOWARD, toward, np.where(aim == STAGE, stage, np.where(aim == FACING, w.facing, 1.0))
        )
        np.copyto(self.way, way, where=decide)

    def _play(self, w: World, jitter: NDArray[np.float32]) -> Pads:
        intent, age = self.intent, self.age
        pressing = (age >= _PRESS_FROM[intent]) & (age < _PRESS_TO[intent])
        steering = (age >= _STICK_FROM[intent]) & (age < _STICK_TO[intent])
        way = self.way.astype(np.int64)
        x = np.where(steering, _X[intent] * way, 0)
        y = np.where(steering, _Y[intent], 0)
        # A thumb does not come back to the same place twice: tilts and diagonals differ by a notch or two.
        tilted = (np.abs(x) > 0) & (np.abs(x) < _STICK_MAX)
        x = x + np.where(tilted & (age % 8 == 0), (jitter * 5).astype(np.int64) - 2, 0)
        # Nobody runs off the stage by mistake.
        brink = ~w.airborne & (np.abs(w.x) > w.edge - _BRINK) & (w.standing_on < 0) & (w.kind != Kind.GRAB)
        x = np.where(brink & (x * np.sign(w.x) > 0), 0, x)
        x = np.clip(x, -self.push, self.push)
        y = np.clip(y, -self.push, self.push)
        # A stick takes a frame to travel.
        before = self.pads
        x = np.where(np.abs(x - before.x) > 60, (x + before.x) // 2 + np.sign(x - before.x) * 22, x)
        cx = np.where(pressing, _CX[intent] * way, 0)
        cy = np.where(pressing, _CY[intent], 0)
        raw = np.where(pressing, _BUTTONS[intent], 0)
        buttons = raw & 0xFFFF
        buttons = buttons | np.where((raw & JUMP) > 0, self.jump_button, 0)
        shoulder = np.where((raw & SHOULDER) > 0, self.shoulder_button, 0)
        light = _LIGHT[intent]
        left = np.where(shoulder == L, _TRIGGER_FULL, np.where(self.shoulder_button == L, light, 0))
        right = np.where(shoulder == R, _TRIGGER_FULL, np.where(self.shoulder_button == R, light, 0))
        x, y = _legal(x, y)
        return Pads(x, y, cx, cy, buttons | shoulder, left, right)


def _legal(x: Ints, y: Ints) -> tuple[Ints, Ints]:
    """Sticks inside the gate: no longer than 80, and each axis 0 within its dead zone."""
    size = np.sqrt((x * x + y * y).astype(np.float64))
    scale = np.where(size > _STICK_MAX, _STICK_MAX / np.maximum(size, 1.0), 1.0)
    x, y = np.trunc(x * scale).astype(np.int64), np.trunc(y * scale).astype(np.int64)
    return np.where(np.abs(x) < 23, 0, x), np.where(np.abs(y) < 23, 0, y)
