"""Small charts as SVG, for metadata: Dagster's UI shows images in Markdown, and needs no plotting library for it.

The UI shows Markdown of under 1,000 characters in place, and longer ones on a click: bars and histograms are
written tersely to stay below that.
"""

import base64
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

BLUE: Final = "#4f46e5"
GREY: Final = "#6b7280"
SHOWN_IN_PLACE: Final = 1000
"""Markdown of this many characters is shown on a click only."""


def markdown(svg: str, title: str) -> str:
    """The chart as a Markdown image that carries its own data."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{title}](data:image/svg+xml;base64,{data})"


def histogram(values: Sequence[float], num_bins: int = 20, unit: str = "") -> str:
    """How often values fall into equal ranges between the smallest and the largest."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = (high - low) or 1.0
    counts = [0] * num_bins
    for value in values:
        counts[min(num_bins - 1, int((value - low) / span * num_bins))] += 1
    tallest = max(counts) or 1
    steps = "".join(f"V{60 - 60 * count // tallest}h16" for count in counts)
    width = 16 * num_bins
    labels = (
        f"<text y='74'>{low:,.0f}</text>"
        f"<text x='{width // 2}' y='74' text-anchor='middle'>{low + span / 2:,.0f}</text>"
        f"<text x='{width}' y='74' text-anchor='end'>{escape(f'{high:,.0f} {unit}'.strip())}</text>"
    )
    return _svg(width, 80, f"<path fill='{BLUE}' d='M0 60{steps}V60z'/>{labels}")


def bars(names: Sequence[str], values: Sequence[float], unit: str = "") -> str:
    """Horizontal bars, one a name, each with its value."""
    line, width = 32, 360
    most = max(values, default=0) or 1
    boxes = "".join(
        f"M0 {18 + j * line}h{max(1, round(width * v / most))}v9H0z" for j, v in enumerate(values)
    )
    texts = "".join(
        f"<text y='{13 + j * line}'>{escape(f'{name}: {value:,.6g} {unit}'.strip())}</text>"
        for j, (name, value) in enumerate(zip(names, values, strict=True))
    )
    return _svg(width, line * len(names), f"<path fill='{BLUE}' d='{boxes}'/>{texts}")


def heatmap(rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Counts as shaded cells, each with its number: `counts[row][column]`."""
    cell, line, left, top = 58, 22, 130, 92
    most = max((count for row in counts for count in row), default=0) or 1
    parts = []
    for i, name in enumerate(columns):
        x, y = left + i * cell + cell // 2, top - 8
        parts.append(f"<text x='{x}' y='{y}' transform='rotate(-35 {x} {y})'>{escape(name)}</text>")
    for j, name in enumerate(rows):
        y = top + j * line
        parts.append(f"<text x='{left - 8}' y='{y + 15}' text-anchor='end'>{escape(name)}</text>")
        for i, count in enumerate(counts[j]):
            x, shade = left + i * cell, count / most
            opacity = 0.08 + 0.87 * shade if count else 0.03
            parts.append(
                f"<rect x='{x}' y='{y}' width='{cell - 2}' height='{line - 2}' fill='{BLUE}'"
                f" fill-opacity='{opacity:.2f}'/>"
            )
            if count:
                colour = "#fff" if shade > 0.45 else "#111827"
                middle = x + cell // 2
                parts.append(
                    f"<text x='{middle}' y='{y + 15}' text-anchor='middle' fill='{colour}'>{count}</text>"
                )
    return _svg(left + cell * len(columns) + 70, top + line * len(rows) + 6, "".join(parts))


def _svg(width: int, height: int, body: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'"
        f" font-family='sans-serif' font-size='11' fill='{GREY}'>{body}</svg>"
    )
