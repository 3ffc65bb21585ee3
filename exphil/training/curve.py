"""The loss curve of a run as a small SVG, drawn from `metrics.jsonl`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

WIDTH: Final = 720
HEIGHT: Final = 420
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 30, 50
TRAIN_COLOUR: Final = "#9db8d9"
VALIDATION_COLOUR: Final = "#1f4e8c"
BASELINES: Final = (("repeat", "#c0392b"), ("marginal", "#7f8c8d"))

Point = tuple[float, float]


def draw_curve(lines: Sequence[Mapping[str, Any]], title: str) -> str:
    """SVG text: training and validation nats a frame by batch, and both baselines as level lines.

    Args:
        lines: of `metrics.jsonl`.
        title: written above.
    """
    train = [(line["step"], line["nats"]) for line in lines if line["kind"] == "train"]
    checks = [line for line in lines if line["kind"] == "validation"]
    validation = [(line["step"], line["nats"]) for line in checks]
    levels = [(name, checks[-1][name], colour) for name, colour in BASELINES] if checks else []
    values = [nats for _, nats in (*train, *validation)] + [level for _, level, _ in levels]
    top = max(values, default=1.0) * 1.05
    last = max((step for step, _ in (*train, *validation)), default=1)

    def place(point: Point) -> Point:
        x = LEFT + (WIDTH - LEFT - RIGHT) * point[0] / last
        return round(x, 1), round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - point[1] / top), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 18, _escaped(title), "middle"),
        _text(WIDTH / 2, HEIGHT - 10, "batches", "middle"),
        _text(LEFT, TOP - 10, "nats a frame", "middle"),
    ]
    for value in ticks(top):
        _, y = place((0, value))
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#e5e5e5"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{value:g}", "end"))
    for value in ticks(last):
        x, _ = place((value, 0))
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{value:g}", "middle"))
    for name, level, colour in levels:
        (x1, y), (x2, _) = place((0, level)), place((last, level))
        parts.append(
            f'<line x1="{x1}" y1="{y}" x2="{x2}" y2="{y}" stroke="{colour}" stroke-dasharray="6 4"/>'
        )
        parts.append(_text(WIDTH - RIGHT, y - 5, f"{name} {level:.3f}", "end", colour))
    parts.append(_line([place(point) for point in train], TRAIN_COLOUR))
    parts.append(_line([place(point) for point in validation], VALIDATION_COLOUR))
    parts += [
        f'<circle cx="{x}" cy="{y}" r="3" fill="{VALIDATION_COLOUR}"/>' for x, y in map(place, validation)
    ]
    if validation:
        x, y = place(validation[-1])
        label = f"validation {validation[-1][1]:.3f}"
        parts.append(_text(x, y + 16, label, "end", VALIDATION_COLOUR))
    return "\n".join([*parts, "</svg>"]) + "\n"


def ticks(top: float) -> list[float]:
    """Round values from 0 to at most `top`, four to ten of them."""
    step = 10.0 ** math.floor(math.log10(top / 4)) if top > 0 else 1.0
    while top / step > 10:
        step *= 2 if top / step <= 20 else 2.5
    return [round(step * index, 10) for index in range(int(top / step) + 1)]


def _line(points: Sequence[Point], colour: str) -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333333") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
