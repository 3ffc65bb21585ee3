"""What a measurement of latency leaves in its folder for people and programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from exphil.benchmark.latency.report import latency_report
from exphil.benchmark.latency.rows import LatencyRow
from exphil.benchmark.latency.table import latency_page_text
from exphil.errors import StoreError
from exphil.store.atomic import write_bytes

ROWS: Final = "latency.json"
TABLE: Final = "latency.md"
REPORT: Final = "latency.html"


def write_latency(folder: Path, rows: Sequence[LatencyRow]) -> None:
    """Write rows, table and page, over those of before."""
    write_bytes(folder / ROWS, (json.dumps(json_latency(rows), indent=1) + "\n").encode())
    write_bytes(folder / TABLE, latency_page_text(rows).encode())
    write_bytes(folder / REPORT, latency_report(rows).encode())


def json_latency(rows: Sequence[LatencyRow]) -> list[dict[str, Any]]:
    """The rows for `--json`."""
    return [asdict(row) for row in rows]


def read_latency(path: Path) -> list[LatencyRow]:
    """Back from `write_latency`.

    Raises:
        StoreError: the file is not there, or none of ours.
    """
    try:
        return [LatencyRow(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{path} cannot be read ({error}); copy it from the folder of an `exphil benchmark --latency`"
        ) from error
