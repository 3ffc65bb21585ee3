"""Charts are well-formed, short enough to be shown in place, and say what they were given."""

import base64
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pipelines import charts

SVG = "{http://www.w3.org/2000/svg}"
finite = st.floats(-1e6, 1e6)


def _texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@given(st.lists(finite, max_size=300))
def test_histograms_are_shown_in_place(values: list[float]) -> None:
    svg = charts.histogram(values, unit="seconds")
    ElementTree.fromstring(svg)
    assert len(charts.markdown(svg, "game lengths")) < charts.SHOWN_IN_PLACE


def test_a_histogram_counts_what_falls_where() -> None:
    svg = charts.histogram([0, 0, 0, 10], num_bins=2)
    path = ElementTree.fromstring(svg).find(f"{SVG}path")
    assert path is not None
    heights = [60 - int(y) for y in re.findall(r"V(\d+)h16", path.attrib["d"])]
    assert heights == [60, 20]
    assert _texts(svg) == ["0", "5", "10"]


def test_bars_are_shown_in_place_and_in_proportion() -> None:
    svg = charts.bars(["test (12)", "train (110)", "validation (9)"], [5_000, 900_000, 45_000], "frames")
    path = ElementTree.fromstring(svg).find(f"{SVG}path")
    assert path is not None
    widths = [int(width) for width in re.findall(r"h(\d+)v9", path.attrib["d"])]
    assert widths == [2, 360, 18]
    assert _texts(svg)[1] == "train (110): 900,000 frames"
    assert len(charts.markdown(svg, "frames by split")) < charts.SHOWN_IN_PLACE


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])), min_size=1, max_size=4)
)
def test_names_cannot_break_a_chart(names: list[str]) -> None:
    svg = charts.bars(names, [1.0] * len(names))
    allowed = [name for name in names if not set(name) & {"￾", "￿"}]
    if len(allowed) == len(names):
        assert len(_texts(svg)) == len(names)


def test_a_heatmap_shows_every_count_but_zero() -> None:
    svg = charts.heatmap(["Fox", "Marth"], ["Battlefield", "Dream land"], [[3, 0], [1, 2]])
    assert _texts(svg) == ["Battlefield", "Dream land", "Fox", "3", "Marth", "1", "2"]


def test_markdown_carries_the_chart() -> None:
    text = charts.markdown("<svg/>", "title")
    prefix = "![title](data:image/svg+xml;base64,"
    assert text.startswith(prefix)
    assert base64.b64decode(text[len(prefix) : -1]) == b"<svg/>"
