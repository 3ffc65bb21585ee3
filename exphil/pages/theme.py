"""Colours and chart defaults of a page, in a light and a dark version, from one table.

Charts name colours as CSS variables, so that a drawn chart follows the reader's colour scheme, and print, at once.
"""

from collections.abc import Callable
from typing import Any, Final

COLOURS: Final[dict[str, tuple[str, str]]] = {
    "paper": ("#ffffff", "#14171c"),
    "panel": ("#f6f7f9", "#1d2128"),
    "ink": ("#1b1f24", "#e6e8eb"),
    "muted": ("#5b6470", "#a3abb6"),
    "rule": ("#d9dde2", "#343b45"),
    "link": ("#0b5cad", "#7db4ff"),
    "series-1": ("#1938c5", "#5e76af"),
    "series-2": ("#b84300", "#be5d00"),
    "series-3": ("#388c84", "#2dba90"),
    "series-4": ("#8e0075", "#de78fb"),
    "series-5": ("#ba9200", "#d0c600"),
    "series-6": ("#249bff", "#8cd9ff"),
    "series-7": ("#302b28", "#fee7ba"),
    "series-8": ("#683b15", "#b19c24"),
}
"""Name to (light, dark). The series were searched for, around the hues that Okabe and Ito chose, to differ in
lightness too: readers without one of the three cones, and those with all, tell any two apart on either page."""

SERIES: Final = tuple(name for name in COLOURS if name.startswith("series-"))
FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

Colour = Callable[[str], str]


def variable(name: str) -> str:
    """A colour as the page's CSS variable."""
    return f"var(--{name})"


def light(name: str) -> str:
    """A colour as it is on white, for drawings that stand alone."""
    return COLOURS[name][0]


def stylesheet() -> str:
    """The CSS variables, light by default, dark where the reader prefers it, and light again on paper."""
    bright, dim = (
        "".join(f"--{name}:{pair[version]};" for name, pair in COLOURS.items()) for version in (0, 1)
    )
    return (
        f":root{{color-scheme:light dark;--font:{FONT};{bright}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dim}}}}}\n"
    )


def chart_config(colour: Colour = variable) -> dict[str, Any]:
    """Vega-Lite's `config` for every chart of ours."""
    text = {
        "labelColor": colour("muted"),
        "titleColor": colour("ink"),
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
    }
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None, "continuousHeight": 320, "continuousWidth": 640},
        "axis": {
            **text,
            "domainColor": colour("rule"),
            "gridColor": colour("rule"),
            "gridOpacity": 0.7,
            "tickColor": colour("rule"),
            "labelLimit": 200,
        },
        "axisX": {"grid": False, "labelFlush": True, "labelOverlap": True, "labelSeparation": 6},
        "header": text,
        "legend": {**text, "orient": "top", "title": None, "labelLimit": 260, "symbolStrokeWidth": 2},
        "title": {"color": colour("ink"), "font": FONT, "fontSize": 13, "fontWeight": 600, "anchor": "start"},
        "range": {"category": [colour(name) for name in SERIES]},
        "mark": {"color": colour("series-1")},
        "line": {"strokeWidth": 2, "strokeCap": "round", "strokeJoin": "round"},
        "point": {"filled": True, "size": 60, "opacity": 0.9},
        "text": {"color": colour("ink"), "fontSize": 12},
        "rule": {"color": colour("ink")},
        "style": {
            "reference": {"strokeDash": [5, 4], "strokeOpacity": 0.55, "strokeWidth": 1.5},
            "label": {"fontSize": 12},
            "reference-label": {"fontSize": 11},
            "halo": {
                "stroke": colour("paper"),
                "strokeWidth": 4,
                "strokeJoin": "round",
                "strokeOpacity": 0.85,
            },
            "whisker": {"strokeWidth": 1.5},
        },
    }
