"""Rows that belong to the game: stage and its moving parts, clock, item slots."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Flag, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.rows import SharedRows
from exphil.features.tables import POSITION_SCALE
from exphil.melee.geometry import YOSHIS_STORY, randall_path
from exphil.melee.items import NUM_SLOTS

FIRST_PLAYABLE_FRAME: Final = -39
_POSITION: Final = Number(step=1 / 64, scale=POSITION_SCALE)
_VELOCITY: Final = Number(step=1 / 1024)
# Stadium's transformation is under way from its announcement, event 2, to its end, event 6.
_STADIUM_ANNOUNCED: Final = 2
_STADIUM_ENDED: Final = 6


def _stage(rows: SharedRows) -> NDArray[Any]:
    return np.full(rows.num, rows.stage if 0 <= rows.stage < 256 else 0, np.uint8)


def _randall_x(rows: SharedRows) -> NDArray[Any]:
    return randall_path(rows.frame)[0] if rows.stage == YOSHIS_STORY else np.zeros(rows.num, np.float32)


def _randall_y(rows: SharedRows) -> NDArray[Any]:
    return randall_path(rows.frame)[1] if rows.stage == YOSHIS_STORY else np.zeros(rows.num, np.float32)


def _time(rows: SharedRows) -> NDArray[Any]:
    return rows.frame.astype(np.float32)


def _countdown(rows: SharedRows) -> NDArray[Any]:
    return np.maximum(FIRST_PLAYABLE_FRAME - rows.frame, 0).astype(np.float32)


def _started(rows: SharedRows) -> NDArray[Any]:
    return rows.frame >= FIRST_PLAYABLE_FRAME


def _transforming(rows: SharedRows) -> NDArray[Any]:
    event = rows["stadium_event"]
    return np.asarray((event >= _STADIUM_ANNOUNCED) & (event <= _STADIUM_ENDED))


def _item_count(rows: SharedRows) -> NDArray[Any]:
    return rows.item_count


STAGE: Final = (
    Feature(
        name="stage", scope="shared", encoding=Lookup(table="stage"), source=("frame",), read=_stage,
        doc="Which of the six stages that tournaments play; all 0 on another.",
    ),
    Feature(
        name="stage.geometry", scope="shared", encoding=Lookup(table="stage_geometry", of="stage"),
        source=("frame",), unit="100 game units", doc="Ledge and platform edges of the stage; 0 where it has none.",
    ),
)  # fmt: skip


def _moving(name: str, column: str, doc: str) -> Feature:
    return Feature(
        name=name, scope="shared", encoding=_POSITION, source=(column,), unit="100 game units", doc=doc
    )


MOVING: Final = (
    _moving("fountain.left_height", "fod_platform_left", "Fountain of Dreams: height of the left platform."),
    _moving("fountain.right_height", "fod_platform_right", "Fountain of Dreams: height of the right platform."),
    Feature(
        name="randall.x", scope="shared", encoding=_POSITION, source=("frame",), unit="100 game units",
        read=_randall_x, doc="Yoshi's Story: centre of the cloud, from the frame id.",
    ),
    Feature(
        name="randall.y", scope="shared", encoding=_POSITION, source=("frame",), unit="100 game units",
        read=_randall_y, doc="Yoshi's Story: height of the cloud, from the frame id.",
    ),
    Feature(
        name="clock.time", scope="shared", encoding=Number(step=1.0, scale=3600.0), source=("frame",),
        unit="minutes", read=_time, doc="Frame id; play starts at -39.",
    ),
)  # fmt: skip

_ITEM_NUMBERS: Final = (
    ("x", "item_position_x", _POSITION, "100 game units", "horizontal position."),
    ("y", "item_position_y", _POSITION, "100 game units", "height."),
    ("velocity_x", "item_velocity_x", _VELOCITY, "units/frame", "horizontal speed."),
    ("velocity_y", "item_velocity_y", _VELOCITY, "units/frame", "vertical speed."),
    ("timer", "item_timer", Number(step=1.0, scale=100.0), "100 frames", "time left until it expires."),
)

ITEM_NUMBERS: Final = tuple(
    Feature(
        name=f"item{slot}.{name}", scope="shared", encoding=encoding, source=(column,), unit=unit, slot=slot,
        doc=f"Item slot {slot}: {doc}",
    )
    for slot in range(NUM_SLOTS)
    for name, column, encoding, unit, doc in _ITEM_NUMBERS
)  # fmt: skip

ITEM_KINDS: Final = tuple(
    Feature(
        name=f"item{slot}", scope="shared", encoding=Lookup(table="item_kind"), source=("item_type",),
        slot=slot,
        doc=f"Item slot {slot}: whether there is one, and of which kind.",
    )
    for slot in range(NUM_SLOTS)
)  # fmt: skip

ITEM_OWNERS: Final = tuple(
    Feature(
        name=f"item{slot}.owner", scope="shared", source=("item_owner",), unit="sign", slot=slot,
        encoding=Lookup(table="item_owner", of=f"item{slot}", sided=True),
        doc=f"Item slot {slot}: +1 mine, -1 the opponent's, 0 nobody's or unknown.",
    )
    for slot in range(NUM_SLOTS)
)  # fmt: skip

COUNTS: Final = (
    Feature(
        name="clock.countdown", scope="shared", encoding=Number(step=1.0, scale=84.0, dtype="uint8"),
        source=("frame",), unit="84 frames", read=_countdown, doc="Time until play starts; 0 afterwards.",
    ),
    Feature(
        name="items.count", scope="shared", encoding=Number(step=1.0, scale=5.0, dtype="uint8"),
        source=("item_type",), unit="5 items", read=_item_count, doc="Items on the field, those without a slot too.",
    ),
)  # fmt: skip


def _event(name: str, column: str, equals: int, doc: str) -> Feature:
    return Feature(name=name, scope="shared", encoding=Flag(equals=equals), source=(column,), doc=doc)


FLAGS: Final = (
    Feature(
        name="clock.started", scope="shared", encoding=Flag(), source=("frame",), read=_started,
        doc="Play has started.",
    ),
    _event("whispy.left", "whispy_direction", 1, "Dream Land: the wind blows left."),
    _event("whispy.right", "whispy_direction", 2, "Dream Land: the wind blows right."),
    _event("stadium.fire", "stadium_type", 3, "Pokemon Stadium: fire transformation."),
    _event("stadium.grass", "stadium_type", 4, "Pokemon Stadium: grass transformation."),
    _event("stadium.rock", "stadium_type", 6, "Pokemon Stadium: rock transformation."),
    _event("stadium.water", "stadium_type", 9, "Pokemon Stadium: water transformation."),
    Feature(
        name="stadium.transforming", scope="shared", encoding=Flag(), source=("stadium_event",),
        read=_transforming, doc="Pokemon Stadium: a transformation is under way.",
    ),
)  # fmt: skip

SHARED_V1: Final = STAGE + MOVING + ITEM_NUMBERS + ITEM_KINDS + ITEM_OWNERS + COUNTS + FLAGS
