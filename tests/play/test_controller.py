"""Classes of the heads to a controller's input, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.melee.controller import HEAD_SIZES
from exphil.melee.controller import NEUTRAL as TRAINED_NEUTRAL
from exphil.play.controller import NEUTRAL, ControllerState, controller_state
from exphil.play.runner import NEUTRAL_CLASSES


@given(st.tuples(*(st.integers(0, size - 1) for size in HEAD_SIZES)))
def test_every_choice_comes_back_from_the_controller(classes: tuple[int, ...]) -> None:
    state = controller_state(np.array(classes, np.int64))
    assert tuple(state.classes().tolist()) == classes
    assert all(-1 <= axis <= 1 for axis in (*state.main, *state.c))


def test_ends_and_middle_are_exact() -> None:
    state = controller_state(np.array([1, 0, 0, 0, 0, 0, 0, 1, 0, 16, 8, 12, 4], np.int64))
    assert state == ControllerState(
        (True, False, False, False, False, False, False, True), (-1.0, 1.0), (0.0, 0.5), 1.0
    )
    assert state.held == ("A", "D_UP")


def test_neutral_is_what_the_policy_was_trained_to_take_for_it() -> None:
    assert tuple(NEUTRAL_CLASSES.tolist()) == TRAINED_NEUTRAL
    assert controller_state(NEUTRAL_CLASSES) == NEUTRAL


@pytest.mark.parametrize(("head", "choice"), [(0, 2), (8, 17), (12, 5), (9, -1)])
def test_what_is_no_class_is_refused(head: int, choice: int) -> None:
    classes = NEUTRAL_CLASSES.copy()
    classes[head] = choice
    with pytest.raises(ValueError, match="no classes"):
        controller_state(classes)
