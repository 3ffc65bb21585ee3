"""Plots of `exphil.reports` as small SVGs, for metadata: Dagster's UI shows images in Markdown.

Drawn tersely by hand: the UI shows Markdown of under 1,000 characters in place, longer ones on a click, and a page's
plotting library would take longer to start than the assets take to be made.
"""

import base64
import datetime
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from exphil.reports.plot import Bars, Grid, Histogram, Lines, Plot, Ranges, Timeline

BLUE: Final = "#4f46e5"
ORANGE: Final = "#d97706"
GREY: Final = "#6b7280"
LINES: Final = (BLUE, ORANGE, "#059669", "#db2777")
SHOWN_IN_PLACE: Final = 1000
"""Markdown of this many characters is shown on a click only."""

WIDTH: Final = 360
HEIGHT: Final = 60


def markdown(svg: str, title: str) -> str:
    """The chart as a Markdown image that carries its own data."""
    data = base64.b64encode(svg.encode()).decode()
    words = title.replace("[", "(").replace("]", ")")
    return f"![{words}](data:image/svg+xml;base64,{data})"


def svg(plot: Plot) -> str:
    """The plot as an SVG that stands alone, on whatever lies behind it."""
    match plot:
        case Bars():
            return _bars(plot.rows, plot.unit)
        case Histogram():
            bins = [(start, stop, float(count)) for start, stop, count in plot.bins]
            low, high = plot.ends or (bins[0][0], bins[-1][1])
            return _steps(bins, (low, high), (_number(low), f"{_number(high)} {plot.unit}"), plot.counted)
        case Timeline():
            days = [(_day(start), _day(stop), float(count)) for start, stop, count in plot.spans]
            first, last = plot.spans[0][0], plot.spans[-1][1]
            return _steps(days, (_day(first), _day(last)), (first, last), plot.counted)
        case Grid():
            return _grid(plot)
        case Ranges():
            return _ranges(plot)
        case Lines():
            return _lines(plot)


def _steps(
    bins: Sequence[tuple[float, float, float]],
    ends: tuple[float, float],
    labels: tuple[str, str],
    counted: str,
) -> str:
    """The outline of a histogram between two ends, each with its label."""
    low, high = ends
    tallest = max(count for _, _, count in bins) or 1
    path, end = "M0 72", low
    for start, stop, count in bins:
        if start != end:
            path += f"V72H{_across(start, low, high)}"
        path += f"V{72 - round(HEIGHT * count / tallest)}H{_across(stop, low, high)}"
        end = stop
    texts = (
        f"<text y='9'>{_number(tallest)} {escape(counted)}</text><text y='84'>{escape(labels[0])}</text>"
        f"<text x='{WIDTH}' y='84' text-anchor='end'>{escape(labels[1])}</text>"
    )
    return _framed(WIDTH, 90, f"<path fill='{BLUE}' d='{path}V72z'/>{texts}")


def _bars(rows: Sequence[tuple[str, float]], unit: str) -> str:
    """Horizontal bars, one a name, each with its value."""
    line = 32
    most = max((value for _, value in rows), default=0) or 1
    boxes = "".join(
        f"M0 {18 + j * line}h{max(1, round(WIDTH * value / most))}v9H0z" for j, (_, value) in enumerate(rows)
    )
    texts = "".join(
        f"<text y='{13 + j * line}'>{escape(f'{name}: {_number(value)} {unit}'.strip())}</text>"
        for j, (name, value) in enumerate(rows)
    )
    return _framed(WIDTH, line * len(rows), f"<path fill='{BLUE}' d='{boxes}'/>{texts}")


def _grid(plot: Grid) -> str:
    """Values as shaded cells, each with its number."""
    cell, line, left, top = 58, 22, 130, 92
    most = 1.0 if plot.share else max(plot.cells.values(), default=0) or 1
    parts = []
    for i, name in enumerate(plot.columns):
        x, y = left + i * cell + cell // 2, top - 8
        parts.append(f"<text x='{x}' y='{y}' transform='rotate(-35 {x} {y})'>{escape(name)}</text>")
    for j, name in enumerate(plot.rows):
        y = top + j * line
        parts.append(f"<text x='{left - 8}' y='{y + 15}' text-anchor='end'>{escape(name)}</text>")
        for i, column in enumerate(plot.columns):
            value = plot.cells.get((name, column))
            if value is not None:
                parts.append(_cell(left + i * cell, y, cell, line, value, value / most, plot.share))
    return _framed(left + cell * len(plot.columns) + 70, top + line * len(plot.rows) + 6, "".join(parts))


def _cell(x: int, y: int, width: int, height: int, value: float, shade: float, share: bool) -> str:
    colour = "#fff" if shade > 0.45 else "#111827"
    return (
        f"<rect x='{x}' y='{y}' width='{width - 2}' height='{height - 2}' fill='{BLUE}'"
        f" fill-opacity='{0.08 + 0.87 * shade:.2f}'/>"
        f"<text x='{x + width // 2}' y='{y + 15}' text-anchor='middle' fill='{colour}'>"
        f"{f'{value:.0%}' if share else _number(value)}</text>"
    )


def _ranges(plot: Ranges) -> str:
    """A line from lowest to highest a name, and a mark at the mean."""
    line, left = 14, 230
    low = min(row[1] for row in plot.rows)
    high = max(row[3] for row in plot.rows)
    spans, means = "", ""
    for j, (_, least, mean, most) in enumerate(plot.rows):
        y = 9 + j * line
        spans += f"M{left + _across(least, low, high)} {y}H{left + _across(most, low, high)}"
        means += f"M{left + _across(mean, low, high)} {y - 3}v6"
    texts = "".join(
        f"<text x='{left - 8}' y='{13 + j * line}' text-anchor='end'>{escape(name)}</text>"
        for j, (name, *_) in enumerate(plot.rows)
    )
    bottom = 16 + line * len(plot.rows)
    ends = (
        f"<text x='{left}' y='{bottom}'>{_number(low)}</text>"
        f"<text x='{left + WIDTH}' y='{bottom}' text-anchor='end'>{_number(high)}</text>"
    )
    drawn = "".join(
        f"<path stroke='{colour}' stroke-width='2' d='{path}'/>"
        for colour, path in ((BLUE, spans), (ORANGE, means))
    )
    return _framed(left + WIDTH, bottom + 6, drawn + texts + ends)


def _lines(plot: Lines) -> str:
    """Lines over one another, level lines dashed; the names below."""
    points = [point for line in plot.lines.values() for point in line]
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    heights = [y for _, y in points] + list(plot.levels.values())
    bottom, top = min(heights), max(heights)
    tall = 3 * HEIGHT

    def down(y: float) -> int:
        return 12 + round(tall * (top - y) / ((top - bottom) or 1))

    parts = []
    for colour, line in zip(LINES * len(plot.lines), plot.lines.values(), strict=False):
        places = [(_across(x, low, high), down(y)) for x, y in line]
        if len(places) == 1:
            parts.append(f"<circle fill='{colour}' cx='{places[0][0]}' cy='{places[0][1]}' r='4'/>")
            continue
        path = "L".join(f"{x} {y}" for x, y in places)
        parts.append(f"<path fill='none' stroke='{colour}' stroke-width='2' d='M{path}'/>")
    for name, level in plot.levels.items():
        y = down(level)
        parts.append(f"<path stroke='{GREY}' stroke-dasharray='5 4' d='M0 {y}H{WIDTH}'/>")
        parts.append(
            f"<text x='{WIDTH}' y='{y - 3}' text-anchor='end'>{escape(f'{name} {_number(level)}')}</text>"
        )
    foot = tall + 26
    parts.append(f"<text y='9'>{_number(top)} {escape(plot.y_title)}</text>")
    parts.append(f"<text y='{foot}'>{_number(bottom)}</text>")
    parts.append(
        f"<text x='{WIDTH}' y='{foot}' text-anchor='end'>{escape(f'{plot.x_title} {_number(high)}')}</text>"
    )
    for place, (colour, name) in enumerate(zip(LINES * len(plot.lines), plot.lines, strict=False)):
        parts.append(f"<text x='{80 + 90 * place}' y='{foot}' fill='{colour}'>{escape(name)}</text>")
    return _framed(WIDTH, foot + 6, "".join(parts))


def _across(value: float, low: float, high: float) -> int:
    return round(WIDTH * (value - low) / ((high - low) or 1))


def _day(text: str) -> float:
    return float(datetime.date.fromisoformat(text).toordinal())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def _framed(width: int, height: int, body: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'"
        f" font-family='sans-serif' font-size='11' fill='{GREY}'>{body}</svg>"
    )
