"""Every query and condition in docs/sql.md and docs/queries.md binds, runs and says something."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.sql.macros import MACROS
from exphil.sql.segments import select_segments
from exphil.sql.tables import TABLES
from exphil.sql.views import VIEWS
from exphil.store.store import Store

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "sql.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
CONDITIONS = "".join(re.findall(r"```where\n(.*?)```", PAGE, re.DOTALL)).splitlines()

WORKED_PAGE = (DOCS / "queries.md").read_text(encoding="utf-8")
WORKED = re.findall(r"^### (\d+)\. (.+?)\n\n```sql\n(.*?)```", WORKED_PAGE, re.DOTALL | re.MULTILINE)

SOMEBODY = "ABCD#123"
"""Whom the page names where a reader puts a player."""


@pytest.fixture(scope="module")
def small(small_store: Path) -> Iterator[Database]:
    with Database(Store.open(small_store)) as database:
        yield database


@pytest.fixture(scope="module")
def real(real_store: Path) -> Iterator[Database]:
    with Database(Store.open(real_store)) as database:
        yield database


@pytest.fixture(scope="module")
def busiest(real: Database) -> str:
    """The player of most games."""
    query = "FROM sides SELECT player WHERE player IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    return str(real.query(query).read_all()["player"][0])


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split("\n")[0])
def test_a_query_of_the_page_runs(small: Database, query: str) -> None:
    assert small.query(query).read_all().num_columns > 1


def test_there_are_twenty_five_worked_queries_in_order() -> None:
    assert [int(number) for number, _, _ in WORKED] == list(range(1, 26))
    assert len(re.findall("```sql", WORKED_PAGE)) == len(WORKED)


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: worked[1])
def test_a_worked_query_runs_on_a_store_of_hardly_anything(
    small: Database, worked: tuple[str, str, str]
) -> None:
    assert small.query(worked[2]).read_all().num_columns > 1


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: worked[1])
def test_a_worked_query_answers_on_real_games(
    real: Database, busiest: str, worked: tuple[str, str, str]
) -> None:
    answer = real.query(worked[2].replace(SOMEBODY, busiest)).read_all()
    assert answer.num_rows > 0
    empty = [name for name in answer.column_names if answer[name].null_count == answer.num_rows]
    assert not empty, "columns that say nothing"


@pytest.mark.parametrize("where", CONDITIONS)
def test_a_condition_of_the_page_binds(small_store: Path, where: str) -> None:
    told = ""
    try:
        select_segments(Store.open(small_store), where)
    except UsageError as error:
        told = str(error)
    assert not told or "holds for none of" in told  # the small store may hold nothing of the kind


def test_the_page_has_every_table_and_view() -> None:
    for table in TABLES:
        assert f"| `{table.name}` |" in PAGE
        assert f"| {', '.join(f'`{name}`' for name in table.key)} |" in PAGE
    for view in VIEWS:
        assert f"`{view.name}`" in PAGE


def test_functions_that_the_pages_name_exist() -> None:
    names = {macro.name for macro in MACROS}
    assert names <= set(re.findall(r"\b([a-z_]+)\(", PAGE + WORKED_PAGE)) | {"seconds_at"}


def test_the_page_has_examples() -> None:
    assert len(QUERIES) >= 5
    assert len(CONDITIONS) >= 5
