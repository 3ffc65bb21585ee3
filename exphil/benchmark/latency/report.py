"""The latency rows as one HTML page: whole frames, their parts, and the bound that memory sets."""

from collections.abc import Sequence
from typing import Final

from exphil.benchmark.latency.rows import PARTS, LatencyRow
from exphil.benchmark.latency.table import latency_remarks, runtime_text
from exphil.benchmark.results import OK
from exphil.pages.cells import Cell
from exphil.pages.charts import Chart, bars
from exphil.pages.page import Page

EXPORTED: Final = "onnx"


def latency_report(rows: Sequence[LatencyRow]) -> str:
    """The page's text."""
    page = Page(
        "Latency of a decision", "From the bytes of a frame's events to the controller's pipe, one thread"
    )
    measured = [row for row in rows if row.status == OK]
    page.table(
        (
            "backbone", "runtime", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "worst ms", "own p99 ms",
            "over a frame",
        ),
        [
            (
                row.backbone,
                runtime_text(row),
                row.p50_ms,
                row.p95_ms,
                row.p99_ms,
                row.p999_ms,
                row.max_ms,
                row.own_p99_ms,
                row.over_budget,
            )
            for row in rows
        ],
    )  # fmt: skip
    for remark in latency_remarks(rows):
        page.text(remark.replace("`", "").replace("*", ""))
    if measured:
        _charts(page, measured)
    return page.html()


def _charts(page: Page, measured: Sequence[LatencyRow]) -> None:
    page.heading("Whole frames")
    page.chart(whole_frames(measured), "p99 of the whole path, of each backbone on each runtime.")
    # torch takes so long that beside it nothing else could be seen
    small = [row for row in measured if row.runtime == EXPORTED] or list(measured)
    page.heading("Part by part")
    page.chart(
        part_by_part(small),
        "Each part's median, end to end; the step without the sampling, which has a piece of its own.",
    )
    columns = ("backbone", "runtime", *(f"{part} µs" for part in PARTS))
    page.table(columns, _parts(measured, "p50"), "Each part's median (p50), in microseconds.")
    page.table(columns, _parts(measured, "p99"), "Each part's 99th percentile (p99), in microseconds.")
    page.heading("Beside the bound")
    page.chart(
        beside_the_bound(small),
        "A step's median beside the least that reading its weights once takes, from main memory and from the caches.",
    )
    page.table(
        (
            "backbone", "runtime", "step p50 ms", "weights once ms", "cached ms", "weights MB", "parameters",
            "state bytes",
        ),
        [
            (
                row.backbone,
                runtime_text(row),
                row.step_p50_ms,
                row.weights_ms,
                row.cached_ms,
                None if row.weights_bytes is None else row.weights_bytes / 1e6,
                row.parameters,
                row.state_bytes,
            )
            for row in measured
        ],
    )  # fmt: skip


def whole_frames(rows: Sequence[LatencyRow]) -> Chart:
    """p99 of each backbone, a bar a runtime."""
    points = [
        {"backbone": row.backbone, "runtime": runtime_text(row), "p99 ms": row.p99_ms, "p50 ms": row.p50_ms}
        for row in rows
    ]
    return bars(points, "backbone", "p99 ms", series="runtime", value_title="p99 of the whole path, ms")


def part_by_part(rows: Sequence[LatencyRow]) -> Chart:
    """Medians of the parts, end to end."""
    pieces = []
    for row in rows:
        label = f"{row.backbone} {runtime_text(row)}"
        spent = {part: getattr(row, f"{part}_p50_ms") for part in PARTS}
        if spent["step"] is not None and spent["sampling"] is not None:
            spent["step"] = max(0.0, spent["step"] - spent["sampling"])
        pieces += [{"policy": label, "part": part, "ms": ms} for part, ms in spent.items() if ms is not None]
    return bars(pieces, "policy", "ms", series="part", value_title="median, ms", stacked=True)


def beside_the_bound(rows: Sequence[LatencyRow]) -> Chart:
    """A step, and both bounds, a bar each."""
    points = [
        {"policy": f"{row.backbone} {runtime_text(row)}", "time": name, "ms": ms}
        for row in rows
        for name, ms in (
            ("step, p50", row.step_p50_ms),
            ("weights once", row.weights_ms),
            ("cached", row.cached_ms),
        )
        if ms is not None
    ]
    return bars(points, "policy", "ms", series="time", value_title="ms")


def _parts(rows: Sequence[LatencyRow], percentile: str) -> list[list[Cell]]:
    return [
        [row.backbone, runtime_text(row), *(_microseconds(row, f"{part}_{percentile}_ms") for part in PARTS)]
        for row in rows
    ]


def _microseconds(row: LatencyRow, name: str) -> int | None:
    milliseconds = getattr(row, name)
    return None if milliseconds is None else round(1e3 * milliseconds)
