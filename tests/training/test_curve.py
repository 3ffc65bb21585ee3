"""The loss curve is well-formed SVG and shows what the metrics say."""

import xml.etree.ElementTree as ElementTree
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exphil.training.curve import HEIGHT, WIDTH, draw_curve, ticks

SVG = "{http://www.w3.org/2000/svg}"


def lines(train: list[float], validation: list[float]) -> list[dict[str, Any]]:
    steps = [{"kind": "train", "step": 10 * (i + 1), "nats": nats} for i, nats in enumerate(train)]
    checks = [
        {"kind": "validation", "step": 20 * (i + 1), "nats": nats, "repeat": 1.5, "marginal": 5.5}
        for i, nats in enumerate(validation)
    ]
    return [*steps, *checks]


@given(st.lists(st.floats(1e-3, 1e3), max_size=8), st.lists(st.floats(1e-3, 1e3), max_size=4))
def test_every_point_lies_on_the_page(train: list[float], validation: list[float]) -> None:
    root = ElementTree.fromstring(draw_curve(lines(train, validation), "a <run> & co"))
    polylines = root.findall(f"{SVG}polyline")
    points = [tuple(map(float, p.split(","))) for line in polylines for p in line.attrib["points"].split()]
    assert len(points) == len(train) + len(validation)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    texts = [element.text for element in root.findall(f"{SVG}text")]
    assert "a <run> & co" in texts
    assert ("repeat 1.500" in texts) == bool(validation)
    assert len(root.findall(f"{SVG}circle")) == len(validation)


def test_lower_loss_is_drawn_lower() -> None:
    root = ElementTree.fromstring(draw_curve(lines([4.0, 3.0, 2.0], []), "run"))
    line = root.findall(f"{SVG}polyline")[0]
    heights = [float(point.split(",")[1]) for point in line.attrib["points"].split()]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1]


@given(st.floats(1e-4, 1e7))
def test_ticks_are_few_and_within(top: float) -> None:
    found = ticks(top)
    assert 4 <= len(found) <= 11
    assert found[0] == 0
    assert found[-1] <= top * (1 + 1e-9) or found[-1] - top < 1e-9
