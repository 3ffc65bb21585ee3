"""The comparison as one HTML page: table, loss against latency, loss curves, scaling."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exphil.benchmark.figures import Figures
from exphil.benchmark.rows import FRAME_MS, Row
from exphil.benchmark.table import nats_text, remarks
from exphil.benchmark.tree import decision_tree
from exphil.pages.cells import Cell
from exphil.pages.charts import Chart, bars, line, scatter
from exphil.pages.page import Page

COLUMNS: Final = (
    "rank", "backbone", "validation nats", "batches/s", "frames/s", "waiting %", "step p50 ms", "step p99 ms",
    "window p50 ms", "window p99 ms", "RAM MB", "VRAM MB", "parameters", "60 FPS", "status",
)  # fmt: skip

SMOOTHED_POINTS: Final = 60
"""Points of a training curve that are drawn: each the mean of as many neighbours as it takes."""


def report(figures: Figures) -> str:
    """The page's text."""
    page = Page("Backbones compared", "Every backbone on the same windows and budget")
    rows = figures.rows
    page.table(COLUMNS, [_cells(row) for row in rows])
    for remark in remarks(rows):
        page.text(remark.replace("`", ""))
    page.heading("Which one")
    page.table(("",), [(text,) for text in decision_tree(rows, figures.scaling)])
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


def _cells(row: Row) -> tuple[Cell, ...]:
    return (
        row.rank,
        row.backbone,
        nats_text(row),
        row.batches_per_second,
        row.frames_per_second,
        None if row.waiting is None else 100 * row.waiting,
        row.step_p50_ms,
        row.step_p99_ms,
        row.window_p50_ms,
        row.window_p99_ms,
        row.peak_ram_mb,
        row.peak_vram_mb,
        row.parameters,
        row.sixty_fps,
        row.status,
    )


def loss_against_latency(rows: Sequence[Row]) -> Chart | None:
    """A point a backbone; None where none has both figures."""
    points = [
        {
            "backbone": row.backbone,
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
        points,
        "step p99 ms",
        "nats",
        series="backbone",
        label="backbone",
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
            bars(points, "backbone", "frames/s", value_title="window-frames a second"),
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
                line(points, "window", title, series="backbone", points=True, log_x=True, log_y=True), caption
            )
    failed = [row for row in scaling if row["reason"] is not None]
    for row in failed:
        page.text(f"{row['backbone']} at {row['window_size']} frames {row['status']}: {row['reason']}")
