"""Charts compile, and draw what they were given."""

import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import pytest

from exphil.pages import charts
from exphil.pages.theme import COLOURS, SERIES

ROWS = [
    {"x": float(x), "y": 2.0 + x * scale, "low": 1.0 + x * scale, "high": 3.0 + x * scale, "name": name}
    for name, scale in (("mlp", 1.0), ("gru", 0.5))
    for x in range(1, 5)
]

EVERY: dict[str, Callable[[], charts.Chart]] = {
    "line": lambda: charts.line(ROWS, "x", "y"),
    "lines": lambda: charts.line(
        ROWS, "x", "y", series="name", levels={"repeat": 2.5}, points=True, diagonal=True
    ),
    "steps": lambda: charts.line(ROWS, "x", "y", series="name", steps=True, log_x=True, log_y=True),
    "scatter": lambda: charts.scatter(ROWS, "x", "y"),
    "scatter with all": lambda: charts.scatter(
        ROWS,
        "x",
        "y",
        series="name",
        label="name",
        low="low",
        high="high",
        limits={"a": 2.0},
        levels={"b": 3.0},
    ),
    "scatter, logarithmic": lambda: charts.scatter(ROWS, "x", "y", log_x=True, log_y=True, limits={"a": 2.0}),
    "bars": lambda: charts.bars(ROWS[:4], "x", "y", low="low", high="high", limits={"a": 2.0}),
    "bars side by side": lambda: charts.bars(ROWS, "x", "y", series="name"),
    "bars stacked": lambda: charts.bars(ROWS, "x", "y", series="name", stacked=True),
    "bars, logarithmic": lambda: charts.bars(ROWS[:4], "x", "y", log=True),
    "histogram": lambda: charts.histogram(ROWS, "low", "high", "y", series="name"),
    "histogram of days": lambda: charts.histogram(
        [{"from": "2024-01-01", "to": "2024-01-08", "games": 3}], "from", "to", "games", dated=True
    ),
    "ranges": lambda: charts.ranges(ROWS[:4], "name", "low", "y", "high"),
    "heatmap": lambda: charts.heatmap(ROWS, "x", "name", "y", log=True),
}


def drawn(chart: charts.Chart, **options: Any) -> ElementTree.Element:
    return ElementTree.fromstring(charts.to_svg(chart, **options))


def marks(svg: ElementTree.Element, role: str) -> list[ElementTree.Element]:
    """The shapes of every group of marks of one kind, as `line`, outside legends and axes."""
    wanted = re.compile(rf"mark-{role} role-mark\b.*")
    groups = [item for item in svg.iter() if wanted.fullmatch(item.get("class", ""))]
    return [shape for group in groups for shape in group if shape.tag.endswith(("path", "text"))]


def texts(svg: ElementTree.Element) -> list[str]:
    return [item.text or "" for item in svg.iter() if item.tag.endswith("text")]


@pytest.mark.parametrize("make", EVERY.values(), ids=list(EVERY))
def test_every_chart_compiles_without_a_warning(make: Callable[[], charts.Chart], capfd: Any) -> None:
    svg = drawn(make())
    assert sum(len(marks(svg, kind)) for kind in ("line", "symbol", "rect")) > 0
    assert "WARN" not in capfd.readouterr().err
    assert "NaN" not in ElementTree.tostring(svg, encoding="unicode")


@pytest.mark.parametrize("make", EVERY.values(), ids=list(EVERY))
def test_every_chart_fills_its_place(make: Callable[[], charts.Chart]) -> None:
    assert make().to_dict()["width"] == "container"


def test_series_have_their_colours_in_the_order_of_the_rows() -> None:
    lines = marks(drawn(charts.line(ROWS, "x", "y", series="name")), "line")
    assert {line.get("stroke") for line in lines} == {COLOURS[name][0] for name in SERIES[:2]}
    svg = drawn(charts.line(ROWS, "x", "y", series="name"))
    assert [text for text in texts(svg) if text in ("mlp", "gru")] == ["mlp", "gru"]


def test_levels_limits_and_labels_are_written() -> None:
    found = texts(
        drawn(charts.scatter(ROWS[:1], "x", "y", label="name", limits={"one": 1.5}, levels={"two": 3.5}))
    )
    assert {"mlp", "one", "two"} <= set(found)


@pytest.mark.parametrize("missing", [math.nan, None])
def test_a_gap_in_the_values_is_a_gap_in_the_line(missing: float | None) -> None:
    rows = [{"x": float(x), "y": missing if x == 2 else float(x)} for x in range(5)]
    (line,) = marks(drawn(charts.line(rows, "x", "y")), "line")
    assert line.get("d", "").count("M") == 2


def test_bars_stand_in_the_order_of_the_rows() -> None:
    names = ["mlp", "zebra", "attention"]
    svg = drawn(charts.bars([{"label": name, "value": 1.0} for name in names], "label", "value"))
    heights = {
        item.text: float(item.get("transform", "").rstrip(")").split(",")[1])
        for item in svg.iter()
        if item.text in names
    }
    assert sorted(names, key=lambda name: heights[name]) == names


def test_names_of_fields_may_hold_dots_and_brackets() -> None:
    rows = [{"main.x [bins]": float(x), 'it\'s "q"': float(x * x)} for x in range(4)]
    (line,) = marks(drawn(charts.line(rows, "main.x [bins]", 'it\'s "q"')), "line")
    assert len(set(re.findall(r"[ML]([^ML]+)", line.get("d", "")))) == 4


def test_bins_lie_on_the_ground_from_edge_to_edge() -> None:
    rows = [{"from": 0.0, "to": 1.0, "share": 0.25}, {"from": 1.0, "to": 3.0, "share": 0.75}]
    found = [
        tuple(map(float, re.findall(r"-?[\d.]+", shape.get("d", ""))))[:4]
        for shape in marks(drawn(charts.histogram(rows, "from", "to", "share"), width=720), "rect")
    ]
    (left, top, width, height), (left_2, top_2, width_2, height_2) = found
    assert (left, width, left_2, width_2) == (0, 240, 240, 480)
    assert top + height == top_2 + height_2 == charts.HEIGHT
    assert height_2 == 3 * height


def test_a_drawing_has_its_title_and_stands_on_white() -> None:
    svg = drawn(charts.line(ROWS, "x", "y"), title="jamba <1>", width=300)
    assert "jamba <1>" in texts(svg)
    assert 'fill="white"' in ElementTree.tostring(svg, encoding="unicode")


def test_charts_of_no_rows_are_drawn_empty() -> None:
    for chart in (
        charts.line([], "x", "y", series="s"),
        charts.bars([], "x", "y"),
        charts.heatmap([], "x", "y", "v"),
    ):
        assert drawn(chart) is not None


def test_bars_of_days_begin_at_midnight_in_any_time_zone() -> None:
    rows = [
        {"from": f"2024-01-{day:02}", "to": f"2024-01-{day + 1:02}", "games": float(day)}
        for day in range(1, 9)
    ]
    chart = charts.histogram(rows, "from", "to", "games", dated=True)
    spec = chart.to_dict()
    assert spec["encoding"]["x"]["scale"] == {"type": "utc"}
    shapes = marks(drawn(chart, width=800), "rect")
    lefts = [float(re.findall(r"-?[\d.]+", shape.get("d", ""))[0]) for shape in shapes]
    assert lefts == pytest.approx([100.0 * place for place in range(8)], abs=0.5)
    labels = [shape.get("aria-label", "") for shape in shapes]
    assert labels[0].startswith("from: Jan 01, 2024")
    assert labels[-1].startswith("from: Jan 08, 2024")


def test_a_line_over_days_keeps_their_distances() -> None:
    rows = [{"day": day, "games": 1.0} for day in ("2024-01-01", "2024-01-02", "2024-01-05")]
    (line,) = marks(drawn(charts.line(rows, "day", "games", dated=True), width=400), "line")
    places = [float(found) for found in re.findall(r"[ML](-?[\d.]+),", line.get("d", ""))]
    assert places == pytest.approx([0, 100, 400], abs=0.5)


@pytest.mark.parametrize(("value", "between"), [(1, False), (2.5, True)])
def test_counts_have_no_ticks_between_them(value: float, between: bool) -> None:
    rows = [{"from": 0.0, "to": 1.0, "name": "a", "n": value}]
    for chart in (charts.bars(rows, "name", "n"), charts.histogram(rows, "from", "to", "n")):
        encoding = chart.to_dict()["encoding"]
        axis = next(encoding[side]["axis"] for side in "xy" if encoding[side].get("field") == "n")
        assert (axis.get("tickMinStep") is None) == between


def test_an_axis_reaches_over_its_whole_domain() -> None:
    rows = [{"from": 0.5, "to": 0.75, "n": 1}]
    (shape,) = marks(drawn(charts.histogram(rows, "from", "to", "n", domain=(0, 1)), width=400), "rect")
    left, _, width, _ = [float(found) for found in re.findall(r"-?[\d.]+", shape.get("d", ""))][:4]
    assert (left, width) == (200, 100)
