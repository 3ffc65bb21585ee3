"""What goes on in a frame."""

from typing import Any

import numpy as np
import pytest

from exphil.evaluation.phases import PHASES, phases
from exphil.features import V1

STANDING, DYING, TUMBLING, GRABBED = 14, 3, 38, 223


def row(actions: tuple[int, int], flags: dict[int, tuple[str, ...]]) -> np.ndarray:
    """One packed row: action states of both players, and the flags that each has."""
    rows: Any = np.zeros(1, V1.row_dtype)
    for player, action in enumerate(actions):
        own = rows["players"][:, player]
        own["ids"][:, V1.slots["action"].column] = action
        for name in flags.get(player, ()):
            slot = V1.slots[name]
            own["codes"][:, slot.column] |= 1 << (slot.bit or 0)
    return np.asarray(rows.view(np.uint8).reshape(1, -1))


@pytest.mark.parametrize(
    ("actions", "flags", "mine", "theirs"),
    [
        ((STANDING, STANDING), {}, "neutral", "neutral"),
        ((TUMBLING, STANDING), {}, "disadvantage", "advantage"),
        ((STANDING, GRABBED), {}, "advantage", "disadvantage"),
        ((STANDING, STANDING), {0: ("in_hitstun",)}, "disadvantage", "advantage"),
        ((STANDING, STANDING), {0: ("offstage",)}, "recovering", "edgeguarding"),
        ((TUMBLING, STANDING), {0: ("offstage",)}, "recovering", "edgeguarding"),
        ((STANDING, STANDING), {0: ("offstage",), 1: ("offstage",)}, "recovering", "recovering"),
        ((STANDING, DYING), {0: ("offstage",)}, "opponent out", "edgeguarding"),
    ],
)
def test_the_first_that_fits_names_the_frame(
    actions: tuple[int, int], flags: dict[int, tuple[str, ...]], mine: str, theirs: str
) -> None:
    rows = row(actions, flags).repeat(2, axis=0)
    assert [PHASES[index] for index in phases(V1, rows, np.array([0, 1]))] == [mine, theirs]
