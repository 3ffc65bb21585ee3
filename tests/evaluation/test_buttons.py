"""Button figures against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.buttons import FEWEST_ONSETS, RANKS, ButtonErrors, average_precision
from exphil.melee.controller import HEAD_SIZES
from tests.evaluation.frames import make_frames, neutral


def test_every_figure_of_a_button_counts_what_it_says() -> None:
    # held, guessed, true of the A button
    cases = [(0, 0, 0)] * 5 + [(0, 1, 1)] * 2 + [(0, 1, 0)] + [(0, 0, 1)] * 3 + [(1, 1, 1)] * 4
    cases += [(1, 0, 0)] * 2 + [(1, 1, 0)] * 2 + [(1, 0, 1)]
    held, guess, true = (neutral(len(cases)) for _ in range(3))
    for row, (h, g, t) in enumerate(cases):
        held[row, 0], guess[row, 0], true[row, 0] = h, g, t
    errors = ButtonErrors()
    errors.add(make_frames(true, held=held, likeliest={"policy": guess}))
    found = errors.report()["by_button"]["A"]
    assert found["onsets"] == 5
    assert found["releases"] == 4
    assert found["pressed"] == pytest.approx(10 / 20)
    assert found["onset_rate"] == pytest.approx(5 / 11)
    policy = found["policy"]
    assert policy["accuracy"] == pytest.approx(13 / 20)
    assert policy["precision"] == pytest.approx(6 / 9)
    assert policy["recall"] == pytest.approx(6 / 10)
    assert policy["f1"] == pytest.approx(2 * 6 / 19)
    assert policy["onset_f1"] == pytest.approx(2 * 2 / (4 + 1 + 3))
    assert policy["release_f1"] == pytest.approx(2 * 2 / (4 + 1 + 2))
    assert found["repeat"]["onset_f1"] == 0  # it stays with what is held


def test_a_button_that_hardly_anybody_touches_does_not_count_in_means() -> None:
    true = neutral(40)
    true[1 : 1 + FEWEST_ONSETS, 1] = 1  # B
    true[30, 2] = 1  # X, once, and it is missed
    guess = true.copy()
    guess[30, 2] = 0
    errors = ButtonErrors()
    errors.add(make_frames(true, likeliest={"policy": guess}))
    found = errors.report()
    assert found["by_button"]["A"]["policy"]["f1"] is None
    assert found["by_button"]["B"]["policy"]["f1"] == 1
    assert found["by_button"]["X"]["policy"]["f1"] == 0
    assert found["mean"]["policy"]["f1"] == 1
    assert found["mean"]["repeat"]["f1"] == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_average_precision_is_precision_at_every_positive(bins: list[tuple[int, int]]) -> None:
    negatives, positives = (np.array(column) for column in zip(*bins, strict=True))
    found = average_precision(negatives, positives)
    if not positives.sum():
        assert found is None
        return
    expected = sum(
        positives[place] * positives[place:].sum() / (positives[place:].sum() + negatives[place:].sum())
        for place in range(len(bins))
        if positives[place]
    )
    assert found == pytest.approx(expected / positives.sum())


def test_onsets_are_ranked_by_probability_though_none_is_likelier_than_not() -> None:
    true = neutral(40)
    true[:4, 0] = 1
    chance = np.where(true[:, 0] == 1, 0.3, 0.01)
    tables = [np.full((40, size), 1 / size) for size in HEAD_SIZES]
    tables[0] = np.stack((1 - chance, chance), axis=1)
    errors = ButtonErrors()
    errors.add(make_frames(true, probabilities=tuple(tables)))
    assert errors.report()["by_button"]["A"]["onset_average_precision"] == 1
    tables[0] = np.full((40, 2), 0.5)
    errors = ButtonErrors()
    errors.add(make_frames(true, probabilities=tuple(tables)))
    assert errors.report()["by_button"]["A"]["onset_average_precision"] == pytest.approx(0.1)
    assert RANKS > 100
