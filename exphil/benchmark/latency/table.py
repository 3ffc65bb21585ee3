"""The latency rows as Markdown: what a frame takes, part by part, and what the figures mean."""

from collections.abc import Sequence
from typing import Final

from exphil.benchmark.latency.rows import PARTS, LatencyRow
from exphil.benchmark.results import OK
from exphil.benchmark.rows import CROWDED, FRAME_MS
from exphil.benchmark.table import markdown, shown

COLUMNS: Final = (
    "backbone", "runtime", "p50", "p95", "p99", "p99.9", "worst", "own p50", "own p99", "over a frame",
    "weights once", "cached", "weights",
)  # fmt: skip

DIGITS: Final = 3
"""Of a millisecond: the pipe takes a few thousandths."""


def whole_path(rows: Sequence[LatencyRow]) -> list[str]:
    """Lines of the table of whole frames."""
    cells = [
        [
            f"`{row.backbone}`",
            runtime_text(row),
            *(
                shown(value, DIGITS)
                for value in (
                    row.p50_ms,
                    row.p95_ms,
                    row.p99_ms,
                    row.p999_ms,
                    row.max_ms,
                    row.own_p50_ms,
                    row.own_p99_ms,
                )
            ),
            shown(row.over_budget) if row.status == OK else row.status,
            shown(row.weights_ms, DIGITS),
            shown(row.cached_ms, DIGITS),
            "" if row.weights_bytes is None else f"{row.weights_bytes / 1e6:.2f} MB",
        ]
        for row in rows
    ]
    return markdown(COLUMNS, cells, right=set(COLUMNS) - {"backbone", "runtime"})


def parts(rows: Sequence[LatencyRow]) -> list[str]:
    """Lines of the table of a frame's parts, p50 / p99 in microseconds."""
    measured = [row for row in rows if row.status == OK]
    heads = ("backbone", "runtime", *PARTS)
    cells = [
        [
            f"`{row.backbone}`",
            runtime_text(row),
            *(_both(getattr(row, f"{part}_p50_ms"), getattr(row, f"{part}_p99_ms")) for part in PARTS),
        ]
        for row in measured
    ]
    return markdown(heads, cells, right=set(PARTS)) if measured else []


def _both(p50: float | None, p99: float | None) -> str:
    return "" if p50 is None or p99 is None else f"{round(1e3 * p50):,} / {round(1e3 * p99):,}"


def latency_page_text(rows: Sequence[LatencyRow]) -> str:
    """`latency.md`."""
    return "\n".join(["# Latency of a decision", "", *latency_lines(rows)]).rstrip() + "\n"


def latency_lines(rows: Sequence[LatencyRow]) -> list[str]:
    """Both tables with what is said of them."""
    if not rows:
        return ["Nothing has been measured yet.", ""]
    lines = [
        "Milliseconds of one frame, from the bytes of its events to the bytes in the controller's pipe:",
        "",
    ]
    lines += [*whole_path(rows), ""]
    if divided := parts(rows):
        lines += ["By part, in microseconds, p50 / p99:", "", *divided, ""]
    for remark in latency_remarks(rows):
        lines += [remark, ""]
    return lines


def latency_remarks(rows: Sequence[LatencyRow], *, explained: bool = True) -> list[str]:
    """Sentences under the tables: conditions, what the columns mean if `explained`, and what went wrong."""
    found = [*_conditions(rows), *([_meaning()] if explained else [])]
    crowded = [row for row in rows if (row.company or 0.0) >= CROWDED]
    if crowded:
        most = max(row.company or 0.0 for row in crowded)
        found.append(
            f"Other programs took up to {most:.0%} of the machine while {len(crowded)} of {len(rows)} rows were"
            " measured: those times are too pessimistic, the worst ones above all."
        )
    found += [
        f"`{row.backbone}` {runtime_text(row)} {row.status}: {row.reason}."
        for row in rows
        if row.status != OK
    ]
    return found


def short_rows(rows: Sequence[LatencyRow]) -> tuple[tuple[str, ...], list[list[str]]]:
    """(columns, cells) of whole frames that fit into a terminal of 80 columns."""
    cells = [
        [
            row.backbone,
            runtime_text(row),
            *(shown(value, 2) for value in (row.p50_ms, row.p95_ms, row.p99_ms, row.p999_ms, row.max_ms)),
            shown(row.over_budget) if row.status == OK else row.status,
        ]
        for row in rows
    ]
    return ("backbone", "runtime", "p50", "p95", "p99", "p99.9", "worst", "late"), cells


def runtime_text(row: LatencyRow) -> str:
    """`onnx int8`."""
    return f"{row.runtime} {row.precision}"


def _conditions(rows: Sequence[LatencyRow]) -> list[str]:
    measured = [row for row in rows if row.status == OK]
    if not measured:
        return []
    first = measured[0]
    revision = f"revision {first.git[:12]}{'+' if first.git.endswith('+') else ''}" if first.git else ""
    versions = [
        f"torch {first.torch}" if first.torch else "",
        next((f"onnxruntime {row.onnxruntime}" for row in measured if row.onnxruntime), ""),
        revision,
    ]
    sizes = " / ".join(map(str, dict.fromkeys(row.hidden_size for row in rows)))
    layers = ", ".join(
        f"{name} {layers}" for name, layers in dict.fromkeys((row.backbone, row.num_layers) for row in rows)
    )
    rate = max(row.memory_gb_s or 0.0 for row in measured)
    return [
        f"{first.frames:,} frames of {first.games} games, hidden size {sizes}, layers: {layers}. One thread, batch 1.",
        f"{first.processor}, {first.cores} cores, memory read at {rate:.1f} GB/s by one thread;"
        f" {', '.join(filter(None, versions))}; {(first.begun or '')[:10]}.",
    ]


def _meaning() -> str:
    return (
        "*Own*: the processor's time alone, without waiting for it while other programs had it."
        f" *Over a frame*: frames that took longer than {FRAME_MS:.1f} ms. *Weights once*: the least that reading all"
        " weights from main memory takes; *cached*: the same where the caches hold what fits into them. A step"
        " can be faster than the first, not than the second. *Reading* finds a frame's events in the stream, *features*"
        " makes the row of them, *step* runs the policy, of which *sampling* is the heads' share, *pipe* writes"
        " the input."
    )
