"""`exphil play` at Dolphin as people type it; Dolphin is a program that behaves like it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from exphil.play.engine import Engine
from exphil.play.engines import Runtime, open_engine
from exphil.synth.generate import synthesise
from exphil.training.runs import Run as TrainedRun
from tests.cli.outcome import Outcome, Run
from tests.play.exported import export_run, save_run
from tests.play.policies import tiny
from tests.play.staged import ROOT, Staged

pytest.importorskip("melee")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the fake Dolphin is a script with named pipes"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of `models/small`, an exported run, and of a game that the fake Dolphin plays."""
    folder, policy = tmp_path_factory.mktemp("play"), tiny("mlp")
    export_run(save_run(folder / "models", "small", policy), policy)
    synthesise(folder / "games", count=1, max_frames=200, versions=((3, 18, 0),), workers=1)
    return folder


@pytest.fixture
def staged(trained: Path, tmp_path: Path) -> Staged:
    return Staged(tmp_path, sorted((trained / "games").rglob("*.slp")))


def words(trained: Path, staged: Staged, *more: str | Path) -> list[str]:
    given = (
        "play", "small", "--models", trained / "models", "--dolphin", staged.dolphin, "--iso", staged.iso,
        "--slippi-port", staged.slippi_port, *more,
    )  # fmt: skip
    return [str(word) for word in given]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def one_line(outcome: Outcome) -> str:
    """The error: exactly one line, and nothing on stdout."""
    lines = outcome.err.strip().splitlines()
    assert outcome.out == ""
    assert len(lines) == 1, outcome.err
    return lines[0]


def test_a_run_plays_against_itself(
    exphil: Run, trained: Path, staged: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def counted(run: TrainedRun, runtime: Runtime = "auto") -> tuple[Engine, str]:
        opened.append(run.name)
        return open_engine(run, runtime)

    monkeypatch.setattr("exphil.play.engines.open_engine", counted)
    staged.plan("menus", "game 0", "exit 0", patience=0.02)
    itself = trained / "models" / "small"  # by its folder: the same run
    outcome = exphil(*words(trained, staged, "--opponent", itself, "--opponent-character", "doc", "--json"))
    assert outcome.code == 0
    assert opened == ["small"]  # one engine for both, so that they are one batch
    report: dict[str, Any] = json.loads(outcome.out)
    assert (report["run"], report["runtime"], len(report["games"])) == ("small", "onnx", 1)
    assert [player["run"] for player in report["players"]] == ["small", "small"]
    assert report["frames"] > 100
    assert outcome.err.startswith("starting Dolphin\n")
    (left,) = staged.logged(menus="left")
    assert left["stage"] == "RANDOM"
    assert {tuple(line["pads"]) for line in staged.logged(game=0)} == {("1", "2")}


def test_the_summary_is_a_table(exphil: Run, trained: Path, staged: Staged) -> None:
    staged.plan("menus", "game 0", "exit 0", human=2, human_starts=True, patience=0.02)
    outcome = exphil(*words(trained, staged, "--runtime", "torch"))
    assert outcome.code == 0
    assert [line.split()[0] for line in outcome.out.splitlines()[:4]] == [
        "games",
        "frames",
        "missed",
        "latency",
    ]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_dolphin_and_still_reports(trained: Path, staged: Staged, sent: signal.Signals) -> None:
    staged.plan("menus", "game 0", "pause 60", human=2, human_starts=True, patience=0.02)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "exphil.cli", *words(trained, staged, "--json")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        for _ in range(600):
            if process.poll() is not None or (staged.log.exists() and staged.logged(frame=-100)):
                break
            time.sleep(0.05)
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.strip().endswith("stopped by Ctrl-C or SIGTERM")
    assert "Traceback" not in err
    assert len(json.loads(out)["games"]) == 1
    assert not is_running(int(staged.logged(frame=-100)[0]["process"]))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("small",), "--dolphin and --iso: needed to play"),
        (("small", "--dolphin", "x"), "--iso: needed to play"),
        (("small", "--dolphin", "x", "--iso", "y"), "--dolphin x does not exist"),
        (("small", "--fast"), "--fast goes with --shadow"),
    ],
)
def test_what_is_missing_is_named(exphil: Run, given: tuple[str, ...], said: str) -> None:
    outcome = exphil("play", *given)
    assert outcome.code == 2
    assert said in one_line(outcome)


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--opponent", "nobody"), 2, "nobody"),
        (("--stage", "venom"), 2, "--stage venom: only"),
        (("--character", "fx"), 2, "no character is called 'fx': did you mean FOX?"),
        (("--delay", "2"), 2, "--delay 2: small was trained with a delay of 0 frames"),
        (("--runtime", "int8"), 2, "run `exphil export small"),
        (("--port", "2", "--opponent-port", "2"), 2, "both players sit at port 2"),
    ],
)
def test_what_cannot_be_is_one_line(
    exphil: Run, trained: Path, staged: Staged, more: tuple[str, ...], code: int, said: str
) -> None:
    staged.plan("exit 0")
    outcome = exphil(*words(trained, staged, *more))
    assert outcome.code == code
    assert said in one_line(outcome)
    assert not staged.log.exists()


def test_dolphin_may_be_named_from_the_folder_it_lies_in(
    exphil: Run, trained: Path, staged: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged.plan("exit 0")
    given = [
        Path(word).name if Path(word).parent == staged.folder else word for word in words(trained, staged)
    ]
    assert {"dolphin", "melee.iso"} <= set(given)
    monkeypatch.chdir(staged.folder)
    outcome = exphil(*given)
    assert outcome.err.startswith("starting Dolphin\n"), outcome.err


def test_a_disc_that_is_none_is_told_before_anything_is_loaded(
    exphil: Run, trained: Path, staged: Staged
) -> None:
    staged.plan("exit 0")
    staged.iso.write_text("no disc")
    outcome = exphil(*words(trained, staged))
    assert outcome.code == 2
    assert one_line(outcome).startswith(f"error: --iso {staged.iso} is no GameCube disc image")


def test_a_download_that_may_not_be_run_is_told(exphil: Run, trained: Path, staged: Staged) -> None:
    staged.plan("exit 0")
    given = words(trained, staged)
    (staged.folder / "dolphin").chmod(0o644)
    outcome = exphil(*given)
    assert outcome.code == 1
    assert one_line(outcome).endswith("dolphin: Permission denied; make it executable with `chmod +x`")


def test_a_dolphin_that_ends_at_once_is_told(exphil: Run, trained: Path, staged: Staged) -> None:
    staged.plan("exit 3")
    outcome = exphil(*words(trained, staged))
    assert outcome.code == 1
    assert outcome.err.strip().splitlines()[-1].startswith("error: Dolphin ended with exit code 3")
    assert "Traceback" not in outcome.err
