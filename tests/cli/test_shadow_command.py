"""`exphil play RUN --shadow FILE` as people type it."""

import json
from pathlib import Path

import pytest

from tests.cli.outcome import Outcome, Run
from tests.play.exported import export_run, save_run
from tests.play.policies import tiny
from tests.play.recordings import synthesised

pytest.importorskip("enet")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of `game.slp` and `models/small`, a run that was exported."""
    folder, policy = tmp_path_factory.mktemp("shadow"), tiny("mlp")
    export_run(save_run(folder / "models", "small", policy), policy)
    synthesised(folder / "games").rename(folder / "game.slp")
    return folder


@pytest.fixture
def call(exphil: Run, trained: Path) -> Run:
    """`exphil play small --shadow game.slp --fast`, and more words."""

    def run(*words: str | Path) -> Outcome:
        game = trained / "game.slp"
        return exphil("play", "small", "--models", trained / "models", "--shadow", game, "--fast", *words)

    return run


def test_it_reports_in_json(call: Run) -> None:
    outcome = call("--json", "--seed", "3", "--runtime", "torch")
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert (report["run"], report["backbone"], report["runtime"]) == ("small", "mlp", "torch")
    assert report["seed"] == 3
    assert report["game"]["complete"]
    assert [player["likelihood"]["nats"] > 0 for player in report["players"]] == [True, True]


def test_it_reports_in_tables(call: Run) -> None:
    outcome = call()
    assert outcome.code == 0, outcome.err
    for word in ("missed", "whole path", "policy step", "same input", "button_a", "shoulder"):
        assert word in outcome.out
    assert "against" in outcome.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--stage", "fd"), "--stage has no meaning with --shadow"),
        (("--dolphin", "x"), "--dolphin has no meaning with --shadow"),
        (("--delay", "2"), "--delay has no meaning with --shadow"),
        (("--opponent", "cpu"), "--opponent has no meaning with --shadow"),
        (("--slippi-port", "70000"), "--slippi-port 70000: give one from 1 to 65535"),
        (("--runtime", "int8"), "exphil export small --onnx --int8"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(call: Run, words: tuple[str, ...], told: str) -> None:
    outcome = call(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    (line,) = outcome.err.strip().splitlines()
    assert told in line


def test_fast_needs_a_recording(exphil: Run, trained: Path) -> None:
    outcome = exphil("play", "small", "--models", trained / "models", "--fast")
    assert (outcome.code, outcome.err.strip()) == (
        2, "error: --fast goes with --shadow FILE.slp; Dolphin keeps its own pace",
    )  # fmt: skip
