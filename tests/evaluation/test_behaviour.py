"""How inputs behave: what a hand can count, and a divergence that is one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.behaviour import Behaviour, divergences, jensen_shannon
from exphil.melee.controller import HEADS, NEUTRAL

START = np.array([-1])
CELLS = st.lists(st.floats(0, 100, allow_subnormal=False), min_size=5, max_size=5)


def report_of(actions: np.ndarray, counts: np.ndarray | None = None) -> dict:
    behaviour = Behaviour()
    behaviour.add(actions[None], np.ones((1, len(actions)), bool) if counts is None else counts[None], START)
    behaviour.finish()
    return behaviour.report()


def resting(num_frames: int) -> np.ndarray:
    return np.tile(np.array(NEUTRAL), (num_frames, 1))


def test_presses_holds_and_freezes_are_counted_as_by_hand() -> None:
    actions = resting(200)
    actions[10:14, 0] = 1  # A for four frames
    actions[20:22, 0] = 1  # and for two
    actions[30:, HEADS.index("main_x")] = 16
    found = report_of(actions)
    assert found["num_frames"] == 200
    a = found["buttons"]["A"]
    assert a["presses_a_minute"] == pytest.approx(2 / 200 * 3600)
    assert a["held"] == pytest.approx(6 / 200)
    assert (a["mean"], a["median"], a["p90"]) == (3, 2, 4)
    assert found["buttons"]["B"] == {
        "presses_a_minute": 0, "held": 0, "mean": None, "median": None, "p90": None,
    }  # fmt: skip
    # runs of the whole input: 10, 4, 6, 2, 8, 170 frames
    assert found["frozen"] == pytest.approx(170 / 200)
    assert found["longest_run"] == 170
    assert found["inputs_a_second"] == pytest.approx(6 * 60 / 200)
    assert found["neutral"] == pytest.approx((30 - 6) / 200)
    assert found["classes"]["main_x"][16] == pytest.approx(170 / 200)
    assert found["planes"]["main"][16][8] == pytest.approx(170 / 200)
    assert sum(row["share"] for row in found["run_lengths"]) == pytest.approx(1)
    assert {row["from"]: row["share"] for row in found["run_lengths"]}[120] == pytest.approx(170 / 200)


def test_frames_that_do_not_count_leave_no_trace() -> None:
    actions, counts = resting(120), np.ones(120, bool)
    counts[60:] = False
    actions[60:, 0] = 1
    assert report_of(actions, counts) == report_of(resting(60))


def test_a_run_of_exactly_a_second_is_frozen_and_a_shorter_one_is_not() -> None:
    assert report_of(resting(60))["frozen"] == 1
    assert report_of(resting(59))["frozen"] == 0


def test_nothing_at_all_is_reported_as_nothing() -> None:
    found = report_of(resting(5), np.zeros(5, bool))
    assert found["num_frames"] == 0
    assert found["frozen"] == 0
    assert found["runs"]["mean"] is None


def test_divergence_is_zero_from_oneself_and_names_every_histogram() -> None:
    rng = np.random.default_rng(0)
    actions = resting(300)
    actions[:, 9] = rng.integers(0, 17, 300)
    found = report_of(actions)
    far = divergences(found, report_of(resting(300)))
    assert set(divergences(found, found).values()) == {0.0}
    assert set(far) == {*HEADS, "main stick", "c stick", "run lengths"}
    assert far["main_y"] > 0.5
    assert far["main_x"] == 0
    assert far["run lengths"] == pytest.approx(1)


@given(first=CELLS, second=CELLS)
def test_a_divergence_is_symmetric_and_at_most_a_bit(first: list[float], second: list[float]) -> None:
    one, other = jensen_shannon(first, second), jensen_shannon(second, first)
    assert one == pytest.approx(other, abs=1e-9)
    assert 0 <= one <= 1 + 1e-9
    assert jensen_shannon(first, [2 * cell for cell in first]) == pytest.approx(0, abs=1e-9)


def test_distributions_that_share_nothing_are_a_bit_apart() -> None:
    assert jensen_shannon([1, 1, 0, 0], [0, 0, 3, 1]) == pytest.approx(1)
