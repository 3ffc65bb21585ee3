"""Charts of one look, from rows as a program has them: dicts from field name to value.

Every function names the fields it draws, and returns an Altair chart as wide as its place on a `Page`. Values
that are None or not finite are left out. `series` names the field whose values get a colour and a line in the legend.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal

import altair as alt

from exphil.pages.theme import chart_config, light

Rows = Sequence[Mapping[str, Any]]
Chart = alt.Chart | alt.LayerChart

HEIGHT: Final = 320
ROW_HEIGHT: Final = 22
RANGE_HEIGHT: Final = 16
MARGIN: Final = 16
"""Pixels between the ends of a logarithmic axis and the first and last value."""

FADED: Final = 0.15
"""Opacity of the series that the reader has not picked in the legend."""


def line(
    rows: Rows,
    x: str,
    y: str,
    *,
    series: str | None = None,
    x_title: str | None = None,
    y_title: str | None = None,
    levels: Mapping[str, float] | None = None,
    points: bool = False,
    marked: Collection[str] = (),
    diagonal: bool = False,
    steps: bool = False,
    log_x: bool = False,
    log_y: bool = False,
    zero: bool = False,
    dated: bool = False,
) -> Chart:
    """Lines through rows in the order of `x`.

    Args:
        dated: `x` holds days, as `2024-01-31`.
        levels: name to height of level lines, as baselines.
        points: mark every row.
        marked: series of which every row is marked.
        diagonal: a dashed line of equal x and y, as in a reliability diagram.
        steps: horizontal pieces, one around each x, as the outline of a histogram.
        zero: let the y axis begin at zero.
    """
    picked = _picked(series)
    base = _chart(rows).encode(
        x=_time_axis(x, x_title) if dated else _axis(alt.X, x, x_title, log=log_x, zero=False),
        y=_axis(alt.Y, y, y_title, log=log_y, zero=zero),
        tooltip=_tooltip(rows, (series, x, y), days=(x,) if dated else ()),
        **_coloured(rows, series, picked),
    )
    drawn = base.mark_line(interpolate="step" if steps else "linear", point=points)
    if picked is not None:
        drawn = drawn.add_params(picked)
    layers = [drawn]
    if series is not None and marked:
        # a layer of its own keeps the colours of all series: their order is that of the rows
        shown = [row for row in rows if row[series] in marked]
        layers.append(base.properties(data=alt.InlineData(values=shown)).mark_point())
    return _sized([*layers, *_levels(levels), *(_diagonal(rows, x) if diagonal else [])])


def scatter(
    rows: Rows,
    x: str,
    y: str,
    *,
    series: str | None = None,
    label: str | None = None,
    low: str | None = None,
    high: str | None = None,
    x_title: str | None = None,
    y_title: str | None = None,
    limits: Mapping[str, float] | None = None,
    levels: Mapping[str, float] | None = None,
    log_x: bool = False,
    log_y: bool = False,
) -> Chart:
    """A point a row.

    Args:
        label: field whose value is written beside its point.
        low, high: fields with the ends of a vertical whisker, as the spread over seeds.
        limits: name to x of upright lines, as the time of one frame.
        levels: name to y of level lines.
    """
    across = _axis(alt.X, x, x_title, log=log_x, zero=False)
    up = _axis(alt.Y, y, y_title, log=log_y, zero=False)
    base = _chart(rows).encode(x=across, y=up, tooltip=_tooltip(rows, (label, series, x, y, low, high)))
    colour = _coloured(rows, series, None)
    layers: list[alt.Chart] = []
    if low is not None and high is not None:
        bottom = _axis(alt.Y, low, y_title or y, log=log_y, zero=False)
        layers.append(base.mark_rule(style="whisker").encode(y=bottom, y2=alt.Y2(field=_name(high))))
    layers.append(base.mark_point().encode(**colour))
    if label is not None:
        written = alt.Text(field=_name(label), type="nominal")
        layers += _written(base.encode(text=written), "label", dy=-6, **_inward(x, 8))
    return _sized([*layers, *_limits(limits), *_levels(levels)])


def bars(
    rows: Rows,
    label: str,
    value: str,
    *,
    series: str | None = None,
    low: str | None = None,
    high: str | None = None,
    value_title: str | None = None,
    limits: Mapping[str, float] | None = None,
    stacked: bool = False,
    log: bool = False,
) -> Chart:
    """A level bar a row, labels in the order of the rows; with `series` side by side within a label.

    Args:
        low, high: fields with the ends of a whisker.
        limits: name to value of upright lines.
        stacked: the series of a label end to end rather than side by side.
    """
    order = _distinct(rows, label)
    grouped = series if not stacked else None
    names = _distinct(rows, grouped) if grouped is not None else []
    grid = _counting(rows, value, grid=True)
    across = _axis(
        alt.X, value, value_title, log=log, zero=not log, axis=grid, stack="zero" if stacked else None
    )
    base = _chart(rows).encode(
        y=alt.Y(field=_name(label), type="nominal", sort=order, title=None),
        tooltip=_tooltip(rows, (label, series, value, low, high)),
    )
    if grouped is not None:
        base = base.encode(yOffset=alt.YOffset(field=_name(grouped), type="nominal", sort=names))
    # a whisker's own half must be seen in front of its bar
    opacity = 1.0 if low is None else 0.55
    layers = [
        base.mark_bar(cornerRadiusEnd=2, opacity=opacity).encode(x=across, **_coloured(rows, series, None))
    ]
    if low is not None and high is not None:
        left = _axis(alt.X, low, value_title or value, log=log, zero=not log, axis=grid)
        layers.append(base.mark_rule(style="whisker").encode(x=left, x2=alt.X2(field=_name(high))))
    height = len(order) * (6 + 13 * len(names) if len(names) > 1 else ROW_HEIGHT)
    return _sized([*layers, *_limits(limits)], height=max(60, height))


def histogram(
    rows: Rows,
    start: str,
    stop: str,
    share: str,
    *,
    series: str | None = None,
    x_title: str | None = None,
    y_title: str | None = None,
    domain: tuple[float, float] | None = None,
    dated: bool = False,
) -> Chart:
    """Counted bins: a bar from `start` to `stop`, `share` high; several series lie over each other, see-through.

    Args:
        domain: ends of the x axis; else those of the bins.
        dated: `start` and `stop` hold days, as `2024-01-31`.
    """
    encoded = _chart(rows).encode(
        x=_time_axis(start, x_title)
        if dated
        else _axis(alt.X, start, x_title, log=False, zero=False, domain=domain),
        x2=alt.X2(field=_name(stop)),
        y=_axis(alt.Y, share, y_title, log=False, zero=True, axis=_counting(rows, share)),
        y2=alt.Y2(datum=0),
        tooltip=_tooltip(rows, (series, start, stop, share), days=(start, stop) if dated else ()),
        **_coloured(rows, series, None),
    )
    return _sized([encoded.mark_rect(opacity=0.55 if series else 0.9)])


def heatmap(
    rows: Rows,
    x: str,
    y: str,
    value: str,
    *,
    x_title: str | None = None,
    y_title: str | None = None,
    value_title: str | None = None,
    domain: tuple[float, float] | None = None,
    log: bool = False,
    diverging: bool = False,
    more: Sequence[str] = (),
) -> Chart:
    """A cell a row, coloured by `value`; columns and lines in the order of the rows.

    Args:
        domain: values at both ends of the colours, for maps that are to be compared; else those of the rows.
        diverging: two colours that meet in the middle of the domain.
        more: further fields that hovering shows.
    """
    across, down = _distinct(rows, x), _distinct(rows, y)
    ends = alt.Undefined if domain is None else list(domain)
    scale = alt.Scale(
        scheme="blueorange" if diverging else "viridis",
        type="log" if log else "linear",
        domain=ends,
        clamp=domain is not None,
    )
    legend = alt.Legend(title=value_title or value, gradientLength=160)
    encoded = _chart(rows).encode(
        x=alt.X(
            field=_name(x), type="ordinal", sort=across, title=x_title or x, axis=alt.Axis(labelOverlap=False)
        ),
        y=alt.Y(field=_name(y), type="ordinal", sort=down, title=y_title or y),
        color=alt.Color(field=_name(value), type="quantitative", scale=scale, legend=legend),
        tooltip=_tooltip(rows, (x, y, value, *more)),
    )
    return _sized([encoded.mark_rect()], height=max(120, ROW_HEIGHT * len(down)))


def ranges(rows: Rows, label: str, low: str, middle: str, high: str, *, x_title: str | None = None) -> Chart:
    """A level line a row from `low` to `high`, with a point at `middle`; labels in the order of the rows."""
    order = _distinct(rows, label)
    base = _chart(rows).encode(
        y=alt.Y(field=_name(label), type="nominal", sort=order, title=None),
        tooltip=_tooltip(rows, (label, low, middle, high)),
    )
    ends = _axis(alt.X, low, x_title, log=False, zero=True, axis=alt.Axis(grid=True))
    mean = _axis(alt.X, middle, x_title, log=False, zero=True, axis=alt.Axis(grid=True))
    layers = [
        base.mark_bar(height=5, opacity=0.45).encode(x=ends, x2=alt.X2(field=_name(high))),
        base.mark_point().encode(x=mean),
    ]
    return _sized(layers, height=max(60, RANGE_HEIGHT * len(order)))


def to_svg(chart: alt.TopLevelMixin, *, width: int = 720, title: str = "") -> str:
    """A chart as an SVG that stands alone, on white, `width` pixels wide, without a browser."""
    import vl_convert

    spec = {**chart.to_dict(), "width": width, "config": {**chart_config(light), "background": "white"}}
    return str(vl_convert.vegalite_to_svg({**spec, "title": title} if title else spec))


def _chart(rows: Rows) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def _sized(layers: Sequence[alt.Chart], height: int = HEIGHT) -> Chart:
    chart = layers[0] if len(layers) == 1 else alt.LayerChart(layer=list(layers))
    return chart.properties(width="container", height=height)


def _distinct(rows: Rows, field: str) -> list[Any]:
    """A field's values, each once, in the order of the rows."""
    return list(dict.fromkeys(row[field] for row in rows))


def _name(field: str) -> str:
    """A field's name as Vega wants it: dots and brackets would reach into nested values."""
    return "".join(f"\\{letter}" if letter in ".[]\\'\"" else letter for letter in field)


def _counting(rows: Rows, field: str, **more: Any) -> alt.Axis:
    """An axis of counts has no ticks between them."""
    whole = all(isinstance(row.get(field), int | float) and row[field] % 1 == 0 for row in rows)
    return alt.Axis(tickMinStep=1, **more) if whole else alt.Axis(**more)


def _axis(
    channel: Any,
    field: str,
    title: str | None,
    *,
    log: bool,
    zero: bool,
    domain: tuple[float, float] | None = None,
    **more: Any,
) -> Any:
    # A logarithmic axis that ends on round numbers would be empty for most of a power of ten.
    if domain is not None:
        scale = alt.Scale(domain=list(domain))
    else:
        scale = alt.Scale(type="log", nice=False, padding=MARGIN) if log else alt.Scale(zero=zero, nice=True)
    return channel(field=_name(field), type="quantitative", title=title or field, scale=scale, **more)


def _time_axis(field: str, title: str | None) -> alt.X:
    """Days without a clock: a browser's own time zone would move them to the evening before."""
    axis = alt.Axis(labelOverlap=True, tickCount=alt.expr("max(2, floor(width / 90))"))
    scale = alt.Scale(type="utc")
    return alt.X(
        field=_name(field),
        type="temporal",
        title=title if title is not None else field,
        scale=scale,
        axis=axis,
    )


def _coloured(rows: Rows, series: str | None, picked: alt.Parameter | None) -> dict[str, Any]:
    """Colour by series, in the order of the rows, faded where another series is picked."""
    if series is None:
        return {}
    names = _distinct(rows, series)
    found: dict[str, Any] = {"color": alt.Color(field=_name(series), type="nominal", sort=names)}
    if picked is not None:
        found["opacity"] = alt.condition(picked, alt.value(1.0), alt.value(FADED))
    return found


def _picked(series: str | None) -> alt.Parameter | None:
    return None if series is None else alt.selection_point(fields=[_name(series)], bind="legend")


def _tooltip(rows: Rows, wanted: Sequence[str | None], days: Collection[str] = ()) -> list[alt.Tooltip]:
    """What hovering shows: each field once, numbers to four figures, `days` as dates."""
    found = []
    kind: Literal["quantitative", "nominal"]
    for field in dict.fromkeys(name for name in wanted if name is not None):
        if field in days:
            day = alt.Tooltip(
                field=_name(field),
                type="temporal",
                title=field,
                timeUnit="utcyearmonthdate",
                format="%Y-%m-%d",
            )
            found.append(day)
            continue
        measured = any(isinstance(row.get(field), float) for row in rows)
        kind = "quantitative" if measured else "nominal"
        form = ".4~g" if measured else alt.Undefined
        found.append(alt.Tooltip(field=_name(field), type=kind, title=field, format=form))
    return found


def _levels(levels: Mapping[str, float] | None) -> list[alt.Chart]:
    at_end = {"x": alt.value("width")}
    return _references(levels, alt.Y, "y", at_end, align="right", baseline="bottom", dy=-3)


def _limits(limits: Mapping[str, float] | None) -> list[alt.Chart]:
    on_top = {"y": alt.value(8)}
    return _references(limits, alt.X, "x", on_top, **_inward("value", 5))


def _references(
    values: Mapping[str, float] | None, channel: Any, axis: str, place: Mapping[str, Any], **mark: Any
) -> list[alt.Chart]:
    """Dashed lines across the chart at named values of an axis, each with its name."""
    if not values:
        return []
    encodings = {axis: channel(field="value", type="quantitative")}
    base = _chart([{"name": name, "value": value} for name, value in values.items()]).encode(**encodings)
    text = base.encode(text=alt.Text(field="name", type="nominal"), **place)
    return [base.mark_rule(style="reference"), *_written(text, "reference-label", **mark)]


def _inward(x: str, gap: int) -> dict[str, Any]:
    """Text beside its place, on the side where the chart has room for it."""
    far = f"scale('x', datum[{json.dumps(x)}]) > 0.7 * width"
    return {"align": alt.expr(f"{far} ? 'right' : 'left'"), "dx": alt.expr(f"{far} ? {-gap} : {gap}")}


def _written(text: alt.Chart, style: str, **mark: Any) -> list[alt.Chart]:
    """Text that stays legible over lines: once thick in the colour of the page, and then itself."""
    return [text.mark_text(style=kind, **mark) for kind in ("halo", style)]


def _diagonal(rows: Rows, x: str) -> list[alt.Chart]:
    values = [row[x] for row in rows if row[x] is not None]
    ends = {"from": min(values, default=0.0), "to": max(values, default=1.0)}
    across, up = alt.X(field="from", type="quantitative"), alt.Y(field="from", type="quantitative")
    base = _chart([ends]).encode(x=across, y=up, x2=alt.X2(field="to"), y2=alt.Y2(field="to"))
    return [base.mark_rule(style="reference")]
