"""Reliability: what is said against what happens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.calibration import CHANGE_EDGES, CONFIDENCE_EDGES, Calibration, Reliability
from exphil.melee.controller import HEAD_SIZES, HEADS
from tests.evaluation.frames import make_frames, neutral


@given(
    said=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    happened=st.lists(st.booleans(), min_size=30, max_size=30),
    edges=st.sampled_from([CONFIDENCE_EDGES, CHANGE_EDGES]),
)
def test_bins_hold_every_frame_once(
    said: list[float], happened: list[bool], edges: tuple[float, ...]
) -> None:
    reliability = Reliability(edges)
    reliability.add(3, np.array(said), np.array(happened[: len(said)]))
    found = reliability.report()[HEADS[3]]
    assert sum(row["num_frames"] for row in found["bins"]) == len(said)
    for row in found["bins"]:
        assert row["from"] - 1e-9 <= row["probability"] <= row["to"] + 1e-9
    expected = sum(row["num_frames"] * abs(row["probability"] - row["frequency"]) for row in found["bins"])
    assert found["error"] == pytest.approx(expected / len(said))
    assert found["frequency"] == pytest.approx(np.mean(happened[: len(said)]))
    assert reliability.report()[HEADS[0]]["error"] is None


def test_a_policy_that_is_right_as_often_as_it_says_has_no_error() -> None:
    count = 1000
    true = neutral(count)
    true[:200, 0] = 1  # A is pressed in a fifth of the frames, and that is what is said
    tables = [np.full((count, size), 0.0) for size in HEAD_SIZES]
    for head, (table, held) in enumerate(zip(tables, neutral(1)[0], strict=True)):
        table[:, held] = 1.0
        if head == 0:
            table[:] = (0.8, 0.2)
    calibration = Calibration()
    calibration.add(make_frames(true, likeliest={"policy": neutral(count)}, probabilities=tuple(tables)))
    found = calibration.report()
    for statement in ("confidence", "change"):
        for head in HEADS:
            assert found[statement][head]["error"] == pytest.approx(0, abs=1e-9)
    assert found["change"]["button_a"]["probability"] == pytest.approx(0.2)
    assert found["confidence"]["button_a"]["frequency"] == pytest.approx(0.8)


def test_overconfidence_shows() -> None:
    true = neutral(10)
    true[:5, 0] = 1
    tables = [np.full((10, size), 1 / size) for size in HEAD_SIZES]
    tables[0] = np.tile((0.99, 0.01), (10, 1))
    calibration = Calibration()
    calibration.add(make_frames(true, likeliest={"policy": neutral(10)}, probabilities=tuple(tables)))
    found = calibration.report()
    assert found["confidence"]["button_a"]["error"] == pytest.approx(0.49)
    assert found["change"]["button_a"]["error"] == pytest.approx(0.49)
