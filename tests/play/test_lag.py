"""How late inputs arrive is read off the game itself."""

from collections import deque

import numpy as np
import numpy.typing as npt
import pytest

from exphil.features import V1
from exphil.melee.controller import BUTTONS
from exphil.play.controller import ControllerState
from exphil.play.lag import ENOUGH, LONGEST, LagMeter

HELD = V1.slots["input.button_a"].column


def row_of(*held: int) -> npt.NDArray[np.uint8]:
    """(1, R): a frame in which the players hold these buttons, a bit each."""
    row = np.zeros(1, V1.row_dtype)
    row["players"]["codes"][0, : len(held), HELD] = held
    return row.view(np.uint8)


def played(lag: int, viewpoint: int, frames: int = 600, seed: int = 0) -> LagMeter:
    """A player whose inputs reach the game `lag` frames late, beside another who presses as wildly."""
    rng = np.random.default_rng(seed)
    meter = LagMeter(viewpoint)
    on_the_way = deque([0] * (lag + 1))
    for _ in range(frames):
        held = [on_the_way.popleft(), int(rng.integers(256))]
        meter.saw(row_of(*(held if viewpoint == 0 else held[::-1])))
        bits = int(rng.integers(256)) if rng.random() < 0.3 else None
        on_the_way.append((on_the_way[-1] if on_the_way else 0) if bits is None else bits)
        meter.wrote(ControllerState(tuple(bool(on_the_way[-1] >> bit & 1) for bit in range(len(BUTTONS)))))
    return meter


@pytest.mark.parametrize("viewpoint", [0, 1])
@pytest.mark.parametrize("lag", [0, 1, 2, 5, LONGEST])
def test_the_lag_is_found(lag: int, viewpoint: int) -> None:
    assert played(lag, viewpoint).frames == lag


def test_too_few_changes_tell_nothing() -> None:
    assert played(1, 0, frames=ENOUGH // 2).frames is None
    assert LagMeter(0).frames is None


def test_inputs_that_never_arrive_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    meter = LagMeter(0)
    for _ in range(300):
        meter.saw(row_of(int(rng.integers(256))))
        meter.wrote(ControllerState())
    assert meter.frames is None


def test_somebody_else_on_the_controller_tells_nothing() -> None:
    """Two who press the same few buttons agree by chance now and then."""
    rng = np.random.default_rng(0)
    meter = LagMeter(0)
    for _ in range(2000):
        meter.saw(row_of(int(rng.integers(3))))
        meter.wrote(ControllerState(tuple(bool(rng.integers(2)) for _ in range(2)) + (False,) * 6))
    assert meter.frames is None
