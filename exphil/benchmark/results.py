"""What a job came to: a small file each, replaced whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from exphil.benchmark.jobs import RESULTS, Job
from exphil.store.atomic import write_bytes

LOGS: Final = "logs"
RUNS: Final = "runs"

OK: Final = "ok"
DIVERGED: Final = "diverged"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """A finished job.

    Attributes:
        stage, backbone, number: which job.
        status: `OK`, `DIVERGED` (no finite loss: an answer, kept) or `FAILED` (tried again by the next call).
        reason: one line, unless `OK`.
        figures: what was measured, by name; what there is of it where training diverged.
        options: of the run.
        made_with: code and data.
        machine: where.
        seconds: that the job took.
    """

    stage: str
    backbone: str
    number: int
    status: str
    reason: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def result_path(folder: Path, job: Job) -> Path:
    """Where a job's result lies."""
    return folder / RESULTS / f"{job.name}.json"


def write_result(folder: Path, job: Job, result: Result) -> None:
    """Keep a result."""
    write_bytes(result_path(folder, job), (json.dumps(asdict(result), indent=1) + "\n").encode())


def read_result(folder: Path, job: Job) -> Result | None:
    """A job's result; None where there is none, or none that can be read."""
    try:
        return Result(**json.loads(result_path(folder, job).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
