"""Every query and condition in docs/sql.md binds and runs."""

import re
from pathlib import Path

import pytest

from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.sql.segments import select_segments
from exphil.sql.tables import TABLES
from exphil.store.store import Store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
CONDITIONS = "".join(re.findall(r"```where\n(.*?)```", PAGE, re.DOTALL)).splitlines()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split("\n")[0])
def test_a_query_of_the_page_runs(small_store: Path, query: str) -> None:
    with Database(Store.open(small_store)) as database:
        assert database.query(query).read_all().num_columns > 1


@pytest.mark.parametrize("where", CONDITIONS)
def test_a_condition_of_the_page_binds(small_store: Path, where: str) -> None:
    told = ""
    try:
        select_segments(Store.open(small_store), where)
    except UsageError as error:
        told = str(error)
    assert not told or "holds for none of" in told  # the small store may hold nothing of the kind


def test_the_page_has_every_table() -> None:
    for table in TABLES:
        assert f"| `{table.name}` |" in PAGE
        assert f"| {', '.join(f'`{name}`' for name in table.key)} |" in PAGE


def test_the_page_has_examples() -> None:
    assert len(QUERIES) >= 5
    assert len(CONDITIONS) >= 5
