"""The colours of pages can be read and told apart, in light and dark, with any colour vision."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from exphil.pages.theme import COLOURS, SERIES, chart_config, light, stylesheet

Floats = npt.NDArray[np.float64]

VISIONS: dict[str, Floats] = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""What linear sRGB becomes (Machado, Oliveira and Fernandes 2009, severity 1)."""

TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> Floats:
    value = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines define it."""
    dim, bright = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (bright + 0.05) / (dim + 0.05)


def perceived(colour: str, vision: Floats) -> Floats:
    """OKLab, in hundredths."""
    seen: Floats = 100 * TO_OKLAB @ np.cbrt(TO_CONES @ np.clip(vision @ linear(colour), 0, 1))
    return seen


@pytest.mark.parametrize("version", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted", "link"])
def test_text_stands_out_from_the_page(name: str, version: int) -> None:
    for ground in ("paper", "panel"):
        assert contrast(COLOURS[name][version], COLOURS[ground][version]) >= 4.5


@pytest.mark.parametrize("version", [0, 1], ids=["light", "dark"])
def test_series_stand_out_from_the_page(version: int) -> None:
    for name in SERIES:
        assert contrast(COLOURS[name][version], COLOURS["paper"][version]) >= 2.9, name


@pytest.mark.parametrize("vision", VISIONS.values(), ids=list(VISIONS))
@pytest.mark.parametrize("version", [0, 1], ids=["light", "dark"])
def test_any_two_series_are_told_apart(vision: Floats, version: int) -> None:
    seen = {name: perceived(COLOURS[name][version], vision) for name in SERIES}
    for one, other in combinations(SERIES, 2):
        assert float(np.linalg.norm(seen[one] - seen[other])) >= 8, (one, other)


def test_every_colour_that_is_used_has_a_value_in_both_versions() -> None:
    style = stylesheet()
    bright, dim = style.split("@media")
    used = re.findall(
        r"var\((--[\w-]+)\)", str(chart_config()) + (files("exphil.pages") / "page.css").read_text()
    )
    assert len(set(used)) > 10
    for name in set(used) - {"--font"}:
        assert f"{name}:#" in bright, name
        assert f"{name}:#" in dim, name


def test_a_drawing_that_stands_alone_names_no_variable() -> None:
    assert "var(" not in str(chart_config(light))
