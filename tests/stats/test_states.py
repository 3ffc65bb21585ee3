"""The groups of action states: each to its last id, and not one further."""

import numpy as np
import pytest

from exphil.stats import states


@pytest.mark.parametrize(
    ("group", "spans"),
    [
        ("DAMAGED", [(0x26, 0x26), (0x4B, 0x5B), (0xB9, 0xB9), (0xC1, 0xC1)]),
        ("GRABBED", [(0xDF, 0xE8)]),
        ("COMMAND_GRABBED", [(0x10A, 0x124), (0x126, 0x130), (0x147, 0x152)]),
        ("IN_CONTROL", [(0x0E, 0x18), (0x27, 0x29), (0x2D, 0x40), (0xD4, 0xD4)]),
        ("TECHING", [(0xC7, 0xCC)]),
        ("DOWNED", [(0xB7, 0xC6)]),
        ("DYING", [(0x00, 0x0A)]),
        ("GRABBING", [(0xD4, 0xD4), (0xD6, 0xD6)]),
        ("HOLDING", [(0xD5, 0xD5), (0xD7, 0xDE)]),
        ("AERIAL_LANDING", [(0x46, 0x4A)]),
        ("JUMPING", [(0x19, 0x22)]),
        ("BEFORE_SPECIAL_LANDING", [(0x18, 0x22), (0xEC, 0xEC)]),
        ("EDGE_CANCELLED", [(0x1D, 0x1D), (0xF5, 0xF5)]),
    ],
)
def test_a_group_holds_these_states_and_no_other(group: str, spans: list[tuple[int, int]]) -> None:
    """Barrels (0x125) hold nobody; the first jab (0x2C) is no control; aerials (0x41-0x45) are no landings."""
    expected = np.concatenate([np.arange(first, last + 1) for first, last in spans])
    assert np.flatnonzero(getattr(states, group)).tolist() == expected.tolist()


def test_what_opens_a_punish_is_being_hit_or_held() -> None:
    punished = states.DAMAGED | states.GRABBED | states.COMMAND_GRABBED
    assert (punished == states.PUNISHED).all()
    assert ((punished | states.TECHING | states.DOWNED | states.DYING) == states.HELPLESS).all()
