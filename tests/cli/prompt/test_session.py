"""The prompt's session: queries, its own commands, mistakes that do not end it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from exphil.cli.prompt.session import COMMANDS, Session
from exphil.schema import Table
from exphil.sql.listing import LISTED
from exphil.sql.macros import MACROS
from exphil.sql.people import write_people
from exphil.sql.tables import told
from exphil.store.manifest import Part
from exphil.store.store import Store

Say = Callable[[str], tuple[str, str]]


@pytest.fixture
def session(small_store: Path) -> Iterator[Session]:
    session = Session(Store.open(small_store))
    yield session
    session.close()


@pytest.fixture
def say(session: Session, capsys: pytest.CaptureFixture[str]) -> Say:
    """Type a text; what is printed, and what is remarked beside it."""

    def typed(text: str) -> tuple[str, str]:
        capsys.readouterr()
        assert session.run(text)
        return tuple(capsys.readouterr())

    return typed


def test_a_query_is_answered_with_rows_and_time(say: Say) -> None:
    out, remarks = say("SELECT status, count(*) AS n FROM replays GROUP BY ALL ORDER BY ALL;")
    assert [line.split() for line in out.splitlines()] == [["status", "n"], ["ok", "3"], ["quarantined", "1"]]
    assert remarks.startswith("2 rows (0.")
    assert remarks.endswith(" s)\n")


def test_several_queries_one_after_the_other(say: Say) -> None:
    out, remarks = say("SELECT 1 AS a; SELECT ';' AS b;")
    assert out.split() == ["a", "1", "b", ";"]
    assert remarks.count("1 row (") == 2


@pytest.mark.parametrize(
    ("typed", "remark"),
    [
        ("SELEC 1;", "syntax"),
        ("FROM repalys;", "did you mean replays?"),
        ("DROP VIEW replays;", "DROP is no query"),
        ("COPY replays TO 'x.csv';", "COPY is no query"),
        (".tabels", "did you mean .tables?"),
        (".x", ".help"),
        (".schema", "needs a name"),
        (".schema repalys", "did you mean replays?"),
        (".schema zzz", ".tables"),
        (".format xml", "table, csv, json, parquet"),
        (".limit many", "at least 1"),
        (".limit 0", "at least 1"),
        (".output answer", "end the name in .csv"),
    ],
)
def test_a_mistake_is_one_line_and_the_session_goes_on(say: Say, typed: str, remark: str) -> None:
    out, remarks = say(typed)
    assert out == ""
    assert remark in remarks
    assert remarks.startswith("error: ")
    assert remarks.count("\n") == 1
    assert say("SELECT 1 AS one;")[0].split() == ["one", "1"]


def test_after_a_mistake_the_queries_behind_it_are_not_asked(say: Say) -> None:
    assert say("SELEC 1; SELECT 2 AS two;")[0] == ""


def test_formats(say: Say) -> None:
    say(".format csv")
    assert say("SELECT 1 AS a, 'x' AS b;")[0] == 'a,b\n1,"x"\n'
    say(".format json;")
    assert json.loads(say("SELECT 1 AS a;")[0]) == [{"a": 1}]
    say(".format parquet")
    assert ".output" in say("SELECT 1 AS a;")[1]
    say(".format table")
    assert say("SELECT 1 AS a;")[0].split() == ["a", "1"]


def test_a_table_is_cut_and_says_so(say: Say) -> None:
    say(".limit 2")
    out, remarks = say("SELECT range AS a FROM range(5);")
    assert out.split() == ["a", "0", "1"]
    assert remarks.startswith("the first 2 rows are shown")
    assert say("SELECT range AS a FROM range(2);")[1].startswith("2 rows (")


def test_output_is_for_one_answer(say: Say, tmp_path: Path) -> None:
    say(f".output {tmp_path / 'a.parquet'}")
    assert "a.parquet: 3 rows" in say("SELECT range AS n FROM range(3);")[1]
    assert pl.read_parquet(tmp_path / "a.parquet")["n"].to_list() == [0, 1, 2]
    assert say("SELECT 7 AS n;")[0].split() == ["n", "7"]
    say(".format json")
    say(f".output {tmp_path / 'b.csv'}")
    assert say("SELECT 7 AS n;")[0] == ""
    assert (tmp_path / "b.csv").read_text() == "n\n7\n"
    say(f".output '{tmp_path / 'rows'}'")
    say("SELECT 8 AS n;")
    assert json.loads((tmp_path / "rows").read_text()) == [{"n": 8}]
    say(f".output {tmp_path / 'c.csv'}")
    say(".output")
    assert json.loads(say("SELECT 9 AS n;")[0]) == [{"n": 9}]
    assert not (tmp_path / "c.csv").exists()


def test_a_failed_query_leaves_no_file(say: Say, tmp_path: Path) -> None:
    say(f".output {tmp_path / 'a.csv'}")
    assert "error" in say("SELECT error('boom');")[1]
    assert list(tmp_path.iterdir()) == []


def test_tables_functions_and_help(say: Say) -> None:
    out, _ = say(".tables")
    for table in LISTED:
        assert table.name in out
        assert table.doc in out
    out, _ = say(".functions")
    for macro in MACROS:
        assert macro.call in out
    out, _ = say(".help")
    assert say("help;")[0] == out
    for command, doc in COMMANDS.items():
        assert command in out
        assert doc in out


@pytest.mark.parametrize("table", LISTED, ids=lambda table: table.name)
def test_the_schema_of_each(say: Say, table: Table) -> None:
    out, _ = say(f".schema {table.name.upper()}")
    assert table.doc in out
    for column in table.columns:
        assert f"\n{column.name} " in out
        assert told(column) in out


def test_the_schema_of_a_function(say: Say) -> None:
    assert say(".schema in_order")[0].startswith("in_order(sequence, pattern): ")


@pytest.mark.parametrize("typed", [".quit", ".exit", "quit", "EXIT;", " .quit ; "])
def test_leaving(session: Session, typed: str) -> None:
    assert not session.run(typed)


@pytest.mark.parametrize("typed", ["", " \n", ";", "-- nothing\n;"])
def test_nothing_is_no_mistake(say: Say, typed: str) -> None:
    assert say(typed) == ("", "")


def test_what_is_written_meanwhile_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.create(tmp_path)
    session = Session(store)
    session.run("SELECT count(*) AS n FROM people;")
    write_people(tmp_path, (("Zain", "ZAIN#0"),))
    capsys.readouterr()
    session.run("SELECT person FROM people;")
    session.run("SELECT person FROM people;")
    out, remarks = capsys.readouterr()
    session.close()
    assert out.split() == ["person", "Zain"] * 2
    assert remarks.count("the store has changed") == 1


def test_without_statistics_it_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.create(tmp_path)
    with store.writing() as transaction:
        part = Part(name="one", batch="b00001", rows={"frames": 0}, num_bytes=0, made_by="test")
        transaction.change("frames", add=[part])
        transaction.commit()
    session = Session(store)
    for _ in range(2):
        session.run("FROM punishes; FROM sides;")
    session.close()
    assert capsys.readouterr().err.count("`exphil materialize stats`") == 1


def test_ctrl_c_stops_a_query_and_not_the_session(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def query(self, text: str) -> object:
            raise KeyboardInterrupt

        def close(self) -> None:
            pass

    session.database()
    session._database, kept = Interrupted(), session._database  # type: ignore[assignment]
    assert session.run("SELECT 1;")
    session._database = kept
    assert "stopped by Ctrl-C" in capsys.readouterr().err
    assert session.run("SELECT 2 AS two;")
    assert capsys.readouterr().out.split() == ["two", "2"]
