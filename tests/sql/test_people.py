"""People: a code belongs to one person, and the file is read back as it was written."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import StoreError, UsageError
from exphil.sql.database import Database
from exphil.sql.people import People, plain_code, read_people, with_codes, without, write_people
from exphil.store import paths
from exphil.store.store import Store

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8).filter(
    str.strip
)
CODES = st.from_regex(r"[A-Z]{1,4}#[0-9]{1,3}", fullmatch=True)


def test_nobody_without_a_file(tmp_path: Path) -> None:
    assert read_people(tmp_path) == ()


def test_codes_are_added_and_taken_away() -> None:
    people = with_codes((), "Zain", ["ZAIN#0"])
    people = with_codes(people, "cody", ["IBDW#0", " ibdw#734 "])
    assert people == (("cody", "IBDW#0"), ("cody", "IBDW#734"), ("Zain", "ZAIN#0"))
    assert with_codes(people, " CODY ", ["IBDW#1"])[2] == ("cody", "IBDW#734")
    assert without(people, "Cody", ["ibdw#0"]) == (("cody", "IBDW#734"), ("Zain", "ZAIN#0"))
    assert without(people, "cody") == (("Zain", "ZAIN#0"),)


def test_a_code_is_spelt_as_the_store_spells_it() -> None:
    assert plain_code(" ａｂ＃１２ ") == "AB#12"


@pytest.mark.parametrize(
    ("name", "codes", "told"),
    [
        ("Cody", ["ZAIN#0"], "belongs to Zain"),
        ("Cody", [], "at least one"),
        ("  ", ["IBDW#0"], "a name"),
        ("Cody", [" "], "connect code"),
    ],
)
def test_what_cannot_be_added(name: str, codes: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        with_codes((("Zain", "ZAIN#0"),), name, codes)


@pytest.mark.parametrize(
    ("name", "codes", "told"), [("Cody", [], "there are Zain"), ("Zain", ["IBDW#0"], "there are ZAIN#0")]
)
def test_what_cannot_be_taken_away(name: str, codes: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        without((("Zain", "ZAIN#0"),), name, codes)


@settings(max_examples=40)
@given(st.lists(st.tuples(NAMES, CODES), max_size=8))
def test_what_was_written_is_read_and_no_code_has_two_owners(rows: list[tuple[str, str]]) -> None:
    people: People = ()
    for name, code in rows:
        owner = {code: owner for owner, code in people}.get(code)
        try:
            people = with_codes(people, name, [code])
        except UsageError:
            assert owner is not None
    codes = [code for _, code in people]
    assert len(set(codes)) == len(codes)
    assert set(codes) == {code for _, code in rows}
    with tempfile.TemporaryDirectory() as folder:
        write_people(Path(folder), people)
        assert read_people(Path(folder)) == people


@pytest.mark.parametrize(
    "text",
    [
        "person,connect_code\nCody,IBDW#0\n\nZain,ZAIN#0\n",
        "\ufeffperson,connect_code\r\nZain,zain#0\r\nCody,IBDW#0\r\nCody,IBDW#0\r\n",
        'Person, Connect_code\n"Cody", IBDW#0\n Zain,ZAIN#0',
    ],
)
def test_a_file_edited_by_hand(tmp_path: Path, text: str) -> None:
    (tmp_path / paths.PEOPLE).write_bytes(text.encode())
    assert read_people(tmp_path) == (("Cody", "IBDW#0"), ("Zain", "ZAIN#0"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,code\nCody,IBDW#0\n", "line 1: the columns must be person,connect_code"),
        ("person,connect_code\nCody\n", "line 2: a row is"),
        ("person,connect_code\nCody,\n", "line 2: a row is"),
        ("person,connect_code\nCody,A#1\n\nZain,a#1\n", "line 4: A#1 belongs to Cody already"),
        ('person,connect_code\n"Cody,A#1\n', "is no CSV"),
        (b"person,connect_code\n\xff,A#1\n", "cannot be read"),
    ],
)
def test_a_damaged_file_is_told_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    (tmp_path / paths.PEOPLE).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StoreError, match=told) as error:
        read_people(tmp_path)
    assert paths.PEOPLE in str(error.value)
    assert "\n" not in str(error.value)


def test_sql_knows_them(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    write_people(tmp_path, (("O'Neil", "ONL#1"), ("Zain", "ZAIN#0")))
    with Database(store) as database:
        found = database.query("SELECT person, connect_code FROM people ORDER BY ALL").read_all()
    assert found.to_pylist() == [
        {"person": "O'Neil", "connect_code": "ONL#1"},
        {"person": "Zain", "connect_code": "ZAIN#0"},
    ]
