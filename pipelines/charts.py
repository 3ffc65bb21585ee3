"""Small charts as SVG, for metadata: Dagster's UI shows images in Markdown, and needs no plotting library for it."""

import base64
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

BLUE: Final = "#4f46e5"
GREY: Final = "#6b7280"


def markdown(svg: str, title: str) -> str:
    """The chart as a Markdown image that carries its own data."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{title}](data:image/svg+xml;base64,{data})"


def heatmap(rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Counts as shaded cells, each with its number: `counts[row][column]`."""
    cell, line, left, top = 58, 22, 130, 92
    most = max((count for row in counts for count in row), default=0) or 1
    parts = []
    for i, name in enumerate(columns):
        x = left + i * cell + cell / 2
        parts.append(_text(x, top - 8, name, anchor="start", turn=-35))
    for j, name in enumerate(rows):
        y = top + j * line
        parts.append(_text(left - 8, y + line * 0.7, name, anchor="end"))
        for i, count in enumerate(counts[j]):
            shade = count / most
            parts.append(
                _box(left + i * cell, y, cell - 2, line - 2, BLUE, 0.08 + 0.87 * shade if count else 0.03)
            )
            if count:
                colour = "#ffffff" if shade > 0.45 else "#111827"
                parts.append(
                    _text(left + i * cell + cell / 2 - 1, y + line * 0.68, str(count), colour=colour)
                )
    return _svg(left + cell * len(columns) + 70, top + line * len(rows) + 6, parts)


def bars(names: Sequence[str], values: Sequence[float], unit: str = "") -> str:
    """Horizontal bars, one a name, each with its value."""
    line, left, width = 22, 170, 380
    most = max(values, default=0) or 1
    parts = []
    for j, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 4 + j * line
        parts.append(_text(left - 8, y + 14, name, anchor="end"))
        parts.append(_box(left, y, max(1.0, width * value / most), line - 5, BLUE, 0.8))
        parts.append(
            _text(left + width * value / most + 6, y + 14, f"{value:,.6g} {unit}".strip(), anchor="start")
        )
    return _svg(left + width + 110, 8 + line * len(names), parts)


def histogram(values: Sequence[float], num_bins: int = 24, unit: str = "") -> str:
    """How often values fall into equal ranges between the smallest and the largest."""
    width, height, left, top = 560, 170, 46, 14
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = (high - low) or 1.0
    counts = [0] * num_bins
    for value in values:
        counts[min(num_bins - 1, int((value - low) / span * num_bins))] += 1
    most = max(counts) or 1
    step = width / num_bins
    parts = [_line(left, top + height, left + width, top + height)]
    for i, count in enumerate(counts):
        tall = height * count / most
        parts.append(_box(left + i * step, top + height - tall, step - 2, tall, BLUE, 0.8))
    for share in (0.0, 0.5, 1.0):
        label = f"{low + share * span:,.0f}" + (f" {unit}" if share == 1.0 and unit else "")
        parts.append(_text(left + share * width, top + height + 18, label))
    parts.append(_text(left - 6, top + 10, str(most), anchor="end"))
    parts.append(_text(left - 6, top + height, "0", anchor="end"))
    return _svg(left + width + 60, top + height + 28, parts)


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'font-family="sans-serif" font-size="11">{body}</svg>'
    )


def _box(x: float, y: float, width: float, height: float, colour: str, opacity: float) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" '
        f'fill-opacity="{opacity:.2f}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GREY}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", colour: str = GREY, turn: float = 0
) -> str:
    turned = f' transform="rotate({turn:.0f} {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turned}>{escape(text)}</text>'
    )
