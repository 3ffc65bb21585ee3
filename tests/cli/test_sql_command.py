"""`exphil sql` as people type it."""

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from exphil.sql.listing import LISTED
from exphil.store.store import Store
from tests.cli.outcome import Run

GAMES = 3
"""Of the small store."""


def test_a_table_by_default(exphil: Run, small_store: Path) -> None:
    outcome = exphil(
        "sql", "SELECT status, count(*) AS n FROM replays GROUP BY ALL ORDER BY ALL", "--store", small_store
    )
    assert outcome.code == 0
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["status", "n"],
        ["ok", str(GAMES)],
        ["quarantined", "1"],
    ]


def test_the_store_may_come_from_the_environment(
    exphil: Run, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPHIL_STORE", str(small_store))
    assert json.loads(exphil("sql", "SELECT 1 AS one", "--format", "json").out) == [{"one": 1}]


def test_the_formats_agree(exphil: Run, small_store: Path, tmp_path: Path) -> None:
    query = "SELECT replay_id, port, character_name, costume FROM players ORDER BY ALL"
    as_json = json.loads(exphil("sql", query, "--store", small_store, "--format", "json").out)
    as_csv = list(
        csv.DictReader(io.StringIO(exphil("sql", query, "--store", small_store, "--format", "csv").out))
    )
    outcome = exphil("sql", query, "--store", small_store, "--output", tmp_path / "players.parquet")
    as_parquet = pl.read_parquet(tmp_path / "players.parquet").to_dicts()
    assert len(as_json) == 2 * GAMES
    assert as_json == as_parquet
    assert as_csv == [{name: str(value) for name, value in row.items()} for row in as_json]
    assert outcome.err == f"{tmp_path / 'players.parquet'}: {2 * GAMES} rows\n"


def test_without_a_query_the_tables_are_told(exphil: Run) -> None:
    outcome = exphil("sql")
    assert outcome.code == 0
    for table in LISTED:
        assert f"{table.name}: {table.doc}" in outcome.out
        for column in table.columns:
            assert f"\n{column.name} " in outcome.out
            assert column.doc in outcome.out


def test_without_a_query_the_tables_as_json(exphil: Run) -> None:
    told = json.loads(exphil("sql", "--format", "json").out)
    assert [table["table"] for table in told] == [table.name for table in LISTED]
    assert [column["name"] for column in told[0]["columns"]] == list(LISTED[0].names)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("SELECT pth FROM replays",), 2, "path"),
        (("FROM frame",), 2, "did you mean frames?"),
        (("DROP VIEW replays",), 2, "DROP is no query"),
        (("INSERT INTO replays VALUES (1)",), 2, "INSERT is no query"),
        (("FROM read_text('/etc/passwd')",), 2, "nothing else"),
        (("",), 2, "empty"),
        (("SELECT 1", "--limit", "0"), 2, "--limit"),
        (("SELECT 1 AS a, 2 AS a", "--format", "json"), 2, "called a"),
        (("SELECT 1", "--output", "answer.txt"), 2, ".txt"),
        (("SELECT 1", "--output", "answer.csv", "--format", "table"), 2, "--format"),
        (("SELECT 1", "--output", "no/such/folder/answer.csv"), 1, "No such file"),
    ],
)
def test_mistakes_are_one_line(
    exphil: Run, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], code: int, told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    outcome = exphil("sql", *words, "--store", small_store)
    assert (outcome.code, outcome.out) == (code, "")
    assert len(outcome.err.splitlines()) == 1
    assert told in outcome.err
    assert not any(tmp_path.iterdir())


def test_a_cut_table_says_how_to_see_more(exphil: Run, small_store: Path) -> None:
    outcome = exphil("sql", "FROM range(3)", "--limit", "2", "--store", small_store)
    assert outcome.out.split() == ["range", "0", "1"]
    assert "only the first 2 rows; --limit shows more" in outcome.err
    assert exphil("sql", "FROM range(2)", "--limit", "2", "--store", small_store).err == ""


@pytest.mark.parametrize(
    ("piped", "told"), [("SELECT 40 + 2 AS answer\n", "answer\n42\n"), (" \n", "replays: ")]
)
def test_a_query_may_be_piped_in(
    exphil: Run, small_store: Path, monkeypatch: pytest.MonkeyPatch, piped: str, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(piped))
    outcome = exphil("sql", "--store", small_store)
    assert outcome.code == 0
    assert told in "\n".join(line.strip() for line in outcome.out.splitlines()) + "\n"


@pytest.mark.parametrize("name", ["melee.duckdb", "melee.sql"])
def test_a_catalog(exphil: Run, small_store: Path, tmp_path: Path, name: str) -> None:
    for _ in range(2):
        outcome = exphil("sql", "--write-catalog", tmp_path / name, "--store", small_store)
        assert (outcome.code, outcome.out) == (0, "")
        assert f"{name}: open it with `duckdb -" in outcome.err
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--write-catalog", "melee.db"), ".duckdb or .sql"),
        (("--write-catalog", "no/such/melee.duckdb"), "there is no folder"),
        (("SELECT 1", "--write-catalog", "melee.duckdb"), "leave out the query"),
        (("--write-catalog", "melee.duckdb", "--format", "csv"), "leave out the query"),
    ],
)
def test_catalogs_that_cannot_be(exphil: Run, small_store: Path, words: tuple[str, ...], told: str) -> None:
    outcome = exphil("sql", *words, "--store", small_store)
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.err.count("\n") == 1


def without_statistics(whole: Path, folder: Path) -> Path:
    """A copy of a store, from before its statistics were made."""
    shutil.copytree(whole, folder)
    store = Store.open(folder)
    with store.writing() as transaction:
        transaction.change("stats", remove=[part.name for part in store.manifest.of("stats")])
        transaction.commit()
    return folder


@pytest.mark.parametrize(
    ("query", "hinted"),
    [
        ("SELECT count(*) AS n FROM Punishes", True),
        ("FROM conversions", True),
        ("FROM replays WHERE path = 'punishes' -- punishes", False),
    ],
)
def test_a_store_without_statistics_says_so(
    exphil: Run, small_store: Path, tmp_path: Path, query: str, hinted: bool
) -> None:
    bare = without_statistics(small_store, tmp_path / "bare")
    outcome = exphil("sql", query, "--store", bare)
    assert outcome.code == 0
    assert ("`exphil materialize stats`" in outcome.err) == hinted
    assert exphil("sql", query, "--store", small_store).err == ""
