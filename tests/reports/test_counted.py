"""Counts and histograms hold every row once."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.reports.counted import MOST_BINS, counts, histogram, round_width, shortened
from exphil.reports.plot import Histogram
from tests.reports.conftest import Asking


def _values(values: list[float | None]) -> str:
    rows = ", ".join(f"({'NULL' if value is None else repr(value)}::DOUBLE)" for value in values)
    return f"(VALUES {rows}) AS given (x)"


def _histogram(ask_of: Asking, values: list[float | None], width: float | None = None) -> Histogram | None:
    return histogram(
        ask_of({}), "x", _values(values), title="Values", unit="units", counted="rows", width=width
    )


@pytest.mark.parametrize("width", [None, 0.05, 0.1, 5.0])
def test_every_value_lies_in_its_range(ask_of: Asking, width: float | None) -> None:
    values = [round(0.05 * step, 2) for step in range(40)] + [1.99, 0.149999]
    found = _histogram(ask_of, [*values, None], width)
    assert found is not None
    assert sum(count for *_, count in found.bins) == len(values)
    for start, stop, count in found.bins:
        inside = [value for value in values if start - 1e-9 <= value < stop - 1e-9]
        assert count == len(inside), (start, stop)


def test_a_histogram_of_nothing_is_none(ask_of: Asking) -> None:
    assert _histogram(ask_of, [None]) is None
    assert histogram(ask_of({}), "num_frames", "replays", title="", unit="", counted="") is None


def test_one_value_has_one_range(ask_of: Asking) -> None:
    found = _histogram(ask_of, [7.0, 7.0])
    assert found is not None
    assert found.bins == [(7, 8, 2)]


def test_what_is_no_number_is_left_out(ask_of: Asking) -> None:
    ask = ask_of({})
    source = "(VALUES (1.0), ('nan'::DOUBLE), ('inf'::DOUBLE)) AS given (x)"
    found = histogram(ask, "x", source, title="", unit="", counted="", width=1)
    assert found is not None
    assert found.bins == [(1, 2, 1)]


@given(st.floats(1e-9, 1e9))
def test_widths_are_round_and_few_enough(span: float) -> None:
    width = round_width(span)
    assert MOST_BINS / 2.6 <= span / width <= MOST_BINS * (1 + 1e-9)
    digits = width / 10 ** math.floor(math.log10(width * (1 + 1e-9)))
    assert min(abs(digits - round_one) for round_one in (1, 2, 5)) < 1e-6


def test_what_is_not_shown_is_added_up(ask_of: Asking) -> None:
    source = "(VALUES ('a'), ('a'), ('a'), ('b'), ('b'), ('c'), ('d'), (NULL)) AS given (x)"
    found = counts(ask_of({}), "x", source, title="Letters", unit="rows", most=2)
    assert found is not None
    assert found.rows == [("a", 3), ("b", 2), ("2 others", 2)]
    assert shortened([("a", 1), ("b", 1)], 1) == [("a", 1), ("b", 1)]
    whole = counts(ask_of({}), "x", source, title="Letters", unit="rows")
    assert whole is not None
    assert sum(value for _, value in whole.rows) == 7
    assert counts(ask_of({}), "x", f"{source} WHERE x = 'z'", title="", unit="") is None
