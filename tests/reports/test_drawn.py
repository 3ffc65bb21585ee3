"""Every plot becomes a chart that draws all of it."""

import re

import pytest

from exphil.pages.charts import to_svg
from exphil.pages.page import Page
from exphil.reports.drawn import add, chart
from exphil.reports.plot import Bars, Grid, Histogram, Lines, Plot, Ranges, Timeline

PLOTS: tuple[tuple[Plot, int], ...] = (
    (Bars("Bars", "games", [("Fox", 3.0), ("Marth", 1.0)]), 2),
    (Histogram("Histogram", "minutes", "games", [(0, 1, 3), (2, 3, 1), (3, 4, 1)]), 3),
    (Timeline("Timeline", "games a day", [("2024-01-01", "2024-01-02", 1)]), 1),
    (
        Grid("Grid", "one", "other", "share", ["Fox"], ["Fox", "Marth"], {("Fox", "Marth"): 0.5}, share=True),
        1,
    ),
    (Ranges("Ranges", "value", [("x", -1.0, 0.0, 1.0)]), 1),
)


@pytest.mark.parametrize(("plot", "shapes"), PLOTS, ids=lambda value: type(value).__name__)
def test_every_value_is_a_shape(plot: Plot, shapes: int) -> None:
    svg = to_svg(chart(plot))
    assert len(re.findall(r'aria-roledescription="(?:bar|rect mark|rule mark)"', svg)) == shapes
    assert "NaN" not in svg


def test_lines_are_coloured_apart_and_a_single_point_is_seen() -> None:
    plot = Lines(
        "Loss",
        "step",
        "nats",
        {"training": [(1.0, 2.0), (2.0, 1.0)], "validation": [(2.0, 1.5)]},
        {"repeat": 1.8},
        ("validation",),
    )
    svg = to_svg(chart(plot))
    assert ">validation<" in svg
    assert ">repeat<" in svg
    points = re.findall(r'aria-roledescription="point"[^>]*', svg)
    assert len(points) == 1


def test_a_page_takes_what_there_is() -> None:
    page = Page("Report")
    assert not add(page, None)
    assert "figcaption" not in page.html().split("</head>")[1]
    assert add(page, PLOTS[0][0])
    assert "<figcaption>Bars</figcaption>" in page.html()
