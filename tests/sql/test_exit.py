"""How a run of the tests ends that used DuckDB and hypothesis: without a word."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

TESTS = """
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings, strategies


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@settings(database=None, max_examples=2)
@given(number=strategies.integers())
def test_numbers(number: int) -> None:
    assert isinstance(number, int)


def test_connection(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
"""


def test_the_interpreter_ends_silently(tmp_path: Path) -> None:
    tests = tmp_path / "test_both.py"
    tests.write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tests)], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout
    assert ended.stderr == ""
