"""Small charts as SVG, for metadata: Dagster's UI shows images in Markdown, and needs no plotting library for it."""

import base64
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

BLUE: Final = "#4f46e5"
GREY: Final = "#6b7280"
COLOURS: Final = (BLUE, "#059669", "#d97706", "#dc2626", "#7c3aed", "#0891b2")


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


def curves(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float]]], levels: Sequence[tuple[str, float]] = ()
) -> str:
    """Lines (name, xs, ys) over a common range, and dashed levels (name, y) across it."""
    width, height, left, top = 560, 220, 60, 14
    xs = [x for _, line, _ in lines for x in line] or [0.0, 1.0]
    ys = [*(y for _, _, line in lines for y in line), *(y for _, y in levels)] or [0.0, 1.0]
    x_low, x_span = min(xs), (max(xs) - min(xs)) or 1.0
    y_low, y_span = min(ys), (max(ys) - min(ys)) or 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (x - x_low) / x_span * width, top + height - (y - y_low) / y_span * height

    parts = [_line(left, top + height, left + width, top + height), _line(left, top, left, top + height)]
    for y in (y_low, y_low + y_span):
        parts.append(_text(left - 6, at(x_low, y)[1] + 4, f"{y:.3g}", anchor="end"))
    for x in (x_low, x_low + x_span):
        parts.append(_text(at(x, y_low)[0], top + height + 18, f"{x:,.0f}"))
    for i, (name, line_xs, line_ys) in enumerate(lines):
        colour = COLOURS[i % len(COLOURS)]
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in map(at, line_xs, line_ys))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if line_xs:
            parts += [
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>'
                for px, py in map(at, line_xs, line_ys)
            ]
            parts.append(
                _text(
                    left + width + 8, at(line_xs[-1], line_ys[-1])[1] + 4, name, anchor="start", colour=colour
                )
            )
    for name, level in levels:
        y = at(x_low, level)[1]
        parts.append(_line(left, y, left + width, y, dashed=True))
        parts.append(_text(left + width + 8, y + 4, f"{name} {level:.3f}", anchor="start"))
    return _svg(left + width + 190, top + height + 28, parts)


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


def _line(x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GREY}"{dash}/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", colour: str = GREY, turn: float = 0
) -> str:
    turned = f' transform="rotate({turn:.0f} {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turned}>{escape(text)}</text>'
    )
