"""How a page writes values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.pages.cells import MISSING, shown, shown_column, sort_key

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.06251, "1.063"),
        (12345.6, "12,346"),
        (0.00001, "1e-05"),
        (7, "7"),
        (1234567, "1,234,567"),
        (True, "yes"),
        (False, "no"),
        (None, MISSING),
        (math.nan, MISSING),
        (-math.inf, MISSING),
        ("1234567", "1234567"),
        (0.0, "0"),
    ],
)
def test_a_value_on_its_own(value: str | float | None, text: str) -> None:
    assert shown(value) == text


def test_a_column_has_one_number_of_decimals() -> None:
    assert shown_column([1.0, 1.03331, 12.5]) == ["1.00", "1.03", "12.50"]
    assert shown_column([0.051, 3.2, None, math.nan]) == ["0.051", "3.200", MISSING, MISSING]
    assert shown_column([12345.678, 0.25]) == ["12,346", "0.25"]


def test_what_is_too_small_for_its_column_is_not_shown_as_nothing() -> None:
    assert shown_column([512.25, 0.00031, 0.0]) == ["512.2", "0.00031", "0.0"]
    assert shown_column([0.0123, 0.0001]) == ["0.01230", "0.00010"]
    assert shown_column([0.0]) == ["0.000"]


def test_counts_and_texts_of_a_column_stay_whole() -> None:
    assert shown_column([1000, 2]) == ["1,000", "2"]
    assert shown_column(["mlp", "1e5"]) == ["mlp", "1e5"]
    assert shown_column([]) == []


@given(st.lists(finite, min_size=1))
def test_a_column_is_within_half_of_its_last_figure(values: list[float]) -> None:
    largest = max(abs(value) for value in values)
    figure = 1.0 if 0.1 <= largest < 1 else largest
    for value, text in zip(values, shown_column(values), strict=True):
        written = float(text.replace(",", ""))
        assert abs(written - value) <= 0.5001e-3 * figure
        assert (written == 0) == (value == 0)


@given(st.lists(finite | st.integers(-(10**12), 10**12), min_size=2))
def test_keys_sort_as_numbers_do(values: list[float]) -> None:
    assert sorted(values) == sorted(values, key=lambda value: float(sort_key(value)))


def test_what_is_missing_has_no_key() -> None:
    assert sort_key(None) == sort_key(math.nan) == sort_key(math.inf) == ""
    assert sort_key(True) == "yes"
    assert sort_key("fox") == "fox"
