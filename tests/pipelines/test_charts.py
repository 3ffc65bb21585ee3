"""Pictures of metadata are well-formed, small, and say what they were given."""

import base64
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.reports.plot import Bars, Grid, Histogram, Lines, Plot, Ranges, Timeline
from exphil.reports.run_plots import training_curve
from pipelines import charts
from pipelines.policy import MOST_POINTS

SVG = "{http://www.w3.org/2000/svg}"

counted = st.integers(0, 10**6)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1)
finite = st.floats(-1e6, 1e6)


def _texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def _path(svg: str) -> str:
    path = ElementTree.fromstring(svg).find(f"{SVG}path")
    assert path is not None
    return path.attrib["d"]


@given(st.lists(counted, min_size=1, max_size=30), st.floats(0.001, 1e5))
def test_histograms_are_shown_in_place(counts: list[int], width: float) -> None:
    bins = [(place * width, (place + 1) * width, count) for place, count in enumerate(counts)]
    svg = charts.svg(Histogram("Lengths", "seconds", "games", bins))
    ElementTree.fromstring(svg)
    assert len(charts.markdown(svg, "Length of games of two.")) < charts.SHOWN_IN_PLACE


def test_a_histogram_counts_what_falls_where() -> None:
    svg = charts.svg(Histogram("Lengths", "minutes", "games", [(0, 5, 3), (5, 10, 1)]))
    assert _path(svg) == "M0 72V12H180V52H360V72z"
    assert _texts(svg) == ["3 games", "0", "10 minutes"]


def test_a_histogram_reaches_over_all_that_can_be() -> None:
    svg = charts.svg(Histogram("Quality", "score", "games", [(0.5, 0.75, 2)], (0, 1)))
    assert _path(svg) == "M0 72V72H180V12H270V72z"
    assert _texts(svg) == ["2 games", "0", "1 score"]


def test_what_a_histogram_leaves_out_lies_on_the_ground() -> None:
    svg = charts.svg(Histogram("Lengths", "minutes", "games", [(0, 1, 2), (3, 4, 2)]))
    assert _path(svg) == "M0 72V12H90V72H270V12H360V72z"


def test_a_timeline_is_as_far_apart_as_its_days() -> None:
    spans = [("2024-01-01", "2024-01-02", 4), ("2024-01-04", "2024-01-05", 2)]
    svg = charts.svg(Timeline("Games", "games a day", spans))
    assert _path(svg) == "M0 72V12H90V72H270V42H360V72z"
    assert _texts(svg) == ["4 games a day", "2024-01-01", "2024-01-05"]


def test_bars_are_shown_in_place_and_in_proportion() -> None:
    rows = [("test (12)", 5_000.0), ("train (110)", 900_000.0), ("validation (9)", 45_000.0)]
    svg = charts.svg(Bars("Frames by split", "frames", rows))
    assert [int(width) for width in re.findall(r"h(\d+)v9", _path(svg))] == [2, 360, 18]
    assert _texts(svg)[1] == "train (110): 900,000 frames"
    assert len(charts.markdown(svg, "frames by split")) < charts.SHOWN_IN_PLACE


@given(st.lists(names, min_size=1, max_size=4))
def test_names_cannot_break_a_chart(found: list[str]) -> None:
    svg = charts.svg(Bars("Names", "", [(name, 1.0) for name in found]))
    if not set("".join(found)) & {"\ufffe", "\uffff"}:
        assert _texts(svg) == [f"{name}: 1".strip() for name in found]


def test_a_grid_shows_every_value_and_leaves_the_others_empty() -> None:
    cells = {("Fox", "Battlefield"): 3.0, ("Marth", "Battlefield"): 1.0, ("Marth", "Dream Land"): 2.0}
    plot = Grid(
        "Played", "character", "stage", "games", ["Fox", "Marth"], ["Battlefield", "Dream Land"], cells
    )
    assert _texts(charts.svg(plot)) == ["Battlefield", "Dream Land", "Fox", "3", "Marth", "1", "2"]


def test_shares_are_percents_and_shaded_alike_in_every_plot() -> None:
    plot = Grid(
        "Won", "character", "opponent", "share", ["Fox"], ["Marth"], {("Fox", "Marth"): 0.5}, share=True
    )
    svg = charts.svg(plot)
    assert _texts(svg)[-1] == "50%"
    assert "fill-opacity='0.52'" in svg


def test_ranges_reach_from_lowest_to_highest() -> None:
    svg = charts.svg(Ranges("Dims", "value", [("x", -1.0, 0.0, 1.0), ("percent", 0.0, 0.5, 3.0)]))
    spans, means = [path.attrib["d"] for path in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    assert spans == "M230 9H410M320 23H590"
    assert means == "M320 6v6M365 20v6"
    assert _texts(svg) == ["x", "percent", "-1", "3"]


def test_lines_share_their_axes_and_name_themselves() -> None:
    lines = {"training": [(0.0, 2.0), (10.0, 1.0)], "validation": [(10.0, 1.5)]}
    svg = charts.svg(Lines("Loss", "step", "nats", lines, {"repeat": 1.5}))
    paths = [path.attrib["d"] for path in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    assert paths == ["M0 12L360 192", "M0 102H360"]
    (point,) = ElementTree.fromstring(svg).iter(f"{SVG}circle")
    assert (point.attrib["cx"], point.attrib["cy"]) == ("360", "102")
    assert _texts(svg) == ["repeat 1.5", "2 nats", "1", "step 10", "training", "validation"]


@pytest.mark.parametrize(
    "plot",
    [
        Histogram("One", "minutes", "games", [(2, 2, 0)]),
        Bars("One", "games", [("Fox", 0.0)]),
        Ranges("One", "value", [("x", 0.0, 0.0, 0.0)]),
        Lines("One", "step", "nats", {"training": [(1.0, 1.0)]}),
    ],
    ids=lambda plot: type(plot).__name__,
)
def test_a_plot_of_one_value_is_drawn(plot: Plot) -> None:
    ElementTree.fromstring(charts.svg(plot))


def test_markdown_carries_the_chart() -> None:
    text = charts.markdown("<svg/>", "a [title]")
    prefix = "![a (title)](data:image/svg+xml;base64,"
    assert text.startswith(prefix)
    assert base64.b64decode(text[len(prefix) : -1]) == b"<svg/>"


@given(st.lists(st.floats(0.5, 10.0), min_size=1, max_size=500))
def test_a_run_s_curve_is_shown_in_place(losses: list[float]) -> None:
    log = [{"kind": "train", "step": 10 * n, "nats": nats} for n, nats in enumerate(losses)]
    plot = training_curve(log, MOST_POINTS)
    assert plot is not None
    assert len(charts.markdown(charts.svg(plot), plot.title)) < charts.SHOWN_IN_PLACE
