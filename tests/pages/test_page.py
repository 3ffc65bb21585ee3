"""A page holds what it was given, as text, in one file."""

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.pages import Page, charts
from tests.pages.reading import ReadPage, without_vega

words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)
"""Any visible letters, with those that HTML is made of among them."""


def test_parts_come_in_order() -> None:
    page = Page("Report", "of today")
    page.heading("First")
    page.text("Some words.")
    page.facts([("games", 50), ("nats", 1.06251)])
    page.heading("Second", level=3)
    page.table(["backbone", "nats"], [("mlp", 1.5), ("gru", None)], "By nats.")
    texts = [text for _, text in ReadPage(page.html()).texts if text.strip()]
    assert texts == [
        *("Report", "Report", "of today", "First", "Some words.", "games", "50", "nats", "1.063", "Second"),
        *("backbone", "nats", "mlp", "1.500", "gru", "–", "By nats."),
    ]


@given(words, words)
def test_every_text_is_text(one: str, other: str) -> None:
    page = Page(one, other)
    plain = Page("a", "b")
    for grown, first, second in ((page, one, other), (plain, "a", "b")):
        grown.heading(first)
        grown.text(second)
        grown.facts([(first, second)])
        grown.table([first], [[second]], first)
    read = ReadPage(page.html())
    assert read.tags == ReadPage(plain.html()).tags
    for tag in ("h1", "h2", "dt", "button", "figcaption"):
        assert read.of(tag) == [one], tag
    for tag in ("dd", "td"):
        assert read.of(tag) == [other], tag
    assert read.of("p") == [other, other]


@settings(max_examples=25)
@given(st.text() | st.sampled_from(["</script>", "<!--<script>", "&lt;", "\u2028"]), words)
def test_data_of_charts_come_through_whole(value: str, title: str) -> None:
    page = Page("Report")
    page.chart(
        charts.line([{"x": 1, "y": 2.0, "name": value}], "x", "y", series="name", y_title=title), title
    )
    read = ReadPage(without_vega(page.html()))
    spec = read.data[0]
    assert list(spec["datasets"].values()) == [[{"x": 1, "y": 2.0, "name": value}]]
    assert spec["encoding"]["y"]["title"] == title
    assert read.of("figcaption") == [title]
    assert ("div", "aria-label", title) in read.attributes


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_null_in_charts_and_a_dash_in_tables(value: float | None) -> None:
    page = Page("Report")
    page.chart(charts.line([{"x": 1, "y": 2.0}, {"x": 2, "y": value}], "x", "y"))
    page.table(["nats"], [[1.0], [value]])
    read = ReadPage(without_vega(page.html()))
    (rows,) = read.data[0]["datasets"].values()
    assert rows[1] == {"x": 2, "y": None}
    assert read.of("td") == ["1.000", "–"]


def test_a_page_fetches_nothing() -> None:
    page = Page("Report")
    for name in ("One", "Two", "Three"):
        page.heading(name)
    page.chart(charts.bars([{"label": "a", "value": 1.0}], "label", "value"))
    read = ReadPage(page.html())
    for tag, name, value in read.attributes:
        assert name not in ("src", "srcset", "integrity"), tag
        assert name != "href" or value.startswith("#"), value
    assert not {"link", "img", "iframe", "object"} & set(read.tags)
    policy = next(value for tag, name, value in read.attributes if (tag, name) == ("meta", "content"))
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_vega_is_inside_once_and_only_where_there_are_charts() -> None:
    page = Page("Report")
    assert len(page.html()) < 20_000
    for _ in range(3):
        page.chart(charts.line([{"x": 1, "y": 2.0}], "x", "y"))
    scripts = ReadPage(page.html()).scripts
    assert [script for script in scripts if "vegaEmbed" in script and len(script) > 500_000] == scripts[:1]
    assert len(scripts) == 2


def test_links_lead_to_headings_even_of_one_name() -> None:
    page = Page("Report")
    for name in ("By head", "By head", "?!", "By head 2"):
        page.heading(name)
    read = ReadPage(page.html())
    names = [value for tag, name, value in read.attributes if (tag, name) == ("h2", "id")]
    links = [value for tag, name, value in read.attributes if (tag, name) == ("a", "href")]
    assert len(set(names)) == 4
    assert links == [f"#{name}" for name in names]


def test_a_short_page_has_no_links() -> None:
    page = Page("Report")
    page.heading("One")
    assert "nav" not in ReadPage(page.html()).tags


def test_columns_of_numbers_are_told_from_texts() -> None:
    page = Page("Report")
    page.table(
        ["text", "number", "gaps", "empty", "mixed"], [("1", 1, None, None, 1), ("a", 2.5, 3, None, "b")]
    )
    kinds = [(name, value) for tag, name, value in ReadPage(page.html()).attributes if tag == "th"]
    assert [value for name, value in kinds if name == "class"] == [
        "short",
        "number",
        "number",
        "short",
        "short",
    ]
    page.table(["a"], [])
    assert ReadPage(page.html()).tags.count("table") == 2


def test_cells_carry_what_they_sort_by() -> None:
    page = Page("Report")
    page.table(["value"], [[1234.5], [None], [2]])
    keys = [
        value for tag, name, value in ReadPage(page.html()).attributes if (tag, name) == ("td", "data-value")
    ]
    assert keys == ["1234.5", "", "2"]


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 columns"):
        Page("Report").table(["a", "b"], [[1]])


def test_a_heading_of_another_level_is_refused() -> None:
    with pytest.raises(ValueError, match="2 or 3"):
        Page("Report").heading("a", level=4)


def test_html_may_be_asked_for_again_as_the_page_grows() -> None:
    page = Page("Report")
    first = page.html()
    assert page.html() == first
    page.text("more")
    assert page.html() != first


def test_altair_is_loaded_by_charts_alone() -> None:
    code = (
        "import sys; from exphil.pages import Page; page = Page('a'); page.table(['b'], [[1]]); page.html();"
        "sys.exit(bool({'altair', 'vl_convert', 'pandas', 'polars', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
