"""The byte layout of every Slippi event, field by field, with the version that brought each field.

Fields are only ever added at the end of an event, so an event of some version is a prefix of the list.
All numbers are big-endian and unaligned; numpy's packed structs therefore are the events, byte for byte.
"""

from functools import cache
from typing import Final

import numpy as np

Version = tuple[int, int, int]
Field = tuple[str, str, Version]  # name, numpy format, since

PAYLOADS: Final = 0x35
GAME_START: Final = 0x36
PRE: Final = 0x37
POST: Final = 0x38
GAME_END: Final = 0x39
FRAME_START: Final = 0x3A
ITEM: Final = 0x3B
FRAME_END: Final = 0x3C
FOD_PLATFORM: Final = 0x3F
WHISPY: Final = 0x40
STADIUM: Final = 0x41

FIRST_FRAME: Final = -123
# The timer of the match starts here; the players are let go at -39.
TIMER_FRAME: Final = 0

_V0: Final = (0, 1, 0)

FRAME_FIELDS: Final[dict[int, tuple[Field, ...]]] = {
    FRAME_START: (
        ("frame", ">i4", (2, 2, 0)),
        ("random_seed", ">u4", (2, 2, 0)),
        ("scene_frame_counter", ">u4", (3, 10, 0)),
    ),
    PRE: (
        ("frame", ">i4", _V0),
        ("player", "u1", _V0),
        ("follower", "u1", _V0),
        ("random_seed", ">u4", _V0),
        ("state", ">u2", _V0),
        ("position_x", ">f4", _V0),
        ("position_y", ">f4", _V0),
        ("direction", ">f4", _V0),
        ("joystick_x", ">f4", _V0),
        ("joystick_y", ">f4", _V0),
        ("cstick_x", ">f4", _V0),
        ("cstick_y", ">f4", _V0),
        ("triggers", ">f4", _V0),
        ("buttons", ">u4", _V0),
        ("buttons_physical", ">u2", _V0),
        ("triggers_physical_l", ">f4", _V0),
        ("triggers_physical_r", ">f4", _V0),
        ("raw_analog_x", "i1", (1, 2, 0)),
        ("percent", ">f4", (1, 4, 0)),
        ("raw_analog_y", "i1", (3, 15, 0)),
        ("raw_analog_cstick_x", "i1", (3, 17, 0)),
        ("raw_analog_cstick_y", "i1", (3, 17, 0)),
    ),
    POST: (
        ("frame", ">i4", _V0),
        ("player", "u1", _V0),
        ("follower", "u1", _V0),
        ("character", "u1", _V0),
        ("state", ">u2", _V0),
        ("position_x", ">f4", _V0),
        ("position_y", ">f4", _V0),
        ("direction", ">f4", _V0),
        ("percent", ">f4", _V0),
        ("shield", ">f4", _V0),
        ("last_attack_landed", "u1", _V0),
        ("combo_count", "u1", _V0),
        ("last_hit_by", "u1", _V0),
        ("stocks", "u1", _V0),
        ("state_age", ">f4", (0, 2, 0)),
        ("state_flags_0", "u1", (2, 0, 0)),
        ("state_flags_1", "u1", (2, 0, 0)),
        ("state_flags_2", "u1", (2, 0, 0)),
        ("state_flags_3", "u1", (2, 0, 0)),
        ("state_flags_4", "u1", (2, 0, 0)),
        ("misc_as", ">f4", (2, 0, 0)),
        ("airborne", "u1", (2, 0, 0)),
        ("ground", ">u2", (2, 0, 0)),
        ("jumps", "u1", (2, 0, 0)),
        ("l_cancel", "u1", (2, 0, 0)),
        ("hurtbox_state", "u1", (2, 1, 0)),
        ("velocities_self_x_air", ">f4", (3, 5, 0)),
        ("velocities_self_y", ">f4", (3, 5, 0)),
        ("velocities_knockback_x", ">f4", (3, 5, 0)),
        ("velocities_knockback_y", ">f4", (3, 5, 0)),
        ("velocities_self_x_ground", ">f4", (3, 5, 0)),
        ("hitlag", ">f4", (3, 8, 0)),
        ("animation_index", ">u4", (3, 11, 0)),
        ("last_hit_by_instance", ">u2", (3, 16, 0)),
        ("instance_id", ">u2", (3, 16, 0)),
    ),
    ITEM: (
        ("frame", ">i4", (3, 0, 0)),
        ("type", ">u2", (3, 0, 0)),
        ("state", "u1", (3, 0, 0)),
        ("direction", ">f4", (3, 0, 0)),
        ("velocity_x", ">f4", (3, 0, 0)),
        ("velocity_y", ">f4", (3, 0, 0)),
        ("position_x", ">f4", (3, 0, 0)),
        ("position_y", ">f4", (3, 0, 0)),
        ("damage", ">u2", (3, 0, 0)),
        ("timer", ">f4", (3, 0, 0)),
        ("id", ">u4", (3, 0, 0)),
        ("misc_0", "u1", (3, 2, 0)),
        ("misc_1", "u1", (3, 2, 0)),
        ("misc_2", "u1", (3, 2, 0)),
        ("misc_3", "u1", (3, 2, 0)),
        ("owner", "i1", (3, 6, 0)),
        ("instance_id", ">u2", (3, 16, 0)),
    ),
    FRAME_END: (
        ("frame", ">i4", (3, 0, 0)),
        ("latest_finalized_frame", ">i4", (3, 7, 0)),
    ),
    FOD_PLATFORM: (
        ("frame", ">i4", (3, 18, 0)),
        ("platform", "u1", (3, 18, 0)),
        ("height", ">f4", (3, 18, 0)),
    ),
    WHISPY: (
        ("frame", ">i4", (3, 18, 0)),
        ("direction", "u1", (3, 18, 0)),
    ),
    STADIUM: (
        ("frame", ">i4", (3, 18, 0)),
        ("event", ">u2", (3, 18, 0)),
        ("type", ">u2", (3, 18, 0)),
    ),
}

# Bytes of the game start after its command byte, and of the game end, as versions added to them.
_START_SIZES: Final = (
    (_V0, 320),
    ((1, 0, 0), 352),
    ((1, 3, 0), 416),
    ((1, 5, 0), 417),
    ((2, 0, 0), 418),
    ((3, 7, 0), 420),
    ((3, 9, 0), 584),
    ((3, 11, 0), 700),
    ((3, 12, 0), 701),
    ((3, 14, 0), 760),
)
_END_SIZES: Final = ((_V0, 1), ((2, 0, 0), 2), ((3, 13, 0), 6))


def _at(sizes: tuple[tuple[Version, int], ...], version: Version) -> int:
    return max(size for since, size in sizes if version >= since)


@cache
def event_dtype(code: int, version: Version) -> np.dtype[np.void] | None:
    """The packed struct of a frame event, command byte first; None where the version has no such event."""
    fields = [(name, format) for name, format, since in FRAME_FIELDS[code] if version >= since]
    return np.dtype([("code", "u1"), *fields]) if fields else None


@cache
def payload_sizes(version: Version) -> tuple[tuple[int, int], ...]:
    """Every event that a file of this version may hold, and its bytes after the command byte."""
    sizes = [(GAME_START, _at(_START_SIZES, version))]
    for code in (PRE, POST, GAME_END, FRAME_START, ITEM, FRAME_END, FOD_PLATFORM, WHISPY, STADIUM):
        if code == GAME_END:
            sizes.append((code, _at(_END_SIZES, version)))
        elif (dtype := event_dtype(code, version)) is not None:
            sizes.append((code, dtype.itemsize - 1))
    return tuple(sizes)


def payloads_event(version: Version) -> bytes:
    """The first event of every file: which events may come, and how long each is."""
    sizes = payload_sizes(version)
    table = b"".join(bytes([code]) + size.to_bytes(2, "big") for code, size in sizes)
    return bytes([PAYLOADS, 1 + len(table)]) + table
