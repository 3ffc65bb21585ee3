"""Derived dims. Written once for numpy and torch: operators, and functions that both spell alike.

Every formula sees the values that other dims read as (positions in hundreds of game units), so it gives the same
offline, in training and in play.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from exphil.melee.geometry import RANDALL_HALF_WIDTH

# numpy's or torch's arrays, and the module itself.
Array = Any
Columns = Mapping[str, Array]

# Standing on a surface, a fighter's height may lie this much under it (slopes, rounding).
_SLACK: Final = 0.02
_RANDALL: Final = RANDALL_HALF_WIDTH / 100.0


def geometry(xp: Any, me: Columns, other: Columns, stage: Columns) -> dict[str, Array]:
    """Ledges, blast zones and the floor beneath, all 0 on a stage whose geometry is unknown."""
    x, y = me["x"], me["y"]
    known, bottom = stage["known"], stage["blast_bottom"]
    beyond = xp.abs(x)
    # The best surface at or under the fighter; without one, the lower blast zone.
    floor = bottom + 0.0 * y
    sides = (beyond >= stage["side_inner"]) & (beyond <= stage["side_outer"])
    # The fountain's own platforms replace the fixed ones, which that stage has not.
    left = xp.where(stage["fountain_left"] != 0, stage["fountain_left"], stage["left_height"])
    right = xp.where(stage["fountain_right"] != 0, stage["fountain_right"], stage["right_height"])
    surfaces = (
        (stage["ledge_y"], beyond <= stage["ledge_x"]),
        (left, sides & (x < 0)),
        (right, sides & (x > 0)),
        (stage["top_height"], beyond <= stage["top_half_width"]),
        (stage["randall_y"], (stage["randall_y"] != 0) & (xp.abs(x - stage["randall_x"]) <= _RANDALL)),
    )
    for height, under in surfaces:
        floor = xp.where(under & (y >= height - _SLACK), xp.maximum(floor, height), floor)
    return {
        "ledge_dx": (beyond - stage["ledge_x"]) * known,
        "ledge_dy": (y - stage["ledge_y"]) * known,
        "blast_left": (x - stage["blast_left"]) * known,
        "blast_right": (stage["blast_right"] - x) * known,
        "blast_top": (stage["blast_top"] - y) * known,
        "blast_bottom": (y - bottom) * known,
        "floor_dy": (y - floor) * known,
    }


def relation(xp: Any, me: Columns, other: Columns, stage: Columns) -> dict[str, Array]:
    """Where the opponent is, and who leads."""
    dx, dy = other["x"] - me["x"], other["y"] - me["y"]

    def speed(who: Columns) -> Array:
        own = xp.where(who["airborne"] != 0, who["velocity_air_x"], who["velocity_ground_x"])
        return own + who["knockback_x"]

    velocity_x = speed(other) - speed(me)
    velocity_y = other["velocity_y"] + other["knockback_y"] - me["velocity_y"] - me["knockback_y"]
    distance = xp.sqrt(dx * dx + dy * dy)
    return {
        "relation.dx": dx,
        "relation.dy": dy,
        "relation.distance": distance,
        "relation.velocity_x": velocity_x,
        "relation.velocity_y": velocity_y,
        # Two fighters in one place close in no direction: there dx and dy are 0, and so is this.
        "relation.closing_speed": -(dx * velocity_x + dy * velocity_y) / (distance + (distance == 0)),
        "relation.opponent_in_front": (dx * me["facing"] > 0) * (0.0 * dx + 1.0),
        "relation.opponent_faces_me": (dx * other["facing"] < 0) * (0.0 * dx + 1.0),
        "relation.percent_lead": other["percent"] - me["percent"],
        "relation.stock_lead": me["stocks"] - other["stocks"],
    }


Formula = Callable[[Any, Columns, Columns, Columns], dict[str, Array]]
FORMULAS: Final[dict[str, Formula]] = {"geometry": geometry, "relation": relation}
# Raise a group's number when its formulas change: it is part of the fingerprint.
REVISIONS: Final[dict[str, int]] = {"geometry": 1, "relation": 1}
