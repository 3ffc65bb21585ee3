"""`exphil evaluate` as people type it: both files, the test side, and one clear line for what cannot be."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from exphil.cli.app import run as run_command
from exphil.melee.controller import HEADS
from exphil.training.runs import WEIGHTS
from tests.cli.outcome import Outcome, Run
from tests.stores import make_store

SMALL = (
    "--backbone", "gru", "--hidden-size", "8", "--num-layers", "1", "--window-size", "12", "--batch-size", "64",
    "--max-steps", "3", "--threads", "1", "--tracker", "none",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store and `models/small`, a run of three batches."""
    folder = tmp_path_factory.mktemp("evaluate")
    make_store(folder / "store", num_frames=130)
    words = ["train", "--store", folder / "store", "--models", folder / "models", "--run", "small", *SMALL]
    assert run_command([str(word) for word in words]) == 0
    return folder


@pytest.fixture
def call(exphil: Run, trained: Path, tmp_path: Path) -> Run:
    """`exphil evaluate` of the small run; files go to a fresh folder."""

    def run(*words: str | Path) -> Outcome:
        return exphil("evaluate", *words, "--models", trained / "models", "--out", tmp_path / "out")

    return run


def one_line(outcome: Outcome) -> str:
    """The error: exactly one line, and nothing on stdout."""
    lines = outcome.err.strip().splitlines()
    assert outcome.out == ""
    assert len(lines) == 1, outcome.err
    return lines[0]


def test_both_files_hold_what_is_asked_for(call: Run, tmp_path: Path) -> None:
    outcome = call("small", "--temperature", "0.5", "--top-p", "0.9")
    assert outcome.code == 0, outcome.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"evaluation.json", "evaluation.html"}
    report: dict[str, Any] = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert report["side"] == "validation"
    assert report["data"]["games"] == 1
    assert report["data"]["viewpoints"] == 2
    streaming = report["streaming"]
    assert list(streaming["policy"]["by_head"]) == list(HEADS)
    assert sum(streaming["policy"]["by_head"].values()) == pytest.approx(streaming["policy"]["nats"])
    assert streaming["num_frames"] == report["cold"]["num_frames"] == report["data"]["frames"]
    assert set(streaming["by"]) == {"change", "phase", "time", "character", "opponent", "stage"}
    assert {row["name"] for row in streaming["by"]["character"]} == {"FOX", "MARTH"}
    ways = report["free_run"]["policy"]
    assert set(ways) == {"temperature 1", "argmax", "temperature 0.5, top-p 0.9"}
    for played in (report["free_run"]["human"], *ways.values()):
        assert played["num_frames"] == streaming["num_frames"]
        assert 0 <= played["frozen"] <= 1
    page = (tmp_path / "out" / "evaluation.html").read_text()
    assert "small: evaluation" in page
    assert "temperature 0.5, top-p 0.9" in page
    assert not re.search(r"""(src|href)=["']https?:""", page)
    assert "time frozen: argmax" in outcome.out
    assert str(tmp_path / "out" / "evaluation.html") in outcome.err


def test_json_is_the_file_on_stdout(call: Run, tmp_path: Path) -> None:
    outcome = call("small", "--side", "test", "--json", "--max-frames", "30")
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert report == json.loads((tmp_path / "out" / "evaluation-test.json").read_text())
    assert report["side"] == "test"
    assert report["data"]["frames"] == 60
    assert (tmp_path / "out" / "evaluation-test.html").is_file()


def test_a_run_on_spans_is_evaluated_on_the_spans_of_the_other_side(
    exphil: Run, trained: Path, tmp_path: Path
) -> None:
    spans = (
        "SELECT replay_id, port, frame AS first_frame, frame + port AS last_frame"
        " FROM segments, unnest([-30, -29, -10]) AS of_game(frame) WHERE 'Joe#1' <> ''"
    )
    words = ("train", "--store", trained / "store", "--models", tmp_path, "--run", "spans", *SMALL)
    assert exphil(*words, "--windows", spans).code == 0
    outcome = exphil("evaluate", "spans", "--models", tmp_path, "--json")
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert report["data"]["viewpoints"] == 2
    frames = (3 + 2) + (4 + 3)  # of port 1: -30 to -28, -10 and -9
    assert (
        report["data"]["frames"]
        == report["streaming"]["num_frames"]
        == report["cold"]["num_frames"]
        == frames
    )
    assert report["free_run"]["human"]["num_frames"] == frames
    assert report["data"]["chosen_by"] == {"windows": spans.replace("Joe#1", "…")}
    page = (tmp_path / "spans" / "evaluation.html").read_text()
    assert "unnest([-30, -29, -10])" in page
    assert "Joe" not in page


def test_files_go_beside_the_run_and_figures_repeat(exphil: Run, trained: Path) -> None:
    words = ("evaluate", trained / "models" / "small", "--max-frames", "20", "--json")
    first, second = (exphil(*words, "--side-by-side", number) for number in ("64", "64"))
    assert first.out == second.out
    assert (trained / "models" / "small" / "evaluation.json").is_file()
    alone = json.loads(exphil(*words, "--side-by-side", "1").out)
    together = json.loads(first.out)
    assert alone["streaming"]["policy"]["nats"] == pytest.approx(together["streaming"]["policy"]["nats"])
    assert (
        alone["free_run"]["policy"]["argmax"]["frozen"] == together["free_run"]["policy"]["argmax"]["frozen"]
    )


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["smal"], 2, "did you mean small"),
        (["small", "--top-p", "0"], 2, "--top-p 0"),
        (["small", "--temperature", "-1"], 2, "--temperature -1"),
        (["small", "--max-frames", "0"], 2, "--max-frames 0"),
        (["small", "--side-by-side", "0"], 2, "--side-by-side 0"),
        (["small", "--threads", "0"], 2, "--threads 0"),
        (["small", "--side", "train"], 2, "side"),
        (["small", "--device", "cuda:99"], 2, "cuda:99"),
        (["small", "--store", "nowhere"], 1, "nowhere"),
    ],
)
def test_what_cannot_be_is_one_line(call: Run, words: list[str], code: int, text: str) -> None:
    outcome = call(*words)
    assert outcome.code == code
    assert text in one_line(outcome)


def test_a_side_without_games_is_an_error(call: Run, exphil: Run, trained: Path) -> None:
    words = ["--store", trained / "store", "--models", trained / "models", "--run", "no-test", *SMALL]
    assert exphil("train", *words, "--split", "80/20/0").code == 0
    outcome = call("no-test", "--side", "test")
    assert outcome.code == 2
    assert "80/20/0" in one_line(outcome)


def test_weights_that_are_no_numbers_are_refused(call: Run, trained: Path) -> None:
    folder = trained / "models" / "broken"
    shutil.copytree(trained / "models" / "small", folder)
    weights = safetensors.torch.load_file(folder / WEIGHTS)
    name = sorted(weights)[0]
    weights[name] = torch.full_like(weights[name], torch.nan)
    with safetensors.safe_open(folder / WEIGHTS, "pt") as file:
        header = file.metadata()
    safetensors.torch.save_file(weights, folder / WEIGHTS, header)
    outcome = call("broken")
    assert outcome.code == 1
    assert "not finite" in one_line(outcome)
