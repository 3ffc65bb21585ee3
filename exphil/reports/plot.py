"""Plots as data: what is drawn, apart from how.

A page draws them with Vega (`exphil.reports.drawn`), Dagster's metadata as small SVGs (`pipelines.charts`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bars:
    """A level bar a name, in order.

    Attributes:
        title: what is shown, as a caption.
        unit: of the values, as `games`.
        rows: (name, value).
    """

    title: str
    unit: str
    rows: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of equal ranges.

    Attributes:
        unit: of what is counted, along the axis.
        counted: what is counted, as `games`.
        bins: (from, to, count), in order; ranges without any may be left out.
        ends: least and most that a value can be, where there is such.
    """

    title: str
    unit: str
    counted: str
    bins: Sequence[tuple[float, float, int]]
    ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts of spans of days.

    Attributes:
        counted: what is counted, as `games a week`.
        spans: (first day, day after the last, count), days as `2024-01-31`, in order; gaps are left out.
    """

    title: str
    counted: str
    spans: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A cell a pair of names, coloured by its value.

    Attributes:
        row_title, column_title: what rows and columns are.
        value_title: what the values are.
        cells: (row, column) to value; pairs without one stay empty.
        share: values are shares from 0 to 1, to be compared between plots.
        games: (row, column) to the count that a share was found over, where one is told.
    """

    title: str
    row_title: str
    column_title: str
    value_title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], float]
    share: bool = False
    games: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranges:
    """From lowest to highest, and the mean, a name.

    Attributes:
        unit: of the values.
        rows: (name, lowest, mean, highest).
    """

    title: str
    unit: str
    rows: Sequence[tuple[str, float, float, float]]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one pair of axes.

    Attributes:
        lines: name to (x, y), in order of x.
        levels: name to the height of a level line.
        marked: names of lines whose points are marked; a single one would not be seen otherwise.
    """

    title: str
    x_title: str
    y_title: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    levels: Mapping[str, float] = field(default_factory=dict)
    marked: Sequence[str] = ()


Plot = Bars | Histogram | Timeline | Grid | Ranges | Lines
