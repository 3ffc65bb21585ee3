"""The latency rows as one HTML page: whole frames, their parts, and the bound that memory sets."""

from collections.abc import Sequence

from exphil.benchmark.latency_rows import PARTS, LatencyRow
from exphil.benchmark.latency_table import latency_remarks, runtime_text
from exphil.benchmark.results import OK
from exphil.pages.cells import Cell
from exphil.pages.charts import Chart, scatter
from exphil.pages.page import Page


def latency_report(rows: Sequence[LatencyRow]) -> str:
    """The page's text."""
    page = Page(
        "Latency of a decision", "From the bytes of a frame's events to the controller's pipe, one thread"
    )
    measured = [row for row in rows if row.status == OK]
    page.table(
        ("backbone", "runtime", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "worst ms", "over a frame"),
        [
            (
                row.backbone,
                runtime_text(row),
                row.p50_ms,
                row.p95_ms,
                row.p99_ms,
                row.p999_ms,
                row.max_ms,
                row.over_budget,
            )
            for row in rows
        ],
    )
    for remark in latency_remarks(rows):
        page.text(remark.replace("`", "").replace("*", ""))
    if measured:
        page.heading("Beside the bound")
        page.chart(
            beside_the_bound(measured),
            "Each point a backbone on a runtime: p99 of the whole path against the least that reading its weights"
            " once from main memory takes.",
        )
        page.heading("Part by part")
        page.table(("backbone", "runtime", *(f"{part} ms" for part in PARTS)), _parts(measured, "p50"), "p50")
        page.table(("backbone", "runtime", *(f"{part} ms" for part in PARTS)), _parts(measured, "p99"), "p99")
        page.table(
            (
                "backbone",
                "runtime",
                "weights MB",
                "weights once ms",
                "cached ms",
                "parameters",
                "state bytes",
            ),
            [
                (
                    row.backbone,
                    runtime_text(row),
                    None if row.weights_bytes is None else row.weights_bytes / 1e6,
                    row.weights_ms,
                    row.cached_ms,
                    row.parameters,
                    row.state_bytes,
                )
                for row in measured
            ],
        )
    return page.html()


def beside_the_bound(rows: Sequence[LatencyRow]) -> Chart:
    """A point a row."""
    points = [
        {
            "runtime": runtime_text(row),
            "backbone": row.backbone,
            "weights once ms": row.weights_ms,
            "p99 ms": row.p99_ms,
        }
        for row in rows
    ]
    return scatter(
        points,
        "weights once ms",
        "p99 ms",
        series="runtime",
        label="backbone",
        x_title="reading the weights once, ms",
        y_title="p99 of the whole path, ms",
    )


def _parts(rows: Sequence[LatencyRow], percentile: str) -> list[list[Cell]]:
    return [
        [row.backbone, runtime_text(row), *(getattr(row, f"{part}_{percentile}_ms") for part in PARTS)]
        for row in rows
    ]
