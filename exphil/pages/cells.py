"""Values as a page writes them."""

import math
from collections.abc import Sequence
from typing import Final, TypeGuard

Cell = str | int | float | bool | None
"""What a table or a list of facts may hold. None, and a number that is not finite, is shown as a dash."""

MISSING: Final = "–"
FIGURES: Final = 4
"""Significant figures of a fact, and of the largest number of a column."""


def shown(value: Cell) -> str:
    """One value on its own: four significant figures, thousands in groups."""
    if isinstance(value, float) and math.isfinite(value) and abs(value) < 1000:
        return f"{value:.{FIGURES}g}"
    return _plain(value)


def shown_column(values: Sequence[Cell]) -> list[str]:
    """A column's values: numbers with as many decimals as its largest has at four figures, so that they line up.

    Tenths have three decimals, as ones do: columns of shares and of nats stand side by side. A number too small for
    its column's decimals is given with two figures of its own.
    """
    largest = max(
        (abs(value) for value in values if isinstance(value, float) and math.isfinite(value)), default=0
    )
    magnitude = 0 if 0.1 <= largest < 1 or not largest else math.floor(math.log10(largest))
    decimals = max(0, FIGURES - 1 - magnitude)
    return [_in_column(value, decimals) for value in values]


def sort_key(value: Cell) -> str:
    """What a table sorts by: a number in full, a text as it is, nothing for what is missing."""
    if value is None or (is_number(value) and not math.isfinite(value)):
        return ""
    return repr(value) if is_number(value) else shown(value)


def is_number(value: Cell) -> TypeGuard[int | float]:
    """Whether it is a count or a measure, not a yes or no."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_column(value: Cell, decimals: int) -> str:
    if not isinstance(value, float) or not math.isfinite(value):
        return _plain(value)
    text = f"{value:,.{decimals}f}"
    return f"{value:.2g}" if value and not text.strip("-0.,") else text


def _plain(value: Cell) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, str):
        return MISSING if value is None else value
    return f"{value:,.0f}" if math.isfinite(value) else MISSING
