"""`exphil benchmark --latency` as people type it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exphil.benchmark.jobs import Job
from exphil.benchmark.latency.outputs import REPORT, ROWS, TABLE
from exphil.benchmark.results import FAILED, OK, Result, write_result
from exphil.play.spread import PERCENTILES
from exphil.synth.generate import synthesise
from tests.cli.outcome import Run


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("games")
    synthesise(folder, count=1, max_frames=200)
    return folder


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Measurements that take no time: torch answers in 3 ms, onnxruntime in 1 ms; lstm fails."""
    done: list[Job] = []

    def run(
        jobs: Sequence[Job], folder: Path, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        for job in jobs:
            done.append(job)
            took = 3.0 if "torch" in job.name else 1.0
            figures = {**dict.fromkeys(PERCENTILES, took), "frames": 50, "weights_ms": 0.1, "company": 0.0}
            status, reason = (FAILED, "out of luck") if job.backbone == "lstm" else (OK, None)
            write_result(
                folder,
                job,
                Result(job.stage, job.backbone, 0, status, reason, figures if reason is None else {}),
            )
        changed()

    monkeypatch.setattr("exphil.benchmark.latency.run.run_jobs", run)
    return done


def test_rows_for_programs(exphil: Run, instant: list[Job], replays: Path, tmp_path: Path) -> None:
    words = ("--latency", "--replays", replays, "--frames", "50", "--backbones", "mlp,gru")
    outcome = exphil("benchmark", *words, "--out", tmp_path, "--store", tmp_path / "none", "--json")
    assert outcome.code == 0, outcome.err
    rows = json.loads(outcome.out)
    assert [(row["backbone"], row["runtime"], row["precision"]) for row in rows] == [
        (name, *runtime)
        for name in ("mlp", "gru")
        for runtime in (("torch", "fp32"), ("onnx", "fp32"), ("onnx", "int8"))
    ]
    assert all(
        {"p50_ms", "p95_ms", "p99_ms", "p999_ms", "max_ms", "weights_ms"} <= row.keys() for row in rows
    )
    assert [row["p99_ms"] for row in rows[:2]] == [3.0, 1.0]
    assert len(instant) == 6


def test_a_table_and_three_files(exphil: Run, instant: list[Job], small_store: Path, tmp_path: Path) -> None:
    words = ("--latency", "--store", small_store, "--frames", "50", "--backbones", "lstm,gru")
    outcome = exphil("benchmark", *words, "--set", "hidden_size=64", "--out", tmp_path)
    assert outcome.code == 0, outcome.err
    assert "| `gru` | onnx int8 | 1.000 |" in outcome.out
    assert "`lstm` torch fp32 failed: out of luck." in outcome.out
    assert "hidden size 64" in outcome.out
    for name in (TABLE, REPORT, ROWS):
        assert (tmp_path / name).exists()
        assert name in outcome.err


def test_nothing_that_ended_well_fails(
    exphil: Run, instant: list[Job], replays: Path, tmp_path: Path
) -> None:
    outcome = exphil("benchmark", "--latency", "--replays", replays, "--backbones", "lstm", "--out", tmp_path)
    assert outcome.code == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--latency", "--seeds", "3"], 2, "--seeds has no part in --latency"),
        (["--latency", "--stages", "speed"], 2, "--stages has no part in --latency"),
        (["--latency", "--epochs", "9"], 2, "--epochs has no part in --latency"),
        (["--latency", "--frames", "0"], 2, "--frames 0 must be at least 1"),
        (["--latency", "--backbones", "mmaba"], 2, "did you mean mamba?"),
        (["--latency", "--replays", "nowhere"], 2, "nowhere"),
        (["--latency"], 1, "store"),
        (["--frames", "20"], 2, "--frames goes with --latency only"),
        (["--replays", "games"], 2, "--replays goes with --latency only"),
    ],
)
def test_what_cannot_be_is_one_line(
    exphil: Run, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    outcome = exphil("benchmark", "--store", tmp_path / "none", "--out", tmp_path / "out", *words)
    assert outcome.code == code, outcome.err
    assert len(outcome.err.splitlines()) == 1, outcome.err
    assert message in outcome.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [("--latency",), ()])
def test_results_go_into_a_folder(exphil: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    outcome = exphil("benchmark", *words, "--out", tmp_path / "file")
    assert (outcome.code, outcome.err) == (
        2,
        f"error: --out {tmp_path / 'file'} is a file; name a folder for the results\n",
    )
