"""What is going on in a frame, as one player sees it; read from packed rows.

The first that fits names the frame:
opponent out: the opponent is dying or on the way back.
recovering: the self is beyond a ledge, hanging on it included.
edgeguarding: the opponent is beyond a ledge.
disadvantage: the self is in hitstun, tumbles, lies on the ground or is held.
advantage: the opponent is.
neutral: none of these.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exphil.features.layout import FeatureSet
from exphil.melee.actions import ACTION_CLASSES, CLASS_OF_ACTION, LAST_LIFELESS_ACTION

PHASES: Final = ("neutral", "advantage", "disadvantage", "edgeguarding", "recovering", "opponent out")

_HELPLESS: Final = np.isin(
    CLASS_OF_ACTION,
    [list(ACTION_CLASSES).index(name) for name in ("tumbling", "launched", "knocked_down", "grabbed")],
)


def phases(
    feature_set: FeatureSet, rows: npt.NDArray[np.uint8], viewpoint: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """(M, R) packed rows, (M,) 0 or 1 -> (M,) indices into `PHASES`."""
    packed: Any = np.ascontiguousarray(rows).view(feature_set.row_dtype)[:, 0]["players"]
    each = np.arange(len(rows))
    me, other = packed[each, viewpoint], packed[each, 1 - viewpoint]

    def flag(player: Any, name: str) -> npt.NDArray[np.bool_]:
        slot = feature_set.slots[name]
        found: npt.NDArray[np.bool_] = player["codes"][:, slot.column] >> slot.bit & 1 == 1
        return found

    def action(player: Any) -> npt.NDArray[np.uint16]:
        found: npt.NDArray[np.uint16] = player["ids"][:, feature_set.slots["action"].column]
        return found

    def losing(player: Any) -> npt.NDArray[np.bool_]:
        return flag(player, "in_hitstun") | _HELPLESS[np.minimum(action(player), len(_HELPLESS) - 1)]

    conditions = (
        ("opponent out", action(other) <= LAST_LIFELESS_ACTION),
        ("recovering", flag(me, "offstage")),
        ("edgeguarding", flag(other, "offstage")),
        ("disadvantage", losing(me)),
        ("advantage", losing(other)),
    )
    out = np.zeros(len(rows), np.int64)
    for name, holds in reversed(conditions):
        out[holds] = PHASES.index(name)
    return out
