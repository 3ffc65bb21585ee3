"""What a comparison leaves in its folder for people and programs."""

import json
from pathlib import Path
from typing import Any, Final

from exphil.benchmark.figures import Figures, write_figures
from exphil.benchmark.report import report
from exphil.benchmark.table import comparison, remarks, scaling_table
from exphil.benchmark.tree import decision_tree
from exphil.store.atomic import write_bytes

TABLE: Final = "table.md"
REPORT: Final = "report.html"


def write_outputs(folder: Path, figures: Figures) -> None:
    """Write table, Parquet and page, over those of before."""
    write_figures(folder, figures)
    write_bytes(folder / TABLE, table_page(figures).encode())
    write_bytes(folder / REPORT, report(figures).encode())


def table_page(figures: Figures) -> str:
    """`table.md`."""
    lines = ["# Backbones compared", "", *comparison(figures.rows), ""]
    for remark in remarks(figures.rows):
        lines += [remark, ""]
    lines += ["## Which one", "", "```", *decision_tree(figures.rows, figures.scaling), "```", ""]
    if figures.scaling:
        lines += scaling_section(figures)
    return "\n".join(lines).rstrip() + "\n"


def scaling_section(figures: Figures) -> list[str]:
    """Rates and memory against the window's length, as two tables."""
    lines = [
        "## Longer windows",
        "",
        "Window-frames a second in training, the same number of frames in every batch:",
    ]
    lines += [
        "",
        *scaling_table(figures.scaling, "frames_per_second"),
        "",
        "Peak RAM of the process, MB:",
        "",
    ]
    lines += scaling_table(figures.scaling, "peak_ram_mb")
    if any(row["peak_vram_mb"] is not None for row in figures.scaling):
        lines += ["", "Peak VRAM, MB:", "", *scaling_table(figures.scaling, "peak_vram_mb")]
    return [*lines, ""]


def json_rows(figures: Figures) -> list[dict[str, Any]]:
    """The table's rows for `--json`."""
    from dataclasses import asdict

    return [dict(json.loads(json.dumps(asdict(row)))) for row in figures.rows]
