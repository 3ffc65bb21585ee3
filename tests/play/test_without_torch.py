"""An exported policy is played without torch: it would take seconds to import, and hundreds of megabytes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.play.exported import export_run, save_run
from tests.play.policies import tiny
from tests.play.recordings import synthesised
from tests.play.staged import ROOT, Staged

pytest.importorskip("enet")

HEAVY = ("torch", "onnx", "polars", "duckdb", "dagster", "altair", "zarr")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `models/small`, exported, and `game.slp`."""
    made, policy = tmp_path_factory.mktemp("exported"), tiny("gru", delay=1)
    export_run(save_run(made / "models", "small", policy), policy, int8=True)
    synthesised(made / "games").rename(made / "game.slp")
    return made


def imported(program: str, *words: str | Path) -> tuple[Any, set[str]]:
    """(what a program of its own leaves in `found`, the heavy packages that it has imported by then)."""
    code = (
        f"{program}\nimport json, sys\nprint(json.dumps([found, [n for n in {HEAVY!r} if n in sys.modules]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, names = json.loads(done.stdout.splitlines()[-1])
    return found, set(names)


COMMAND = """
import contextlib, io, json, sys
from exphil.cli.app import run
if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = run(["play", "small", *sys.argv[1:], "--json"])
    assert code == 0
    found = json.loads(out.getvalue())
"""


@pytest.mark.parametrize("runtime", ["auto", "int8"])
def test_beside_a_recording(folder: Path, runtime: str) -> None:
    found, names = imported(
        COMMAND, "--models", folder / "models", "--shadow", folder / "game.slp", "--fast", "--runtime", runtime
    )  # fmt: skip
    assert found["runtime"] == ("onnx" if runtime == "auto" else "int8")
    assert found["game"]["complete"]
    assert found["players"][0]["likelihood"]["frames"] > 50
    assert names == set()


@pytest.mark.skipif(sys.platform != "linux", reason="the fake Dolphin is a script with named pipes")
def test_at_dolphin(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("melee")
    staged = Staged(tmp_path, [folder / "game.slp"])
    staged.plan("menus", "game 0", "exit 0", patience=0.02)
    found, names = imported(
        COMMAND, "--models", folder / "models", "--dolphin", staged.dolphin, "--iso", staged.iso,
        "--slippi-port", str(staged.slippi_port), "--opponent", "small",
    )  # fmt: skip
    assert found["runtime"] == "onnx"
    assert found["frames"] > 50
    assert names == set()


STEPS = """
import sys
from pathlib import Path
import exphil
from exphil.live import EventStream, GameStart, LiveFrame
from exphil.play.broadcast import frame_payloads
runner, stream, found = exphil.load_runner("small", sys.argv[1]), EventStream(), 0
for _, payload in frame_payloads(Path(sys.argv[2]).read_bytes()):
    for message in stream.feed(payload):
        if isinstance(message, GameStart):
            runner.begin(message, message.ports[1])
        elif isinstance(message, LiveFrame):
            runner.step(message)
            found += 1
"""


def test_from_python(folder: Path) -> None:
    found, names = imported(STEPS, folder / "models", folder / "game.slp")
    assert found > 100
    assert names == set()
