"""Stick errors in bins and in units."""

import pytest

from exphil.evaluation.sticks import StickErrors, centres
from tests.evaluation.frames import make_frames, neutral


def test_errors_are_counted_over_all_frames_and_over_moves() -> None:
    true, guess = neutral(4), neutral(4)
    true[0, 8], guess[0, 8] = 16, 8  # main x: eight bins off, and it moves
    true[1, 8], guess[1, 8] = 12, 13  # one off, and it moves
    true[2, 9], guess[2, 9] = 4, 4  # main y: right, and it moves
    errors = StickErrors()
    errors.add(make_frames(true, likeliest={"policy": guess}))
    found = errors.report()
    x = found["axes"]["main_x"]["policy"]
    assert x["all"]["num_frames"] == 4
    assert x["all"]["right_bin"] == pytest.approx(2 / 4)
    assert x["all"]["within_one_bin"] == pytest.approx(3 / 4)
    assert x["all"]["bins_off"] == pytest.approx(9 / 4)
    assert x["all"]["units_off"] == pytest.approx(9 / 8 / 4)
    assert x["changed"]["num_frames"] == 2
    assert x["changed"]["bins_off"] == pytest.approx(9 / 2)
    assert found["axes"]["main_y"]["policy"]["changed"]["right_bin"] == 1
    assert found["axes"]["main_y"]["repeat"]["changed"]["right_bin"] == 0
    assert found["axes"]["c_x"]["policy"]["changed"]["right_bin"] is None
    assert found["sticks"]["main"]["policy"]["all"] == pytest.approx((1 + 1 / 8) / 4)
    assert found["sticks"]["main"]["policy"]["changed"] == pytest.approx((1 + 1 / 8) / 3)


def test_units_are_measured_from_the_position_as_recorded() -> None:
    true = neutral(1)
    true[0, 8] = 16
    analog = centres(true[:, 8:])
    analog[0, 0], analog[0, 1] = 0.96, 0.03
    errors = StickErrors()
    errors.add(make_frames(true, likeliest={"policy": true}, analog=analog))
    found = errors.report()
    assert found["axes"]["main_x"]["policy"]["all"]["right_bin"] == 1
    assert found["axes"]["main_x"]["policy"]["all"]["units_off"] == pytest.approx(0.04)
    assert found["sticks"]["main"]["policy"]["all"] == pytest.approx(0.05)
