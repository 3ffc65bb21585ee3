"""The state of many games at once. Every array is (G, 2): a row a game, a column a player, unless said otherwise."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.actions import (
    FRAMES,
    ID,
    KIND,
    MOVES,
    NUM_STATES,
    SPECIAL_MOVE,
    THROWS,
    UP_MOVE,
    Move,
)
from exphil.synth.arenas import arena_columns
from exphil.synth.fighters import fighter_column
from exphil.synth.match import Match

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOBODY: Final = 6  # what the game reports for "last hit by" when nobody did
NO_GROUND: Final = 0xFFFF
FULL_SHIELD: Final = 60.0
FLOOR: Final = -1  # index of the floor among the platforms
NO_CHANGE: Final = -1
# Places in the move table for the specials, whose action states differ from character to character.
_PROJECTILE_MOVE, _SPECIAL_MOVE, _UP_MOVE = NUM_STATES, NUM_STATES + 1, NUM_STATES + 2


@dataclass(frozen=True, slots=True)
class Pads:
    """Controllers of one frame: sticks in 1/80ths after the dead zone, triggers in 1/140ths, buttons as bits."""

    x: Ints
    y: Ints
    cx: Ints
    cy: Ints
    buttons: Ints
    left: Ints
    right: Ints

    @classmethod
    def neutral(cls, num_games: int) -> "Pads":
        zero = np.zeros((num_games, 2), dtype=np.int64)
        return cls(zero, zero, zero, zero, zero, zero, zero)


def _move_columns() -> dict[str, NDArray[Any]]:
    nothing = Move(0, 1_000_000, -1, 0, 0, 0, 0)
    moves = [nothing] * (NUM_STATES + 3)
    for name, move in {**MOVES, **THROWS}.items():
        moves[ID[name]] = move
    moves[_SPECIAL_MOVE], moves[_UP_MOVE] = SPECIAL_MOVE, UP_MOVE
    columns: dict[str, NDArray[Any]] = {
        name: np.array([getattr(move, name) for move in moves])
        for name in ("attack_id", "first", "last", "damage", "base", "growth", "reach", "low", "high", "back")
    }
    angles = np.deg2rad([move.angle for move in moves])
    # Rounded, so that the last bit of a platform's cosine does not change a game.
    columns["cos"], columns["sin"] = np.round(np.cos(angles), 6), np.round(np.sin(angles), 6)
    return columns


MOVE: Final = _move_columns()


class World:
    """Games in lock-step. Methods elsewhere change it in place, a frame at a time."""

    def __init__(self, matches: tuple[Match, ...]) -> None:
        shape = (len(matches), 2)
        names = np.array([[player.character for player in match.players] for match in matches])
        arena = arena_columns(tuple(match.stage for match in matches))
        self.shape = shape
        self.edge: Floats = arena["edge"]
        self.blast: Floats = arena["blast"]
        self.platforms: Floats = arena["platforms"].copy()
        self.spawn: Floats = arena["spawn"]
        self.fighter = {
            name: fighter_column(names, name)
            for name in (
                "weight", "gravity", "fall", "fast_fall", "walk", "dash", "run", "friction", "jump", "hop",
                "double_jump", "air_speed", "air_accel", "reach", "power", "height", "projectile_speed",
                "projectile_damage",
            )
        }  # fmt: skip
        self.trait = {
            name: fighter_column(names, name).astype(np.int64)
            for name in (
                "jumpsquat", "jumps", "neutral_state", "neutral_air_state", "side_state", "up_state", "projectile",
            )
        }  # fmt: skip
        side = np.broadcast_to(np.array([-1.0, 1.0]), shape)
        self.x: Floats = side * self.spawn[:, :1]
        self.y: Floats = np.repeat(self.spawn[:, 1:], 2, axis=1)
        self.facing: Floats = -side.copy()
        for name in ("vx", "vy", "gx", "kx", "ky", "percent"):
            setattr(self, name, np.zeros(shape))
        self.shield: Floats = np.full(shape, FULL_SHIELD)
        self.state: Ints = np.full(shape, ID["ENTRY"])
        self.length: Ints = FRAMES[self.state].copy()
        self.stocks: Ints = np.array([[player.stocks for player in match.players] for match in matches])
        self.jumps: Ints = self.trait["jumps"].copy()
        self.standing_on: Ints = np.full(shape, FLOOR)
        self.ground: Ints = np.full(shape, NO_GROUND)
        self.last_hit_by: Ints = np.full(shape, NOBODY)
        for name in (
            "age", "hitlag", "hitstun", "invincible", "last_attack", "combo", "l_cancel", "ledge_wait", "grab_left",
        ):  # fmt: skip
            setattr(self, name, np.zeros(shape, dtype=np.int64))
        self.since_shoulder: Ints = np.full(shape, 1000)
        for name in ("fast", "move_hit", "was_hit", "changed", "defending"):
            setattr(self, name, np.zeros(shape, dtype=bool))
        self.airborne: Bools = np.ones(shape, dtype=bool)
        self.over: Bools = np.zeros((len(matches), 1), dtype=bool)
        # The other player's column, wherever a column index is needed.
        self.other_index: Ints = np.broadcast_to(np.array([1, 0]), shape)

    vx: Floats
    vy: Floats
    gx: Floats
    kx: Floats
    ky: Floats
    percent: Floats
    age: Ints
    hitlag: Ints
    hitstun: Ints
    invincible: Ints
    last_attack: Ints
    combo: Ints
    l_cancel: Ints
    ledge_wait: Ints
    grab_left: Ints
    fast: Bools
    move_hit: Bools
    was_hit: Bools
    changed: Bools
    defending: Bools

    @property
    def kind(self) -> Ints:
        return KIND[self.state]

    def nothing(self) -> Ints:
        """A fresh array of "no new state", to be filled rule by rule: later rules win."""
        return np.full(self.shape, NO_CHANGE, dtype=np.int64)

    def enter(self, target: Ints) -> Bools:
        """Put fighters into the states of `target`, where there is one; returns who changed."""
        changed = target >= 0
        if changed.any():
            np.copyto(self.state, target, where=changed)
            np.copyto(self.age, 0, where=changed)
            np.copyto(self.length, FRAMES[self.state], where=changed)
            np.copyto(self.move_hit, False, where=changed)
            self.changed |= changed
        return changed

    def move_index(self) -> Ints:
        """Rows of the move table for the states that fighters are in."""
        state, trait = self.state, self.trait
        special = (
            (state == trait["side_state"])
            | (state == trait["neutral_state"])
            | (state == trait["neutral_air_state"])
        )
        index = np.where(special, np.where(self.is_shooting(), _PROJECTILE_MOVE, _SPECIAL_MOVE), state)
        return np.where(state == trait["up_state"], _UP_MOVE, index)

    def is_shooting(self) -> Bools:
        """Whether a fighter is in a neutral special that sends a projectile."""
        trait = self.trait
        neutral = (self.state == trait["neutral_state"]) | (self.state == trait["neutral_air_state"])
        shooting: Bools = neutral & (trait["projectile"] > 0)
        return shooting

    def is_intangible(self) -> Bools:
        """Frames of dodges, rolls, techs and ledge moves that nothing touches."""
        first, last = _INTANGIBLE[0][self.state], _INTANGIBLE[1][self.state]
        untouched: Bools = (self.age >= first) & (self.age <= last)
        return untouched


def _intangible_table() -> tuple[Ints, Ints]:
    first, last = np.full(NUM_STATES, 1), np.full(NUM_STATES, 0)
    for name, begin, end in (
        ("ESCAPE_F", 3, 19), ("ESCAPE_B", 3, 19), ("ESCAPE_N", 1, 15), ("ESCAPE_AIR", 3, 29), ("PASSIVE", 0, 20),
        ("PASSIVE_STAND_F", 0, 20), ("PASSIVE_STAND_B", 0, 20), ("DOWN_STAND_U", 0, 23), ("DOWN_FORWARD_U", 0, 23),
        ("CLIFF_CATCH", 0, 7), ("CLIFF_WAIT", 0, 30), ("CLIFF_CLIMB_QUICK", 0, 30), ("CLIFF_ESCAPE_QUICK", 0, 34),
        ("CLIFF_ATTACK_QUICK", 0, 18), ("CLIFF_JUMP_QUICK_1", 0, 14), ("THROW_F", 0, 8), ("THROW_B", 0, 8),
        ("THROW_HI", 0, 8), ("THROW_LW", 0, 8),
    ):  # fmt: skip
        first[ID[name]], last[ID[name]] = begin, end
    return first, last


_INTANGIBLE: Final = _intangible_table()
