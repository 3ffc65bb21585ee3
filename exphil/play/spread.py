"""Many times as a few figures: where half, nearly all and the very worst of them lie."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

PERCENTILES: Final[Mapping[str, float]] = {
    "p50_ms": 50.0,
    "p95_ms": 95.0,
    "p99_ms": 99.0,
    "p999_ms": 99.9,
    "max_ms": 100.0,
}
"""Figures by name; each is a time that some frame really took, none lies between two."""

TITLES: Final[Mapping[str, str]] = dict(
    zip(PERCENTILES, ("p50", "p95", "p99", "p99.9", "worst"), strict=True)
)
"""The figures' names as people read them."""

MILLISECOND: Final = 1e6
"""In nanoseconds."""


def spread(nanoseconds: npt.ArrayLike) -> dict[str, float]:
    """Milliseconds below which so many of the times lie, by the names of `PERCENTILES`.

    Raises:
        ValueError: no times.
    """
    times = np.asarray(nanoseconds, np.float64) / MILLISECOND
    if not times.size:
        raise ValueError("no times were taken")
    found = np.percentile(times, list(PERCENTILES.values()), method="higher")
    return dict(zip(PERCENTILES, found.tolist(), strict=True))


def over(nanoseconds: npt.ArrayLike, limit_ms: float) -> int:
    """How many of the times are longer than a limit."""
    return int((np.asarray(nanoseconds, np.float64) > limit_ms * MILLISECOND).sum())
