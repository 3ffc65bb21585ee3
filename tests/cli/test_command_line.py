"""The frame around the commands: help, errors, exit codes, light imports."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import exphil as package
from exphil.cli.app import COMMANDS, SIGPIPE_EXIT
from tests.cli.outcome import Run

PATHS = [("--help",), *((name, "--help") for name in COMMANDS), ("store", "gc", "--help"), ("sql",)]


def test_help_lists_every_command_with_a_line(exphil: Run) -> None:
    shown = exphil("--help")
    assert shown.code == 0
    for name in COMMANDS:
        lines = [line for line in shown.out.splitlines() if line.strip().startswith(f"{name}: ")]
        assert len(lines) == 1, name


def test_no_command_is_help(exphil: Run) -> None:
    assert exphil().out == exphil("--help").out


def test_version(exphil: Run) -> None:
    assert exphil("--version").out.strip() == package.__version__


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_examples(exphil: Run, name: str) -> None:
    shown = exphil(name, "--help")
    assert shown.code == 0
    assert shown.out.count(f"exphil {name}") >= 1


@pytest.mark.parametrize("words", PATHS, ids=" ".join)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    heavy = ["torch", "dagster", "polars", "duckdb", "zarr", "peppi_py"]
    code = (
        "import json, sys\n"
        "from exphil.cli.app import run\n"
        f"code = run({list(words)!r})\n"
        f"print(json.dumps([code, sorted(set({heavy!r}) & set(sys.modules))]), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("slq",), 'Unknown command "slq". Did you mean "sql"?'),
        (("sql", "--formt", "csv", "SELECT 1"), "Unknown option: --formt. Did you mean --format?"),
        (("sql", "--format", "xml", "SELECT 1"), '"xml"'),
        (("sql", "--limit", "many", "SELECT 1"), "many"),
        (("sql", "SELECT 1", "SELECT 2"), "SELECT 2"),
        (("store", "verfy"), "verify"),
    ],
)
def test_usage_errors_are_one_line_and_code_2(exphil: Run, words: tuple[str, ...], told: str) -> None:
    outcome = exphil(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert len(outcome.err.splitlines()) == 1
    assert told in outcome.err


def test_a_missing_store_is_one_line_with_the_ways_out(exphil: Run, tmp_path: Path) -> None:
    outcome = exphil("sql", "SELECT 1", "--store", tmp_path / "nowhere")
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) == 1
    for word in (str(tmp_path / "nowhere"), "exphil materialize", "--store", "EXPHIL_STORE"):
        assert word in outcome.err


@pytest.mark.parametrize("way", ["flag", "variable"])
def test_debug_shows_the_traceback(
    exphil: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    words = ["info", "--store", str(tmp_path)]
    assert "Traceback" not in exphil(*words).err
    if way == "flag":
        words.append("--debug")
    else:
        monkeypatch.setenv("EXPHIL_DEBUG", "1")
    outcome = exphil(*words)
    assert "Traceback" in outcome.err
    assert outcome.code == 1


def test_ctrl_c_is_one_line_and_code_130(exphil: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("exphil.config.roots.store_root", interrupted)
    outcome = exphil("info")
    assert (outcome.code, outcome.err) == (130, "stopped by Ctrl-C\n")


def test_ctrl_c_while_the_command_line_is_imported_is_one_line_too() -> None:
    code = (
        "import sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'cyclopts':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "from exphil.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "stopped by Ctrl-C\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of that kind")
def test_a_reader_that_leaves_is_met_with_silence(small_store: Path) -> None:
    query = "SELECT range AS a, range AS b FROM range(5_000_000)"
    command = [
        sys.executable,
        "-m",
        "exphil.cli",
        "sql",
        query,
        "--store",
        str(small_store),
        "--format",
        "csv",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"a,b\n"
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == SIGPIPE_EXIT
    assert told == b""


def test_names_of_any_script_are_printed(small_store: Path) -> None:
    """A narrow encoding must not end a listing."""
    command = [
        sys.executable,
        "-m",
        "exphil.cli",
        "sql",
        "SELECT 'ゆき' AS name",
        "--store",
        str(small_store),
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "\\u3086" in done.stdout


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert version("exphil") == package.__version__
