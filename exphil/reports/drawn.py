"""Plots as charts of a page."""

from exphil.pages import charts
from exphil.pages.page import Page
from exphil.reports.plot import Bars, Grid, Histogram, Lines, Plot, Ranges, Timeline


def add(page: Page, plot: Plot | None) -> bool:
    """Draw a plot at the page's end; whether there was one."""
    if plot is None:
        return False
    page.chart(chart(plot), plot.title)
    return True


def chart(plot: Plot) -> charts.Chart:
    """The plot in Vega-Lite."""
    match plot:
        case Bars():
            rows = [{"name": name, plot.unit: value} for name, value in plot.rows]
            return charts.bars(rows, "name", plot.unit)
        case Histogram():
            rows = [{"from": start, "to": stop, plot.counted: count} for start, stop, count in plot.bins]
            return charts.histogram(rows, "from", "to", plot.counted, x_title=plot.unit, domain=plot.ends)
        case Timeline():
            rows = [{"from": start, "to": stop, plot.counted: count} for start, stop, count in plot.spans]
            return charts.histogram(rows, "from", "to", plot.counted, x_title="", dated=True)
        case Grid():
            return _grid(plot)
        case Ranges():
            return _ranges(plot)
        case Lines():
            rows = [
                {"line": name, plot.x_title: x, plot.y_title: y}
                for name, points in plot.lines.items()
                for x, y in points
            ]
            return charts.line(
                rows,
                plot.x_title,
                plot.y_title,
                series="line" if len(plot.lines) > 1 else None,
                levels=plot.levels,
                points=len(plot.lines) == 1 and bool(plot.marked),
                marked=plot.marked,
            )


def _grid(plot: Grid) -> charts.Chart:
    rows = [
        {
            plot.row_title: row,
            plot.column_title: column,
            plot.value_title: plot.cells.get((row, column)),
            **({"games": plot.games.get((row, column))} if plot.games else {}),
        }
        for row in plot.rows
        for column in plot.columns
    ]
    domain = (0.0, 1.0) if plot.share else None
    more = ("games",) if plot.games else ()
    return charts.heatmap(
        rows,
        plot.column_title,
        plot.row_title,
        plot.value_title,
        domain=domain,
        diverging=plot.share,
        more=more,
    )


def _ranges(plot: Ranges) -> charts.Chart:
    rows = [
        {"name": name, "lowest": low, "mean": mean, "highest": high} for name, low, mean, high in plot.rows
    ]
    return charts.ranges(rows, "name", "lowest", "mean", "highest", x_title=plot.unit)
