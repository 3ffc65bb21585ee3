"""Rows that only the viewpoint's own player shows: its previous input, and how it stands to the opponent."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Derived, Flag, Number
from exphil.features.feature import Feature
from exphil.features.rows import Rows
from exphil.melee.controller import BUTTONS, SHOULDER_UNIT, STICK_UNIT

_STICK: Final = Number(step=1 / STICK_UNIT, low=-1.0, high=1.0)
_NO_TRIGGER: Final = np.float32(0)
_BITS_OF_1: Final = np.float32(1).view(np.uint32)


def _legal(rows: Rows, name: str) -> NDArray[Any]:
    """A trigger, 0 to 1; what lies outside (garbage) counts as 0."""
    values = rows.get(name)
    if values is None:
        return np.zeros(1, np.float32)
    # As whole numbers, the bits of 0 to 1 are the lowest: a sign, more than 1 and no number come after them.
    return np.where(values.view(np.uint32) <= _BITS_OF_1, values, _NO_TRIGGER)


def _shoulder(rows: Rows) -> NDArray[Any]:
    """The larger of both triggers."""
    left, right = (_legal(rows, name) for name in ("pre_triggers_physical_l", "pre_triggers_physical_r"))
    return np.asarray(np.maximum(left, right))


def _stick(name: str, column: str, doc: str) -> Feature:
    return Feature(
        name=f"input.{name}", scope="self", encoding=_STICK, source=(column,), unit="stick", doc=doc
    )


def _button(name: str, mask: int) -> Feature:
    return Feature(
        name=f"input.button_{name.lower()}", scope="self", encoding=Flag(mask=mask),
        source=("pre_buttons_physical",), doc=f"{name} was held this frame.",
    )  # fmt: skip


INPUT: Final = (
    _stick("main_x", "pre_joystick_x", "Main stick this frame, -1 to 1."),
    _stick("main_y", "pre_joystick_y", "Main stick this frame, -1 to 1."),
    _stick("c_x", "pre_cstick_x", "C-stick this frame, -1 to 1."),
    _stick("c_y", "pre_cstick_y", "C-stick this frame, -1 to 1."),
    Feature(
        name="input.shoulder", scope="self", encoding=Number(step=1 / SHOULDER_UNIT, dtype="uint8"),
        source=("pre_triggers_physical_l", "pre_triggers_physical_r"), unit="trigger", read=_shoulder,
        doc="The larger of both shoulders as held, 0 to 1; a full press clicks L or R beside it.",
    ),
    *(_button(name, mask) for name, mask in BUTTONS.items()),
)  # fmt: skip

_PLACE: Final = ("post_position_x", "post_position_y")
_SPEED: Final = ("post_velocities_self_x_air", "post_velocities_self_x_ground", "post_velocities_knockback_x")
_RISE: Final = ("post_velocities_self_y", "post_velocities_knockback_y")


def _relation(name: str, source: tuple[str, ...], unit: str, doc: str) -> Feature:
    return Feature(
        name=f"relation.{name}", scope="self", encoding=Derived(group="relation"), source=source, unit=unit,
        doc=doc,
    )  # fmt: skip


RELATION: Final = (
    _relation("dx", _PLACE[:1], "100 game units", "Opponent's x less own."),
    _relation("dy", _PLACE[1:], "100 game units", "Opponent's height less own."),
    _relation("distance", _PLACE, "100 game units", "Distance to the opponent."),
    _relation(
        "velocity_x", _SPEED, "units/frame", "Opponent's horizontal speed less own, knockback included."
    ),
    _relation("velocity_y", _RISE, "units/frame", "Opponent's vertical speed less own, knockback included."),
    _relation("closing_speed", _PLACE + _SPEED + _RISE, "units/frame", "How fast the two come together."),
    _relation("opponent_in_front", ("post_position_x", "post_direction"), "", "I face the opponent."),
    _relation("opponent_faces_me", ("post_position_x", "post_direction"), "", "The opponent faces me."),
    _relation("percent_lead", ("post_percent",), "100 percent", "Opponent's damage less own."),
    _relation("stock_lead", ("post_stocks",), "4 stocks", "Own stocks less the opponent's."),
)

OWN_V1: Final = INPUT + RELATION
