"""What most plots are made of: counts by name, and counts in equal ranges, found by the store."""

import math
from typing import Final

from exphil.reports.asking import Ask
from exphil.reports.plot import Bars, Histogram

MOST_BINS: Final = 30


def counts(
    ask: Ask, name: str, source: str, *, title: str, unit: str, most: int | None = None, order: str = "n DESC"
) -> Bars | None:
    """How many rows of `source` have each value of `name`; None where there is no row.

    Args:
        name: an expression in SQL; null is left out.
        source: what follows FROM.
        most: names that are shown; the rest are one bar.
        order: of the bars, by `name` and `n`.
    """
    rows = ask(
        f"SELECT name, count(*) AS n FROM (SELECT {name} AS name FROM {source}) WHERE name IS NOT NULL"
        f" GROUP BY ALL ORDER BY {order}, name"
    )
    bars = [(str(row["name"]), float(row["n"])) for row in rows]
    return Bars(title, unit, shortened(bars, most)) if bars else None


def shortened(bars: list[tuple[str, float]], most: int | None) -> list[tuple[str, float]]:
    """The first `most` bars and one of all others, of which there are at least two."""
    if most is None or len(bars) <= most + 1:
        return bars
    return [*bars[:most], (f"{len(bars) - most} others", sum(value for _, value in bars[most:]))]


def histogram(
    ask: Ask,
    value: str,
    source: str,
    *,
    title: str,
    unit: str,
    counted: str,
    width: float | None = None,
    ends: tuple[float, float] | None = None,
) -> Histogram | None:
    """How the values of an expression are spread; None where there are none.

    Args:
        value: an expression in SQL; null and NaN are left out.
        width: of a range; else a round one that gives at most `MOST_BINS`.
        ends: least and most that a value can be, where there is such.
    """
    values = f"(SELECT ({value})::DOUBLE AS v FROM {source})"
    finite = "isfinite(v)"
    (found,) = ask(f"SELECT min(v) AS low, max(v) AS high FROM {values} WHERE {finite}")
    if found["low"] is None:
        return None
    wide = width or round_width(found["high"] - found["low"])
    rows = ask(
        f"SELECT floor(v / {wide!r} + 1e-9)::BIGINT AS place, count(*) AS n FROM {values} WHERE {finite}"
        " GROUP BY ALL ORDER BY place"
    )
    bins = [(_clean(row["place"] * wide), _clean((row["place"] + 1) * wide), row["n"]) for row in rows]
    return Histogram(title, unit, counted, bins, ends)


def round_width(span: float) -> float:
    """One, two or five times a power of ten, so that `MOST_BINS` of them reach over `span`."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / MOST_BINS))
    return _clean(next(power * step for step in (1, 2, 5, 10) if power * step * MOST_BINS >= span))


def _clean(value: float) -> float:
    """Without what binary fractions add at the end."""
    return float(f"{value:.12g}")
