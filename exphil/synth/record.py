"""Keeps what happened, frame by frame, and turns it into the columns of the events."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.actions import AGE_STANDS, ANIMATION, FIRST_AGE, KIND, Kind, mask_of
from exphil.synth.match import Match
from exphil.synth.projectiles import NUM_SLOTS, Projectiles
from exphil.synth.track import Columns, FighterTrack
from exphil.synth.world import NOBODY, Pads, World

# Kept a frame and player; the name is also the attribute of the world.
_KEPT: Final[dict[str, str]] = {
    "state": "u2", "age": "u2", "x": "f4", "y": "f4", "facing": "f4", "percent": "f4", "shield": "f4",
    "last_attack": "u1", "combo": "u1", "stocks": "u1", "hitlag": "u1", "hitstun": "u2", "airborne": "?",
    "ground": "u2", "jumps": "u1", "l_cancel": "u1", "invincible": "u1", "vx": "f4", "vy": "f4", "kx": "f4",
    "ky": "f4", "gx": "f4", "fast": "?", "defending": "?", "changed": "?", "was_hit": "?", "last_hit_by": "u1",
}  # fmt: skip
_KEPT_PADS: Final = {
    "x": "i1",
    "y": "i1",
    "cx": "i1",
    "cy": "i1",
    "buttons": "u2",
    "left": "u1",
    "right": "u1",
}
_KEPT_ITEMS: Final = {"alive": "?", "x": "f4", "y": "f4", "vx": "f4", "vy": "f4", "timer": "u1", "id": "u4"}

_A, _B, _Z, _L, _R = 0x100, 0x200, 0x10, 0x40, 0x20
_ANY_TRIGGER: Final = 0x80000000
_STICK_BITS: Final = (("y", 1, 0x10000), ("y", -1, 0x20000), ("x", -1, 0x40000), ("x", 1, 0x80000))
_CSTICK_BITS: Final = (("cy", 1, 0x100000), ("cy", -1, 0x200000), ("cx", -1, 0x400000), ("cx", 1, 0x800000))
_STICK_BIT_FROM: Final = 56
_TRIGGER_DEAD: Final = 43
_Z_TRIGGER: Final = 49
# Beyond the gate the hardware reads further than the game lets on.
_RAW_OVERSHOOT: Final = 1.3

_DEAD = mask_of("DEAD_DOWN", "DEAD_LEFT", "DEAD_RIGHT", "DEAD_UP_STAR")
_SHIELDED = mask_of("GUARD_ON", "GUARD", "GUARD_SET_OFF")
_HOLDING = mask_of("CATCH_PULL", "CATCH_WAIT", "CATCH_ATTACK")


class Recording:
    """Arrays (T, G, 2) of everything kept, and (T, G, 4) of the items."""

    def __init__(self, num_frames: int, world: World) -> None:
        self.columns = {
            name: np.zeros((num_frames, *world.shape), dtype=kind) for name, kind in _KEPT.items()
        }
        self.columns["intangible"] = np.zeros((num_frames, *world.shape), dtype=bool)
        self.first: dict[str, NDArray[Any]] = {
            name: np.asarray(getattr(world, name)).copy() for name in ("state", "x", "y", "facing", "percent")
        }
        self.pads = {
            name: np.zeros((num_frames, *world.shape), dtype=kind) for name, kind in _KEPT_PADS.items()
        }
        shape = (num_frames, world.shape[0], NUM_SLOTS)
        self.item_columns = {name: np.zeros(shape, dtype=kind) for name, kind in _KEPT_ITEMS.items()}
        self.item_type = np.zeros((world.shape[0], NUM_SLOTS), dtype=np.uint16)

    def keep_pads(self, frame: int, pads: Pads) -> None:
        """The controllers as they were before the frame."""
        for name, column in self.pads.items():
            column[frame] = getattr(pads, name)

    def keep(self, frame: int, world: World, items: Projectiles) -> None:
        """Everything as it is after the frame."""
        for name in _KEPT:
            self.columns[name][frame] = getattr(world, name)
        self.columns["intangible"][frame] = world.is_intangible()
        if frame == 0:
            self.item_type[:] = items.type
        if items.any_shooter:
            for name, column in self.item_columns.items():
                column[frame] = getattr(items, name)

    def fighter(self, match: Match, number: int, side: int, num_frames: int) -> FighterTrack:
        """One leader's columns, as the events name them."""
        kept = {name: column[:num_frames, number, side] for name, column in self.columns.items()}
        pads = {name: column[:num_frames, number, side] for name, column in self.pads.items()}
        first = {name: array[number, side] for name, array in self.first.items()}
        other = self.columns["changed"][:num_frames, number, 1 - side]
        post = _post(kept, match, side)
        instances = _instances(kept["changed"], other, side)
        post["instance_id"] = instances[0]
        post["last_hit_by_instance"] = _held(kept["was_hit"], instances[1], 0).astype(np.uint16)
        pre = _pre(kept, pads, first, is_cpu=match.players[side].cpu_level is not None)
        return FighterTrack(side, False, pre, post, np.ones(num_frames, dtype=bool))

    def items(self, match: Match, number: int, num_frames: int) -> tuple[Columns, NDArray[np.bool_]]:
        """The items of one game, (T, 4), and where each is there."""
        kept = {name: column[:num_frames, number] for name, column in self.item_columns.items()}
        used = kept["alive"].any(axis=0)
        kept = {name: column[:, used] for name, column in kept.items()}
        ports = np.repeat([player.port - 1 for player in match.players], NUM_SLOTS // 2)[used]
        columns: Columns = {
            "type": np.broadcast_to(self.item_type[number][used], kept["alive"].shape),
            "direction": np.where(kept["vx"] < 0, -1.0, 1.0),
            "velocity_x": kept["vx"],
            "velocity_y": kept["vy"],
            "position_x": kept["x"],
            "position_y": kept["y"],
            "timer": kept["timer"],
            "id": kept["id"],
            "owner": np.broadcast_to(ports, kept["alive"].shape),
            "misc_1": kept["id"] % 8,
        }
        return columns, kept["alive"]


def _post(kept: Columns, match: Match, side: int) -> Columns:
    state = kept["state"]
    age = np.where(AGE_STANDS[state], -1.0, FIRST_AGE[state] + kept["age"])
    other_port = match.players[1 - side].port - 1
    hit_by = _last_hit_by(kept, other_port)
    in_hitlag = kept["hitlag"] > 0
    dead = _DEAD[state]
    return {
        "character": np.full(len(state), match.players[side].internal, dtype=np.uint8),
        "state": state,
        "position_x": kept["x"],
        "position_y": kept["y"],
        "direction": kept["facing"],
        "percent": kept["percent"],
        "shield": kept["shield"],
        "last_attack_landed": kept["last_attack"],
        "combo_count": kept["combo"],
        "last_hit_by": hit_by,
        "stocks": kept["stocks"],
        "state_age": age,
        "state_flags_0": np.full(len(state), 64, dtype=np.uint8),
        "state_flags_1": kept["fast"] * 8
        + in_hitlag * 32
        + (in_hitlag & kept["defending"]) * 16
        + kept["intangible"] * 4,
        "state_flags_2": _SHIELDED[state] * 128 + _HOLDING[state] * 4,
        "state_flags_3": (kept["hitstun"] > 0) * 2,
        "state_flags_4": dead * 192,
        "misc_as": kept["hitstun"].astype(np.float32),
        "airborne": kept["airborne"],
        "ground": kept["ground"],
        "jumps": kept["jumps"],
        "l_cancel": kept["l_cancel"],
        "hurtbox_state": np.where(kept["intangible"], 2, np.where(kept["invincible"] > 0, 1, 0)),
        "velocities_self_x_air": np.where(kept["airborne"], kept["vx"], 0),
        "velocities_self_y": kept["vy"],
        "velocities_knockback_x": kept["kx"],
        "velocities_knockback_y": kept["ky"],
        "velocities_self_x_ground": np.where(kept["airborne"], 0, kept["gx"]),
        "hitlag": kept["hitlag"].astype(np.float32),
        "animation_index": ANIMATION[state].astype(np.uint32),
    }


def _last_hit_by(kept: Columns, other_port: int) -> NDArray[np.uint8]:
    """The other port since the last hit, nobody since the last revival."""
    revived = (KIND[kept["state"]] == Kind.OUT) & ~_DEAD[kept["state"]]
    event = np.where(kept["was_hit"], other_port, NOBODY)
    return _held(kept["was_hit"] | revived, event, NOBODY).astype(np.uint8)


def _held(happened: NDArray[np.bool_], values: NDArray[Any], before: int) -> NDArray[Any]:
    """At each row the value of the last row where something happened; `before` until then."""
    last = np.maximum.accumulate(np.where(happened, np.arange(len(happened)), -1))
    return np.where(last >= 0, values[np.maximum(last, 0)], before)


def _instances(
    own: NDArray[np.bool_], other: NDArray[np.bool_], side: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Serial numbers of the current action state, own and the other's: one counter for both players."""
    both = np.stack([own, other] if side == 0 else [other, own], axis=1)
    counter = np.cumsum(both.ravel()).reshape(both.shape) + 1
    numbers = np.stack([_held(both[:, column], counter[:, column], 1) for column in range(2)], axis=1)
    wrapped = (numbers % 65_536).astype(np.uint16)
    return wrapped[:, side], wrapped[:, 1 - side]


def _pre(kept: Columns, pads: Columns, first: Columns, *, is_cpu: bool) -> Columns:
    physical = pads["buttons"].astype(np.uint32)
    analog = np.maximum(pads["left"], pads["right"])
    z = (physical & _Z) > 0
    trigger = np.where(analog >= _TRIGGER_DEAD, analog, 0)
    trigger = np.where(z, np.maximum(trigger, _Z_TRIGGER), trigger)
    trigger = np.where((physical & (_L | _R)) > 0, 140, trigger)
    processed = physical | np.where(z, _A, 0).astype(np.uint32)
    processed |= np.where(trigger > 0, _ANY_TRIGGER, 0).astype(np.uint32)
    for bits in (_STICK_BITS, _CSTICK_BITS):
        for axis, sign, bit in bits:
            processed |= np.where(pads[axis].astype(int) * sign >= _STICK_BIT_FROM, bit, 0).astype(np.uint32)
    nobody = 0 if is_cpu else 1  # a CPU player holds no controller
    columns: Columns = {
        "joystick_x": pads["x"] / 80,
        "joystick_y": pads["y"] / 80,
        "cstick_x": pads["cx"] / 80,
        "cstick_y": pads["cy"] / 80,
        "triggers": trigger / 140,
        "buttons": processed,
        "buttons_physical": physical * nobody,
        "triggers_physical_l": pads["left"] / 140 * nobody,
        "triggers_physical_r": pads["right"] / 140 * nobody,
        "raw_analog_x": _raw(pads["x"]) * nobody,
        "raw_analog_y": _raw(pads["y"]) * nobody,
        "raw_analog_cstick_x": _raw(pads["cx"]) * nobody,
        "raw_analog_cstick_y": _raw(pads["cy"]) * nobody,
    }
    for event, name in (
        ("state", "state"), ("position_x", "x"), ("position_y", "y"), ("direction", "facing"), ("percent", "percent"),
    ):  # fmt: skip
        columns[event] = np.concatenate([[first[name]], kept[name][:-1]])
    return columns


def _raw(stick: NDArray[np.int8]) -> NDArray[np.int8]:
    """What the hardware reads for a processed stick: beyond the gate when it is pushed all the way."""
    wide = np.where(np.abs(stick.astype(int)) >= 70, stick * _RAW_OVERSHOOT, stick.astype(float))
    return np.clip(np.trunc(wide), -127, 127).astype(np.int8)
