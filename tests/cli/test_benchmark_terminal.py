"""`exphil benchmark --latency` on a terminal: whole frames in a table that fits, not Markdown."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exphil.benchmark.jobs import Job
from exphil.benchmark.results import OK, Result, write_result
from exphil.cli.benchmark import benchmark
from exphil.play.spread import PERCENTILES
from exphil.synth.generate import synthesise


def test_a_short_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(
        jobs: Sequence[Job], folder: Path, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        for job in jobs:
            figures = {**dict.fromkeys(PERCENTILES, 1.25), "frames": 50, "over_budget": 0, "company": 0.0}
            write_result(folder, job, Result(job.stage, job.backbone, 0, OK, None, figures))

    synthesise(tmp_path / "games", count=1, max_frames=200)
    monkeypatch.setattr("exphil.benchmark.latency.run.run_jobs", measured)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    code = benchmark(
        latency=True,
        store=tmp_path / "none",
        replays=tmp_path / "games",
        frames=50,
        backbones="sliding_window",
        out=tmp_path / "out",
    )
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert code == 0
    assert "1.25" in shown
    assert "| --- |" not in shown
    assert "*Own*" not in shown
    table = [line for line in shown.splitlines() if "│" in line or "┃" in line]
    assert len(table) == 1 + 3, "one line a row, the head's too"
    assert max(map(len, table)) <= 80
