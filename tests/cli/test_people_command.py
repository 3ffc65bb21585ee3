"""`exphil people` as people type it."""

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from exphil import schema
from exphil.sql.people import read_people
from exphil.store import manifest as manifests
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import write_rows
from exphil.store.store import Store
from tests.cli.outcome import Run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three games: NUT#356 against BONG#498, then against NUT#1, then BONG#498 against somebody without a code."""
    store = Store.create(tmp_path / "store")
    codes = [("NUT#356", "BONG#498"), ("NUT#1", "NUT#356"), ("BONG#498", None)]
    rows = [
        {"replay_id": f"{game:032x}", "port": port, "connect_code": code}
        for game, pair in enumerate(codes)
        for port, code in enumerate(pair, 1)
    ]
    with store.writing() as transaction:
        for table, count in ((schema.PLAYERS, rows), (schema.REPLAYS, [])):
            write_rows(paths.table_part(transaction.staging, "replays", table.name, "one"), table, count)
        part = Part(name="one", batch="b00001", rows={"players": len(rows)}, num_bytes=1, made_by="test")
        transaction.change("replays", add=[part])
        transaction.commit()
    return store.root


def test_codes_of_one_person(exphil: Run, store: Path) -> None:
    assert "no people yet" in exphil("people", "--store", store).err
    assert exphil("people", "add", "Wal Nut", "nut#356", "NUT#1", "--store", store).out == (
        "Wal Nut: NUT#1, NUT#356; 2 games\n"
    )
    assert exphil("people", "add", "Bong", "BONG#498", "--store", store).code == 0
    lines = [line.split("  ") for line in exphil("people", "--store", store).out.splitlines()]
    assert [[cell.strip() for cell in line if cell.strip()] for line in lines] == [
        ["person", "connect codes", "games"],
        ["Bong", "BONG#498", "2"],
        ["Wal Nut", "NUT#1 NUT#356", "2"],
    ]
    assert json.loads(exphil("people", "--json", "--store", store).out)[1] == {
        "person": "Wal Nut",
        "connect_codes": ["NUT#1", "NUT#356"],
        "games": 2,
    }
    assert (
        exphil("people", "remove", "wal nut", "NUT#1", "--store", store).out == "Wal Nut: NUT#356; 2 games\n"
    )
    assert "forgotten" in exphil("people", "remove", "Bong", "--store", store).out
    assert read_people(store) == (("Wal Nut", "NUT#356"),)
    answer = exphil("sql", "FROM people", "--format", "csv", "--store", store)
    assert answer.out.splitlines()[1:] == ['"Wal Nut","NUT#356"']


def test_an_empty_list_as_json(exphil: Run, store: Path) -> None:
    assert json.loads(exphil("people", "--json", "--store", store).out) == []


def test_a_code_that_no_game_has(exphil: Run, store: Path) -> None:
    outcome = exphil("people", "add", "Wal Nut", "NUT#357", "--store", store)
    assert outcome.code == 2
    assert "did you mean NUT#356?" in outcome.err
    assert "--unseen" in outcome.err
    assert read_people(store) == ()
    assert exphil("people", "add", "Wal Nut", "NUT#357", "--unseen", "--store", store).code == 0
    assert exphil("people", "add", "wal nut", "NUT#356", "nut#357", "--store", store).code == 0
    assert read_people(store) == (("Wal Nut", "NUT#356"), ("Wal Nut", "NUT#357"))


def test_an_anonymised_store_learns_no_code(exphil: Run, store: Path) -> None:
    opened = Store.open(store)
    manifests.write(store, replace(opened.manifest, pseudonyms="0123456789abcdef"))
    for more in ((), ("--unseen",)):
        outcome = exphil("people", "add", "Wal Nut", "NUT#356", *more, "--store", store)
        assert outcome.code == 2
        assert "is anonymised: give pseudonyms" in outcome.err
    assert not (store / paths.PEOPLE).exists()
    assert exphil("people", "add", "P", "ANON#000000000000000001", "--unseen", "--store", store).code == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("add", "Bong", "NUT#356"), 2, "NUT#356 belongs to Wal Nut"),
        (("add", "Bong"), 2, "at least one connect code"),
        (("add",), 2, "NAME"),
        (("remove", "Bong"), 2, "nobody is called Bong: there are Wal Nut"),
        (("remove", "Wal Nut", "BONG#498"), 2, "no code of Wal Nut"),
        (("ad", "Bong"), 2, "ad"),
    ],
)
def test_mistakes_are_one_line(
    exphil: Run, store: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    exphil("people", "add", "Wal Nut", "NUT#356", "--store", store)
    outcome = exphil("people", *words, "--store", store)
    assert outcome.code == code
    assert told in outcome.err
    assert outcome.err.count("\n") == 1
    assert read_people(store) == (("Wal Nut", "NUT#356"),)


def test_no_store_and_a_damaged_file(exphil: Run, store: Path, tmp_path: Path) -> None:
    assert "no feature store" in exphil("people", "--store", tmp_path / "none").err
    (store / paths.PEOPLE).write_text("who\n")
    for words in (("people",), ("people", "add", "Wal Nut", "NUT#356"), ("sql", "FROM people")):
        outcome = exphil(*words, "--store", store)
        assert outcome.code == 1
        assert "line 1: the columns must be" in outcome.err


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_store(exphil: Run, store: Path) -> None:
    store.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        outcome = exphil("people", "add", "Wal Nut", "NUT#356", "--store", store)
    finally:
        store.chmod(stat.S_IRWXU)
    assert outcome.code == 1
    assert "read-only" in outcome.err
    assert outcome.err.count("\n") == 1
