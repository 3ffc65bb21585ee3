"""Rows of the feature table that each of the two players has: state, geometry, flags, classes, follower."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Derived, Flag, Id, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.rows import PlayerRows
from exphil.features.tables import POSITION_SCALE
from exphil.melee.actions import NO_ACTION, NUM_ACTIONS
from exphil.melee.characters import NUM_CHARACTERS
from exphil.melee.geometry import GEOMETRY

# What the game resolves, or a little less: 1/64 of a unit, 1/1024 unit a frame, 1/32 percent.
_POSITION: Final = Number(step=1 / 64, scale=POSITION_SCALE)
_VELOCITY: Final = Number(step=1 / 1024)
_FACING: Final = Number(step=1.0, offset=1, dtype="uint8")
_HITSTUN_BIT: Final = 0x02
# As numpy scalars: for two fighters of one frame, making them would take as long as the rest.
_IN_HITSTUN: Final = np.uint8(_HITSTUN_BIT)
_NO_HITSTUN: Final = np.float32(0)


def _hitstun(rows: PlayerRows) -> NDArray[Any]:
    """The action-state variable means hitstun only while the hitstun bit is set."""
    return np.where(rows["post_state_flags_3"] & _IN_HITSTUN, rows["post_misc_as"], _NO_HITSTUN)


def _facing(rows: PlayerRows) -> NDArray[Any]:
    return np.asarray(np.sign(rows["post_direction"]))


def _offstage(rows: PlayerRows) -> NDArray[Any]:
    geometry = GEOMETRY.get(rows.stage)
    if geometry is None:
        return np.zeros(rows.num, bool)
    return np.asarray(np.abs(rows["post_position_x"]) > np.float32(geometry.ledge_x))


def _hit_by_opponent(rows: PlayerRows) -> NDArray[Any]:
    return np.asarray(rows["post_last_hit_by"] == rows.other_port - 1)


def _exists(rows: PlayerRows) -> NDArray[Any]:
    return rows.present


def _number(name: str, column: str, encoding: Number, unit: str, doc: str) -> Feature:
    return Feature(name=name, scope="player", encoding=encoding, source=(column,), unit=unit, doc=doc)


def _derived(name: str, doc: str) -> Feature:
    return Feature(
        name=name, scope="player", encoding=Derived(group="geometry"),
        source=("post_position_x", "post_position_y"), unit="100 game units", doc=doc,
    )  # fmt: skip


def _flag(name: str, column: str, doc: str, mask: int | None = None, equals: int | None = None) -> Feature:
    encoding = Flag(mask=mask, equals=equals)
    return Feature(name=name, scope="player", encoding=encoding, source=(column,), doc=doc)


IDS: Final = (
    Feature(
        name="action", scope="player", encoding=Id(size=NUM_ACTIONS, none=NO_ACTION), source=("post_state",),
        unit="id", doc="Action state after the frame.",
    ),
    Feature(
        name="character", scope="player", encoding=Id(size=NUM_CHARACTERS + 1, none=NUM_CHARACTERS),
        source=("post_character",), unit="id", doc="Fighter id; Zelda and Sheik change it in game.",
    ),
    Feature(
        name="follower.action", scope="player", encoding=Id(size=NUM_ACTIONS, none=NO_ACTION),
        source=("post_state",), unit="id", who="follower",
        doc="Action state of the second Ice Climber; the last id where there is none.",
    ),
)  # fmt: skip

NUMBERS: Final = (
    _number("x", "post_position_x", _POSITION, "100 game units", "Horizontal position."),
    _number("y", "post_position_y", _POSITION, "100 game units", "Height."),
    _number("velocity_air_x", "post_velocities_self_x_air", _VELOCITY, "units/frame", "Own speed in the air."),
    _number("velocity_y", "post_velocities_self_y", _VELOCITY, "units/frame", "Own vertical speed."),
    _number("knockback_x", "post_velocities_knockback_x", _VELOCITY, "units/frame", "Speed from knockback."),
    _number(
        "knockback_y", "post_velocities_knockback_y", _VELOCITY, "units/frame", "Vertical speed from knockback."
    ),
    _number(
        "velocity_ground_x", "post_velocities_self_x_ground", _VELOCITY, "units/frame", "Own speed on the ground."
    ),
    _number("percent", "post_percent", Number(step=1 / 32, scale=100.0), "100 percent", "Damage."),
    _number("shield", "post_shield", Number(step=1 / 512, scale=60.0), "full shields", "Shield health."),
    _number("state_age", "post_state_age", Number(step=1 / 64, scale=60.0), "60 frames", "Time in the action state."),
    Feature(
        name="facing", scope="player", encoding=_FACING, source=("post_direction",), unit="sign",
        read=_facing, doc="-1 left, +1 right.",
    ),
    _number("hitlag", "post_hitlag", Number(step=1.0, scale=10.0, dtype="uint8"), "10 frames", "Hitlag left."),
    Feature(
        name="hitstun", scope="player", encoding=Number(step=1.0, scale=60.0, dtype="uint8"),
        source=("post_misc_as", "post_state_flags_3"), unit="60 frames", read=_hitstun,
        doc="Hitstun left; 0 outside hitstun.",
    ),
    _number("stocks", "post_stocks", Number(step=1.0, scale=4.0, dtype="uint8"), "4 stocks", "Stocks left."),
    _number("jumps", "post_jumps", Number(step=1.0, scale=2.0, dtype="uint8"), "2 jumps", "Jumps left."),
    _number(
        "combo_count", "post_combo_count", Number(step=1.0, scale=10.0, dtype="uint8"), "10 hits",
        "Hits of the running combo, as the game counts.",
    ),
)  # fmt: skip

GEOMETRY_ROWS: Final = (
    _derived("ledge_dx", "Distance beyond the nearer ledge; negative above the stage."),
    _derived("ledge_dy", "Height over the ledges."),
    _derived("blast_left", "Distance to the left blast zone."),
    _derived("blast_right", "Distance to the right blast zone."),
    _derived("blast_top", "Distance to the upper blast zone."),
    _derived("blast_bottom", "Distance to the lower blast zone."),
    _derived(
        "floor_dy", "Height over the highest surface beneath (floor, platform, Randall), else over the void."
    ),
)

FLAGS: Final = (
    _flag("airborne", "post_airborne", "In the air.", equals=1),
    Feature(
        name="offstage", scope="player", encoding=Flag(), source=("post_position_x",), read=_offstage,
        doc="Beyond a ledge, hanging on it included.",
    ),
    _flag("invulnerable", "post_hurtbox_state", "Hits pass without effect, as after a revival.", equals=1),
    _flag("intangible", "post_hurtbox_state", "Hits pass through, as in a dodge.", equals=2),
    _flag("body_intangible", "post_state_flags_1", "Some of the body cannot be hit, as in a smash.", mask=0x04),
    _flag("in_hitstun", "post_state_flags_3", "In hitstun.", mask=_HITSTUN_BIT),
    _flag("in_hitlag", "post_state_flags_1", "Frozen by a hit, given or taken.", mask=0x20),
    _flag("is_hit", "post_state_flags_1", "Frozen by a hit taken: the time to influence it.", mask=0x10),
    _flag("fastfalling", "post_state_flags_1", "Falling fast.", mask=0x08),
    _flag("shielding", "post_state_flags_2", "Shield up.", mask=0x80),
    _flag("powershielding", "post_state_flags_3", "Shield just raised: it reflects.", mask=0x10),
    _flag("reflecting", "post_state_flags_0", "A reflector is active.", mask=0x10),
    _flag("holding", "post_state_flags_2", "Holding the opponent.", mask=0x04),
    _flag("dead", "post_state_flags_4", "Dead or not yet there.", mask=0x40),
    _flag("offscreen", "post_state_flags_4", "Out of the camera's sight.", mask=0x80),
    _flag("l_cancel_success", "post_l_cancel", "Cancelled the lag of this landing.", equals=1),
    _flag("l_cancel_failure", "post_l_cancel", "Did not cancel the lag of this landing.", equals=2),
    Feature(
        name="hit_by_opponent", scope="player", encoding=Flag(), source=("post_last_hit_by",),
        read=_hit_by_opponent, doc="The last hit taken was the opponent's.",
    ),
)  # fmt: skip

CLASSES: Final = (
    Feature(
        name="action_class", scope="player", encoding=Lookup(table="action_class", of="action"),
        source=("post_state",), doc="Class of the action state.",
    ),
    Feature(
        name="last_attack", scope="player", encoding=Lookup(table="attack_class"),
        source=("post_last_attack_landed",), doc="Class of the last move landed.",
    ),
)  # fmt: skip


def _follower(name: str, column: str, encoding: Number | Flag, unit: str, doc: str) -> Feature:
    return Feature(
        name=f"follower.{name}", scope="player", encoding=encoding, source=(column,), unit=unit,
        who="follower", doc=f"Second Ice Climber: {doc}",
    )  # fmt: skip


FOLLOWER: Final = (
    _follower("x", "post_position_x", _POSITION, "100 game units", "horizontal position."),
    _follower("y", "post_position_y", _POSITION, "100 game units", "height."),
    _follower("velocity_air_x", "post_velocities_self_x_air", _VELOCITY, "units/frame", "own speed in the air."),
    _follower("velocity_y", "post_velocities_self_y", _VELOCITY, "units/frame", "own vertical speed."),
    _follower("percent", "post_percent", Number(step=1 / 32, scale=100.0), "100 percent", "damage."),
    _follower("state_age", "post_state_age", Number(step=1 / 64, scale=60.0), "60 frames", "time in the state."),
    Feature(
        name="follower.facing", scope="player", encoding=_FACING, source=("post_direction",), unit="sign",
        who="follower", read=_facing, doc="Second Ice Climber: -1 left, +1 right, 0 absent.",
    ),
    Feature(
        name="follower.hitstun", scope="player", encoding=Number(step=1.0, scale=60.0, dtype="uint8"),
        source=("post_misc_as", "post_state_flags_3"), unit="60 frames", who="follower", read=_hitstun,
        doc="Second Ice Climber: hitstun left.",
    ),
    _follower("jumps", "post_jumps", Number(step=1.0, scale=2.0, dtype="uint8"), "2 jumps", "jumps left."),
    Feature(
        name="follower.exists", scope="player", encoding=Flag(), source=("post_state",), who="follower",
        read=_exists, doc="There is a second Ice Climber.",
    ),
    _follower("airborne", "post_airborne", Flag(equals=1), "", "in the air."),
    _follower("in_hitlag", "post_state_flags_1", Flag(mask=0x20), "", "frozen by a hit."),
    _follower("intangible", "post_hurtbox_state", Flag(equals=2), "", "hits pass through."),
)  # fmt: skip

PLAYER_V1: Final = IDS + NUMBERS + GEOMETRY_ROWS + FLAGS + CLASSES + FOLLOWER
