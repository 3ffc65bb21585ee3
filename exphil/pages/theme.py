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
    "series-1": ("#0072b2", "#4fa6e8"),
    "series-2": ("#d55e00", "#ff8b4d"),
    "series-3": ("#009e73", "#2fc795"),
    "series-4": ("#b5539a", "#e79bcd"),
    "series-5": ("#e69f00", "#f5c04a"),
    "series-6": ("#56b4e9", "#a9dcff"),
    "series-7": ("#3d434b", "#d4d8de"),
    "series-8": ("#8a6d3b", "#b99a5f"),
}
"""Name to (light, dark). The series are Okabe and Ito's, which readers with any colour vision tell apart; the
dark versions are lifted so that thin lines are seen on a dark page."""

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
        "axisX": {"grid": False, "labelFlush": True},
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
