"""`Page`: a report as one HTML file that needs no network, with Vega and all data inside."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from exphil.pages.cells import Cell, is_number, shown, shown_column, sort_key
from exphil.pages.theme import chart_config, stylesheet

if TYPE_CHECKING:
    import altair as alt

SHORT: Final = 28
"""Letters of a text that a table does not break over lines."""

LISTED_HEADINGS: Final = 3
"""A page with at least so many headings begins with links to them."""

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline';"
    " img-src data: blob:"
)
"""The page's content security policy: nothing is ever fetched. Vega evaluates the expressions of charts."""


class Page:
    """A report that grows from top to bottom; `html()` gives the file's text.

    All texts are plain and escaped. Light and dark follow the reader's setting; tables scroll sideways on a
    phone and sort when their heads are clicked; charts fill the width and can be saved as SVG.
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self._title = title
        self._subtitle = subtitle
        self._parts: list[str] = []
        self._headings: list[tuple[str, str]] = []
        self._num_charts = 0

    def heading(self, text: str, level: int = 2) -> None:
        """A section's head; those of level 2 are listed at the top of a long page."""
        if level not in (2, 3):
            raise ValueError(f"a heading is of level 2 or 3, not {level}")
        anchor = _anchor(text, {known for known, _ in self._headings})
        if level == 2:
            self._headings.append((anchor, text))
        name = f' id="{anchor}"' if level == 2 else ""
        self._parts.append(f"<h{level}{name}>{escape(text)}</h{level}>")

    def text(self, paragraph: str) -> None:
        """A paragraph."""
        self._parts.append(f"<p>{escape(paragraph)}</p>")

    def facts(self, pairs: Iterable[tuple[str, Cell]]) -> None:
        """Labels with their values, as a grid of small panels."""
        items = "".join(
            f"<div><dt>{escape(label)}</dt><dd>{escape(shown(value))}</dd></div>" for label, value in pairs
        )
        self._parts.append(f"<dl>{items}</dl>")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str = "") -> None:
        """A table that can be sorted; columns of numbers are set right.

        Raises:
            ValueError: a row has not as many cells as there are columns.
        """
        kept = [tuple(row) for row in rows]
        for row in kept:
            if len(row) != len(columns):
                raise ValueError(f"a row of {len(row)} cells under {len(columns)} columns: {row}")
        classes = [_kind([row[at] for row in kept]) for at in range(len(columns))]
        head = "".join(
            f'<th scope="col"{kind}><button type="button">{escape(name)}</button></th>'
            for name, kind in zip(columns, classes, strict=True)
        )
        texts = [shown_column([row[at] for row in kept]) for at in range(len(columns))]
        body = "".join(
            "<tr>"
            + "".join(
                f'<td{classes[at]} data-value="{escape(sort_key(cell))}">{escape(texts[at][line])}</td>'
                for at, cell in enumerate(row)
            )
            + "</tr>"
            for line, row in enumerate(kept)
        )
        note = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
        self._parts.append(
            f'<figure><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
            f"{note}</figure>"
        )

    def chart(self, chart: "alt.TopLevelMixin", caption: str = "") -> None:
        """A chart of Vega-Altair, as `exphil.pages.charts` makes them; its caption is read out in its place."""
        self._num_charts += 1
        label = f' role="img" aria-label="{escape(caption)}"' if caption else ""
        self._parts.append(
            f'<figure><div class="chart"{label}></div>'
            f'<script type="application/json">{_json(chart.to_dict())}</script>'
            f'<button type="button" class="save">Save as SVG</button>'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )

    def html(self) -> str:
        """The whole file."""
        return "\n".join(
            [
                "<!doctype html>",
                '<html lang="en"><head><meta charset="utf-8">',
                f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                '<meta name="color-scheme" content="light dark">',
                f"<title>{escape(self._title)}</title>",
                f"<style>\n{stylesheet()}{_file('page.css')}</style></head><body><main>",
                f"<h1>{escape(self._title)}</h1>",
                f'<p class="subtitle">{escape(self._subtitle)}</p>' if self._subtitle else "",
                self._links(),
                *self._parts,
                "</main>",
                f'<script id="chart-config" type="application/json">{_json(chart_config())}</script>',
                f"<script>{vega_bundle()}</script>" if self._num_charts else "",
                f"<script>\n{_file('page.js')}</script></body></html>\n",
            ]
        )

    def _links(self) -> str:
        if len(self._headings) < LISTED_HEADINGS:
            return ""
        links = "".join(f'<a href="#{anchor}">{escape(text)}</a> ' for anchor, text in self._headings)
        return f"<nav>{links}</nav>"


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, safe within a `script` element."""
    import vl_convert

    return (
        str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
        .replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
    )


@cache
def _file(name: str) -> str:
    return (files("exphil.pages") / name).read_text(encoding="utf-8")


def _kind(column: Sequence[Cell]) -> str:
    """A column's class: of numbers and perhaps gaps, of short texts, or neither."""
    if any(map(is_number, column)) and all(cell is None or is_number(cell) for cell in column):
        return ' class="number"'
    return ' class="short"' if all(len(shown(cell)) <= SHORT for cell in column) else ""


def _anchor(text: str, taken: set[str]) -> str:
    """A name for a link to a heading, unlike those taken."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
    found, count = plain, 1
    while found in taken:
        count += 1
        found = f"{plain}-{count}"
    return found


def _json(value: Any) -> str:
    """JSON that no browser takes for markup; what is no finite number becomes null, which charts leave out."""
    text = json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
