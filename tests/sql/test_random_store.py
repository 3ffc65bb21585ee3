"""The random store that queries are timed on is a store like any other, and every query finds something in it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from exphil.assets import checks, maintenance
from exphil.sql.database import Database
from exphil.store.store import Store

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
GAMES = 300


def run(script: str, *words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def random_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("random") / "store"
    assert f"{GAMES} games" in run("random_store.py", folder, "--games", str(GAMES))
    return folder


def test_it_is_consistent(random_store: Path) -> None:
    store = Store.open(random_store)
    problems = [*maintenance.verify(store), *checks.faults(store)]
    assert {problem.asset for problem in problems} == {"packs"}  # it has none


def test_stocks_and_punishes_agree(random_store: Path) -> None:
    with Database(Store.open(random_store)) as database:
        [row] = (
            database.query(
                "SELECT count(*) AS lost, count(*) FILTER (NOT self_destruct) AS killed,"
                " (SELECT count(*) FROM conversions WHERE killed) AS kills,"
                " (SELECT sum(start_stocks - end_stocks) FROM players) AS gone FROM stock_losses"
            )
            .read_all()
            .to_pylist()
        )
    assert row["lost"] == row["gone"]
    assert row["killed"] == row["kills"]


def test_equal_seeds_give_equal_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    make_store = importlib.import_module("random_store").make_store
    answers = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        [part] = make_store(tmp_path / name, num_games=20, seed=seed).table_paths("conversions")
        answers.append(pq.read_table(part))
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]


def test_every_query_of_the_page_is_timed_and_finds_something(random_store: Path) -> None:
    told = run("queries.py", "--store", random_store, "--rounds", "1", "--limit", "1000").splitlines()
    assert "25 queries" in told[0]
    for line in told[2:]:
        assert int(line.split()[-1]) > 0, line
