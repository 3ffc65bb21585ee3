"""`exphil materialize` as people type it: what it says, its exit codes, and how little a second run does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exphil.assets import plan
from exphil.store.store import Store
from exphil.synth import synth_replay
from tests.cli.outcome import Run


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder and home: no replays are found by chance."""
    for name in ("DAGSTER_HOME", "EXPHIL_STORE", "EXPHIL_MODELS", "EXPHIL_REPLAYS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def games(workplace: Path) -> Path:
    """`games/` with two recordings."""
    folder = workplace / "games"
    folder.mkdir()
    for index in range(2):
        (folder / f"{index}.slp").write_bytes(synth_replay(seed=5, index=index, frames=300))
    return folder


def test_nothing_to_read_says_what_to_do(exphil: Run) -> None:
    outcome = exphil("materialize", "embeddings", "--max-files", "50")
    assert outcome.code == 2
    assert "--replays" in outcome.err
    assert not Path("storage").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["embedings"], "`embeddings`"),
        (["frames", "--max-files", "0"], "--max-files"),
        (["frames", "--workers", "0"], "--workers"),
        (["frames", "--character", "foxx"], "FOX"),
        (["frames", "--stage", "fnal destination"], "FINAL_DESTINATION"),
        (["frames", "--since", "yesterday"], "--since"),
        (["frames", "--replays", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_2(
    exphil: Run, games: Path, words: list[str], message: str
) -> None:
    named = [] if "--replays" in words else ["--replays", str(games)]
    outcome = exphil("materialize", *words, *named)
    assert outcome.code == 2
    assert message in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not Path("storage").exists()


def test_files_that_are_no_replays(exphil: Run, workplace: Path) -> None:
    folder = workplace / "texts"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear reader")
    assert exphil("materialize", "frames", "--replays", folder).code == 2
    (folder / "letter.slp").write_text("dear reader")
    first = exphil("materialize", "frames", "--replays", folder)
    assert first.code == 1
    assert "plain text" in first.out
    assert exphil("materialize", "frames", "--replays", folder).code == 1


def test_build_again_add_one_and_be_strict(exphil: Run, games: Path) -> None:
    first = exphil("materialize", "all", "--replays", games, "--json", "--workers", "1")
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert told["replays"] == {"selected": 2, "left_out": 0, "ok": 2}
    assert told["batches"] == ["b00001"]
    assert not told["up_to_date"]
    assert sorted(report["asset"] for report in told["reports"]) == sorted(told["assets"])
    assert {"plan", "workers", "work", "dagster", "total"} == set(told["seconds"])
    assert plan.stale_batches(Store.open("storage"), plan.upstream("all")) == []

    second = exphil("materialize", "all", "--replays", games, "--json")
    told = json.loads(second.out)
    assert (second.code, told["up_to_date"], told["reports"]) == (0, True, [])

    (games / "broken.slp").write_text("not a game")
    (games / "third.slp").write_bytes(synth_replay(seed=5, index=2, frames=300))
    third = exphil("materialize", "all", "--replays", games, "--workers", "1")
    assert third.code == 0
    assert "4 replays: 3 ok, 1 quarantined" in third.out
    assert "broken.slp: not a Slippi file" in third.out
    assert "replays     2 read" in third.out  # what is new, and nothing else
    assert exphil("materialize", "all", "--replays", games, "--strict").code == 1


def test_filters_choose_what_is_read(exphil: Run, workplace: Path) -> None:
    folder = workplace / "mixed"
    folder.mkdir()
    for name, characters in (("fox", ("FOX", "FALCO")), ("peach", ("PEACH", "SHEIK"))):
        (folder / f"{name}.slp").write_bytes(synth_replay(frames=200, characters=characters))
    outcome = exphil("materialize", "replays", "--replays", folder, "--character", "fox", "--workers", "1")
    assert outcome.code == 0
    assert "1 replays, 1 left out by the filters: 1 ok" in outcome.out


def test_a_second_run_imports_no_dagster(exphil: Run, games: Path) -> None:
    assert exphil("materialize", "packs", "--replays", games, "--workers", "1").code == 0
    code = (
        "import sys; from exphil.cli.app import run\n"
        f"assert run(['materialize', 'packs', '--replays', {str(games)!r}]) == 0\n"
        "sys.exit(any(name.split('.')[0] in ('dagster', 'torch') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals of another process group")
def test_ctrl_c_is_one_line_and_leaves_a_store_that_the_next_run_completes(
    exphil: Run, workplace: Path
) -> None:
    folder = workplace / "many"
    folder.mkdir()
    for index in range(12):
        (folder / f"{index}.slp").write_bytes(synth_replay(seed=6, index=index, frames=900))
    words = ["materialize", "all", "--replays", str(folder), "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "exphil.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (Path("storage") / ".staging").is_dir() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert [line for line in err.splitlines() if not line.startswith("materialize:")] == ["stopped by Ctrl-C"]
    outcome = exphil(*words)
    assert outcome.code == 0, outcome.err
    assert plan.stale_batches(Store.open("storage"), plan.upstream("all")) == []
