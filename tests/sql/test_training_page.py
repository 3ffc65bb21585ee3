"""Every query of docs/training.md is one that `--windows` takes, and finds something in real games."""

import re
from pathlib import Path

import pytest

from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.sql.segments import select_segments
from exphil.sql.spans import COLUMNS
from exphil.store.store import Store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def first_table(query: str) -> str:
    return query.split("FROM ")[1].split()[0]


@pytest.mark.parametrize("query", QUERIES, ids=first_table)
def test_a_query_of_the_page_chooses_spans(small_store: Path, query: str) -> None:
    told = ""
    try:
        assert select_segments(Store.open(small_store), spans=query).num_rows
    except UsageError as error:
        told = str(error)
    assert (
        not told or told == "--windows chooses nothing: the query gives no row"
    )  # small games lack some situations


@pytest.mark.parametrize("query", QUERIES, ids=first_table)
def test_a_query_of_the_page_finds_spans_in_real_games(real_store: Path, query: str) -> None:
    with Database(Store.open(real_store)) as database:
        found = database.query(query).read_all()
    assert found.num_rows > 20
    assert tuple(found.column_names) == COLUMNS
    assert [column.null_count for column in found.columns] == [0, 0, 0, 0]


def test_the_page_has_examples() -> None:
    assert len(QUERIES) >= 4
