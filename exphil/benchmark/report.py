"""The comparison as one HTML page: table, loss against latency, loss curves, scaling."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exphil.backbones.config import CONFIGS
from exphil.benchmark.figures import Figures
from exphil.benchmark.rows import FRAME_MS, Row
from exphil.benchmark.table import nats_text, remarks
from exphil.benchmark.tree import ASKED, answers
from exphil.pages.cells import Cell
from exphil.pages.charts import Chart, bars, line, scatter
from exphil.pages.page import Page

SMOOTHED_POINTS: Final = 60
"""Points of a training curve that are drawn: each the mean of as many neighbours as it takes."""


def report(figures: Figures) -> str:
    """The page's text."""
    page = Page("Backbones compared", "Every backbone on the same windows and budget")
    rows = figures.rows
    _tables(page, rows)
    for remark in remarks(rows):
        page.text(remark.replace("`", ""))
    found = answers(rows, figures.scaling)
    if found:
        page.heading("Which one")
        page.text(ASKED)
        page.table(
            ("answer", "and then", "backbone", "figures"),
            [(item.branch, item.question, item.backbone, item.figures) for item in found],
        )
    chart = loss_against_latency(rows)
    if chart is not None:
        page.heading("Loss against latency")
        page.chart(
            chart, "Further left answers sooner, further down predicts better. Whiskers: spread over seeds."
        )
    _training(page, rows)
    _curves(page, figures)
    _scaling(page, figures.scaling)
    return page.html()


def _tables(page: Page, rows: Sequence[Row]) -> None:
    """What it is worth, then what it costs: one table would be too wide to read."""
    page.table(
        (
            "rank",
            "backbone",
            "validation nats",
            "frames/s",
            "waiting %",
            "step p50 ms",
            "step p99 ms",
            "60 FPS",
        ),
        [
            (
                row.rank,
                row.backbone,
                nats_text(row),
                row.frames_per_second,
                None if row.waiting is None else round(100 * row.waiting, 1),
                row.step_p50_ms,
                row.step_p99_ms,
                row.sixty_fps,
            )
            for row in rows
        ],
    )
    heads = ["backbone", "batches/s", "window p50 ms", "window p99 ms", "RAM MB", "parameters", "state bytes"]
    cells: list[list[Cell]] = [
        [
            row.backbone,
            row.batches_per_second,
            row.window_p50_ms,
            row.window_p99_ms,
            row.peak_ram_mb,
            row.parameters,
            row.state_bytes,
        ]
        for row in rows
    ]
    if any(row.peak_vram_mb is not None or row.cuda_step_p50_ms is not None for row in rows):
        heads += ["VRAM MB", "GPU step p50 ms", "GPU step p99 ms"]
        for row, line in zip(rows, cells, strict=True):
            line += [row.peak_vram_mb, row.cuda_step_p50_ms, row.cuda_step_p99_ms]
    page.table(heads, cells)


def _in_order(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the registry: so a backbone has the same colour in every chart that shows all."""
    order = list(CONFIGS)
    return sorted(points, key=lambda point: order.index(point["backbone"]))


def _labels(rows: Sequence[Row]) -> dict[str, str]:
    """What is written beside each point: backbones of exactly one loss share a label."""
    named: dict[float, list[str]] = {}
    for row in rows:
        if row.nats is not None:
            named.setdefault(row.nats, []).append(row.backbone)
    return {names[0]: ", ".join(names) for names in named.values()}


def loss_against_latency(rows: Sequence[Row]) -> Chart | None:
    """A point a backbone; None where none has both figures."""
    labels = _labels(rows)
    points = [
        {
            "backbone": row.backbone,
            "label": labels.get(row.backbone, ""),
            "step p99 ms": row.step_p99_ms,
            "nats": row.nats,
            "low": row.nats - (row.nats_spread or 0.0),
            "high": row.nats + (row.nats_spread or 0.0),
        }
        for row in rows
        if row.nats is not None and row.step_p99_ms is not None
    ]
    if not points:
        return None
    return scatter(
        _in_order(points),
        "step p99 ms",
        "nats",
        series="backbone",
        label="label",
        low="low",
        high="high",
        x_title="step p99, ms (log)",
        y_title="validation nats a frame",
        limits={"one frame": FRAME_MS},
        log_x=True,
    )


def _training(page: Page, rows: Sequence[Row]) -> None:
    points = [
        {"backbone": row.backbone, "frames/s": row.frames_per_second}
        for row in rows
        if row.frames_per_second is not None
    ]
    if points:
        page.heading("Training rate")
        page.chart(
            bars(_in_order(points), "backbone", "frames/s", value_title="window-frames a second"),
            "Frames of windows that a second of training goes through.",
        )


def _curves(page: Page, figures: Figures) -> None:
    if not figures.curves:
        return
    page.heading("Loss curves")
    levels = {}
    first = next((row for row in figures.rows if row.repeat is not None), None)
    if first is not None and first.repeat is not None:
        levels["repeat"] = first.repeat
    checks = _mean_over_seeds([point for point in figures.curves if point["kind"] == "validation"])
    if checks:
        page.chart(
            line(
                checks,
                "step",
                "nats",
                series="backbone",
                points=True,
                levels=levels,
                y_title="validation nats",
            ),
            "Validation after each epoch, mean over seeds. Pick a name in the legend to see it alone.",
        )
    training = [point for point in figures.curves if point["kind"] == "train"]
    if training:
        page.chart(
            line(
                _thinned(_mean_over_seeds(training)),
                "step",
                "nats",
                series="backbone",
                y_title="training nats",
            ),
            "Training loss, mean over seeds and neighbouring steps. The first steps, far above, are left out.",
        )


def _mean_over_seeds(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    grouped: dict[tuple[str, int], list[float]] = {}
    for point in points:
        grouped.setdefault((point["backbone"], point["step"]), []).append(point["nats"])
    return [
        {"backbone": backbone, "step": step, "nats": sum(nats) / len(nats)}
        for (backbone, step), nats in grouped.items()
    ]


def _thinned(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """At most `SMOOTHED_POINTS` points a backbone, without the first tenth of its steps."""
    found = []
    for backbone in dict.fromkeys(point["backbone"] for point in points):
        own = [point for point in points if point["backbone"] == backbone]
        own = own[len(own) // 10 :]
        size = -(-len(own) // SMOOTHED_POINTS)
        for begin in range(0, len(own), size):
            group = own[begin : begin + size]
            found.append(
                {
                    "backbone": backbone,
                    "step": group[-1]["step"],
                    "nats": sum(point["nats"] for point in group) / len(group),
                }
            )
    return found


def _scaling(page: Page, scaling: Sequence[Mapping[str, Any]]) -> None:
    drawn = (
        ("frames_per_second", "window-frames a second", "Training rate against the length of a window."),
        ("peak_ram_mb", "peak RAM, MB", "Memory of the training process against the length of a window."),
        ("peak_vram_mb", "peak VRAM, MB", "Memory of the GPU against the length of a window."),
    )
    if not scaling:
        return
    page.heading("Longer windows")
    page.text("The same number of frames in every batch: as a window grows, a batch holds fewer of them.")
    for name, title, caption in drawn:
        points = [
            {"backbone": row["backbone"], "window": row["window_size"], title: row[name]}
            for row in scaling
            if row[name] is not None
        ]
        if points:
            page.chart(
                line(
                    _in_order(points), "window", title, series="backbone", points=True, log_x=True, log_y=True
                ),
                caption,
            )
    failed = [row for row in scaling if row["reason"] is not None]
    for row in failed:
        page.text(f"{row['backbone']} at {row['window_size']} frames {row['status']}: {row['reason']}")
