"""Classes of actions, attacks and items: every id in exactly one."""

import numpy as np
import pytest

from exphil.melee.actions import ACTION_CLASSES, CLASS_OF_ACTION, LAST_ACTION, LAST_LIFELESS_ACTION, NO_ACTION
from exphil.melee.attacks import ATTACK_CLASSES, CLASS_OF_ATTACK
from exphil.melee.items import ITEM_KINDS, KIND_OF_ITEM


@pytest.mark.parametrize(
    "classes", [ACTION_CLASSES, ATTACK_CLASSES, ITEM_KINDS], ids=["actions", "attacks", "items"]
)
def test_ranges_do_not_overlap(classes):
    ids = [id for ranges in classes.values() for first, last in ranges for id in range(first, last + 1)]
    assert len(set(ids)) == len(ids)
    assert all(first <= last for ranges in classes.values() for first, last in ranges)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (0, "out"), (13, "out"), (14, "standing"), (20, "running"), (24, "jumpsquat"), (43, "landing_special"),
        (65, "aerial"), (75, "flinching"), (90, "launched"), (179, "shielding"), (199, "knocked_down"),
        (212, "grabbing"), (228, "grabbed"), (236, "dodging"), (253, "ledge"), (264, "other"), (341, "special"),
        (525, "special"), (NO_ACTION, "other"),
    ],
)  # fmt: skip
def test_actions_fall_into_their_class(action, name):
    assert list(ACTION_CLASSES)[CLASS_OF_ACTION[action]] == name


def test_action_table_covers_all_ids():
    assert len(CLASS_OF_ACTION) == LAST_ACTION + 2
    assert CLASS_OF_ACTION.max() < len(ACTION_CLASSES)
    assert np.all(CLASS_OF_ACTION[: LAST_LIFELESS_ACTION + 1] == 0)


@pytest.mark.parametrize(
    ("attack", "name"),
    [
        (0, "none"),
        (2, "jab_or_tilt"),
        (10, "smash"),
        (17, "aerial"),
        (21, "special"),
        (55, "throw"),
        (62, "other"),
    ],
)
def test_attacks_fall_into_their_class(attack, name):
    assert list(ATTACK_CLASSES)[CLASS_OF_ATTACK[attack]] == name


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (54, "projectile"),
        (55, "projectile"),
        (79, "projectile"),
        (99, "throwable"),
        (210, "stage"),
        (74, "prop"),
    ],
)
def test_items_fall_into_their_kind(item, name):
    """0 is left for "no item"."""
    assert list(ITEM_KINDS)[KIND_OF_ITEM[item] - 1] == name
    assert KIND_OF_ITEM.min() == 1
