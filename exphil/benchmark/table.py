"""The table in Markdown, with the conditions that it holds under."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exphil.benchmark.results import OK
from exphil.benchmark.rows import CROWDED, RESERVED_MS, Row

MOST_LISTED: Final = 2
"""Values that rows differ in are listed up to so many."""

COLUMNS: Final = (
    "rank", "backbone", "validation nats", "batches/s", "frames/s", "waiting", "step p50 / p99",
    "window p50 / p99", "RAM", "VRAM", "parameters", "60 FPS",
)  # fmt: skip


def comparison(rows: Sequence[Row]) -> list[str]:
    """Lines of the table, the two baselines under the backbones."""
    cells = [cells_of(row) for row in rows]
    first = next((row for row in rows if row.repeat is not None), None)
    if first is not None:
        for name in ("repeat", "marginal"):
            empty = [""] * (len(COLUMNS) - 3)
            cells.append(["", f"*{name}*", f"{getattr(first, name):.4f}", *empty])
    return markdown(COLUMNS, cells, right=set(COLUMNS) - {"backbone", "60 FPS"})


def cells_of(row: Row) -> list[str]:
    """A row as the table shows it."""
    return [
        shown(row.rank) if row.rank else "-",
        f"`{row.backbone}`",
        nats_text(row),
        shown(row.batches_per_second, 2),
        shown(row.frames_per_second),
        share(row.waiting),
        pair(row.step_p50_ms, row.step_p99_ms),
        pair(row.window_p50_ms, row.window_p99_ms),
        megabytes(row.peak_ram_mb),
        megabytes(row.peak_vram_mb),
        shown(row.parameters),
        "" if row.sixty_fps is None else "yes" if row.sixty_fps else "no",
    ]


def nats_text(row: Row) -> str:
    """`1.1635 ± 0.0020`, or why there is no such figure."""
    if row.nats is None:
        return "" if row.status == OK else row.status
    spread = f" ± {row.nats_spread:.4f}" if row.nats_spread is not None else ""
    return f"{row.nats:.4f}{spread}" + (f" ({row.status})" if row.status != OK else "")


def remarks(rows: Sequence[Row]) -> list[str]:
    """Sentences under the table: conditions, how each figure is meant, and what went wrong."""
    if not rows:
        return ["Nothing has been measured yet."]
    found = [*_conditions(rows), _meaning(rows)]
    below = _against_baselines(rows)
    if below:
        found.append(below)
    crowded = [row for row in rows if (row.company or 0.0) >= CROWDED]
    if crowded:
        most = max(row.company or 0.0 for row in crowded)
        found.append(
            f"Other programs took up to {most:.0%} of the machine while some of this was timed"
            f" ({', '.join(f'`{row.backbone}`' for row in crowded)}): those rates and latencies are too pessimistic."
        )
    found += [f"`{row.backbone}` {row.status} in {row.reason}." for row in rows if row.status != OK]
    return found


def _conditions(rows: Sequence[Row]) -> list[str]:
    """What all rows share; a value that differs between them is listed."""

    def several(name: str) -> str:
        return _differing(rows, name)

    games = f" of {several('games')} games" if any(row.games is not None for row in rows) else ""
    most = f" but at most {several('max_steps')} steps" if rows[0].max_steps is not None else ""
    trained = any(row.nats is not None for row in rows)
    budget = f"{several('epochs')} epochs{games}{most}, windows" if trained else "Windows"
    seeds = sorted({len(row.seeds) for row in rows if row.seeds})
    device = f", {several('gpu')}" if rows[0].gpu else ""
    versions = f"torch {several('torch')}, {_revision(rows)}"
    return [
        f"{budget} of {several('window_size')} frames, batches of {several('batch_size')} windows,"
        f" hidden size {several('hidden_size')}"
        + (f"; {' or '.join(map(str, seeds))} seed{'s' if seeds[-1] > 1 else ''} each" if seeds else "")
        + ". Data, order of windows and budget are the same for all; learning rate and shape are each preset's.",
        f"{several('processor')}, {several('cores')} cores{device}; {several('threads')} threads in training;"
        f" {versions}; {(rows[0].begun or '')[:10]}.",
    ]


def _meaning(rows: Sequence[Row]) -> str:
    spread = (
        " ± is the standard deviation over seeds." if any(row.nats_spread is not None for row in rows) else ""
    )
    return (
        "Nats a frame, summed over the 13 heads, on the validation side after the last epoch; less is better."
        f"{spread} Rates are of training batches, median of rounds in which the backbones took turns; waiting is"
        " the share of that time spent on data. Latency is one decision of the whole policy, from a frame's row to an"
        " input, at batch 1 on one CPU thread: a step from the kept memory, or a whole window. RAM is the training"
        f" process at its peak, mapped data included. 60 FPS: p99 of a step leaves {RESERVED_MS:g} ms of a frame."
    )


def _against_baselines(rows: Sequence[Row]) -> str:
    ended = [
        row for row in rows if row.nats is not None and row.repeat is not None and row.marginal is not None
    ]
    if not ended:
        return ""
    above = [row for row in ended if (row.nats or 0.0) >= min(row.repeat or 0.0, row.marginal or 0.0)]
    if above:
        return f"Not below both baselines: {', '.join(f'`{row.backbone}`' for row in above)}."
    return f"All {len(ended)} that ended are below both baselines."


def _revision(rows: Sequence[Row]) -> str:
    """Of the code, with `+` where it had been changed."""
    found = {row.git for row in rows if row.git is not None}
    if len(found) == 1:
        revision = found.pop()
        return f"revision {revision[:12]}{'+' if revision.endswith('+') else ''}"
    return f"{len(found)} revisions of the code" if found else "a released version"


def _differing(rows: Sequence[Row], name: str) -> str:
    values = dict.fromkeys(value for row in rows if (value := getattr(row, name)) is not None)
    if len(values) > MOST_LISTED:
        return f"{len(values)} different"
    return " / ".join(map(str, values)) or "unknown"


def scaling_table(rows: Sequence[Mapping[str, Any]], name: str, form: str = ",.0f") -> list[str]:
    """One figure of the scaling stage: a line a backbone, a column a window."""
    windows = sorted({row["window_size"] for row in rows})
    by_place = {(row["backbone"], row["window_size"]): row for row in rows}
    cells = []
    for backbone in dict.fromkeys(row["backbone"] for row in rows):
        line = [f"`{backbone}`"]
        for window in windows:
            row = by_place.get((backbone, window))
            value = None if row is None else row[name]
            line.append("" if row is None else row["status"] if value is None else format(value, form))
        cells.append(line)
    heads = ("backbone", *(str(window) for window in windows))
    return markdown(heads, cells, right=set(heads[1:]))


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: set[str]) -> list[str]:
    """A table; the columns in `right` are set flush right."""
    rule = ["---:" if name in right else "---" for name in columns]
    return [f"| {' | '.join(line)} |" for line in (columns, rule, *rows)]


def shown(value: float | None, digits: int = 0) -> str:
    """A number in groups of thousands; nothing for what was not measured."""
    return "" if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"


def share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def pair(first: float | None, second: float | None) -> str:
    """Two times in milliseconds."""
    return "" if first is None or second is None else f"{first:.2f} / {second:.2f} ms"


def megabytes(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} MB"
