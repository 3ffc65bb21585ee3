"""`exphil benchmark` as people type it."""

import json
from pathlib import Path

import pytest

from exphil.benchmark.figures import CURVES, RESULTS, SCALING
from exphil.benchmark.outputs import REPORT, TABLE
from tests.cli.outcome import Run
from tests.stores import make_store

REPOSITORY = Path(__file__).resolve().parents[2]

SMALL = (
    "--backbones", "mlp", "--stages", "train", "--window-size", "12", "--batch-size", "16", "--epochs", "1",
    "--max-steps", "2", "--set", "hidden_size=8", "--set", "threads=1", "--set", "head_units=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("benchmark") / "store")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def test_a_table_and_a_second_call_that_measures_nothing_again(
    exphil: Run, store: Path, tmp_path: Path
) -> None:
    first = exphil("benchmark", "--store", store, "--out", tmp_path, *SMALL)
    assert first.code == 0, first.err
    assert "| 1 | `mlp` |" in first.out
    assert "[1/1] train mlp, seed 0 (about " in first.err
    for name in (TABLE, REPORT, RESULTS, CURVES, SCALING):
        assert (tmp_path / name).exists()
    second = exphil("benchmark", "--store", store, "--out", tmp_path, *SMALL, "--json")
    assert second.code == 0, second.err
    assert "1 of 1 measurements are there already" in second.err
    [row] = json.loads(second.out)
    assert (row["backbone"], row["rank"], row["steps"], row["seeds"]) == ("mlp", 1, 2, [0])
    assert row["games"] == 10


def test_a_benchmark_in_which_nothing_ended_well_fails(exphil: Run, store: Path, tmp_path: Path) -> None:
    outcome = exphil(
        "benchmark", "--store", store, "--out", tmp_path, *SMALL, "--set", "where=frames > 99999999"
    )
    assert outcome.code == 1
    assert "| - | `mlp` | failed |" in outcome.out
    assert "`mlp` failed in train, seed 0: " in outcome.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--backbones", "mmaba"], 2, "did you mean mamba?"),
        (["--stages", "trian"], 2, "did you mean train?"),
        (["--seeds", "0"], 2, "--seeds 0 must be at least 1"),
        (["--rounds", "0"], 2, "--rounds 0 must be at least 1"),
        (["--epochs", "0"], 2, "--epochs 0 must be at least 1"),
        (["--set", "hiden_size=8"], 2, "did you mean hidden_size"),
        (["--set", "hidden_size"], 2, "give NAME=VALUE"),
        (["--backbones", "mlp", "--set", "num_heads=2"], 2, "none of mlp has it"),
        (["--set", "hidden_size=none"], 2, "hidden_size"),
    ],
)
def test_what_cannot_be_is_one_line(
    exphil: Run, store: Path, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    outcome = exphil("benchmark", "--store", store, "--out", tmp_path / "out", *words)
    assert outcome.code == code
    assert len(outcome.err.splitlines()) == 1, outcome.err
    assert message in outcome.err
    assert not (tmp_path / "out").exists()


def test_no_store_is_one_line(exphil: Run, tmp_path: Path) -> None:
    outcome = exphil("benchmark", "--store", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
