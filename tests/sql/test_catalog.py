"""A catalog gives other programs the same answers, is written whole, and over nothing but a catalog."""

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from exphil.errors import StoreError, UsageError
from exphil.sql.catalog import SOURCE_TABLE, write_catalog
from exphil.sql.database import Database
from exphil.sql.listing import LISTED
from exphil.sql.macros import MACROS
from exphil.sql.people import write_people
from exphil.sql.tables import told
from exphil.store.store import Store

DOCS = Path(__file__).resolve().parents[2] / "docs"
QUERIES = [
    query
    for page in ("sql.md", "queries.md")
    for query in re.findall(r"```sql\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
]

PLAIN_DUCKDB = """
import json, sys
import duckdb

file, queries = sys.argv[1], json.load(sys.stdin)
if file.endswith(".sql"):
    connection = duckdb.connect()
    connection.execute(open(file, encoding="utf-8").read())
else:
    connection = duckdb.connect(file, read_only=True)
print(json.dumps([[str(row) for row in connection.execute(query).fetchall()] for query in queries]))
assert "exphil" not in sys.modules
"""


def elsewhere(file: Path, queries: list[str], folder: Path) -> list[list[str]]:
    """Answers of another process, in another folder, that knows DuckDB alone."""
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_DUCKDB, str(file)],
        input=json.dumps(queries),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def catalogs(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A catalog of each kind, in a folder with a quote in its name."""
    folder = tmp_path_factory.mktemp("cat'alog")
    files = {kind: folder / f"melee.{kind}" for kind in ("duckdb", "sql")}
    for file in files.values():
        write_catalog(Store.open(small_store), file)
    return files


def in_any_order(rows: list[str]) -> list[str]:
    """Rows without their order, and sums without the last digits, which depend on who adds first."""
    return sorted(
        re.sub(r"\d+\.\d{6,}(e-?\d+)?", lambda found: f"{float(found[0]):.6g}", row) for row in rows
    )


@pytest.mark.parametrize("kind", ["duckdb", "sql"])
def test_another_process_gets_the_same_answers(
    catalogs: dict[str, Path], small_store: Path, tmp_path: Path, kind: str
) -> None:
    assert len(QUERIES) >= 25
    answers = elsewhere(catalogs[kind], QUERIES, tmp_path)
    with Database(Store.open(small_store)) as database:
        for query, rows in zip(QUERIES, answers, strict=True):
            relation = database._connection.sql(query)
            assert in_any_order(rows) == in_any_order([str(row) for row in relation.fetchall()]), query
    assert sum(map(bool, answers)) > len(QUERIES) / 3


@pytest.mark.parametrize(
    "query", [query for query in QUERIES if "LIMIT" in query], ids=lambda query: query.split("\n")[0]
)
def test_what_a_limit_leaves_does_not_depend_on_who_counts_first(small_store: Path, query: str) -> None:
    """The order before a LIMIT has no ties: else two runs of one query answer with different rows."""
    everything, _ = query.rsplit("LIMIT", 1)
    unordered, order = everything.rsplit("ORDER BY", 1)
    keys = ", ".join(re.sub(r"^\w+\.", "", key.strip().removesuffix(" DESC")) for key in order.split(","))
    with Database(Store.open(small_store)) as database:
        ties = f"SELECT {keys} FROM (SELECT DISTINCT * FROM ({unordered})) GROUP BY ALL HAVING count(*) > 1"
        assert database._connection.sql(ties).fetchall() == []


@pytest.mark.parametrize("kind", ["duckdb", "sql"])
def test_everything_is_there_with_its_doc(catalogs: dict[str, Path], tmp_path: Path, kind: str) -> None:
    columns, tables, functions = elsewhere(
        catalogs[kind],
        [
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL",
            "SELECT table_name, comment FROM duckdb_tables() UNION ALL"
            " SELECT view_name, comment FROM duckdb_views() WHERE NOT internal",
            "SELECT function_name, comment FROM duckdb_functions() WHERE comment IS NOT NULL",
        ],
        tmp_path,
    )
    for table in LISTED:
        assert str((table.name, table.doc)) in tables
        for column in table.columns:
            assert str((table.name, column.name, told(column))) in columns
    for macro in MACROS:
        assert str((macro.name, macro.doc)) in functions


def test_it_says_what_it_is_of(catalogs: dict[str, Path], small_store: Path) -> None:
    with duckdb.connect(str(catalogs["duckdb"]), read_only=True) as connection:
        [(store, recent)] = connection.execute(
            f"SELECT store, written_at > now()::TIMESTAMP - INTERVAL 1 DAY FROM {SOURCE_TABLE}"
        ).fetchall()
    assert store == str(small_store.resolve())
    assert recent


@pytest.mark.parametrize("kind", ["duckdb", "sql"])
def test_people_are_in_it_and_a_new_one_replaces_it(tmp_path: Path, kind: str) -> None:
    store = Store.create(tmp_path / "store")
    file = tmp_path / f"melee.{kind}"
    write_catalog(store, file)
    write_people(store.root, (("O'Neil", "ONL#1"),))
    write_catalog(store, file)
    assert elsewhere(file, ["SELECT person FROM people", "FROM punishes"], tmp_path) == [['("O\'Neil",)'], []]
    assert {path.name for path in tmp_path.iterdir()} == {"store", file.name}


def test_what_a_program_left_of_the_old_one_goes_with_it(tmp_path: Path) -> None:
    """DuckDB would replay the old file's log into the new one."""
    store = Store.create(tmp_path / "store")
    file = tmp_path / "melee.duckdb"
    write_catalog(store, file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("DROP VIEW punishes")
    assert (tmp_path / "melee.duckdb.wal").exists()
    write_catalog(store, file)
    assert elsewhere(file, ["FROM punishes"], tmp_path) == [[]]
    assert {path.name for path in tmp_path.iterdir()} == {"store", file.name}


@pytest.mark.parametrize("name", ["melee.db", "melee", "no/such/melee.duckdb", "folder.duckdb"])
def test_names_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.duckdb").mkdir()
    with pytest.raises(UsageError, match="--write-catalog"):
        write_catalog(Store.create(tmp_path / "store"), tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"store", "folder.duckdb"}


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    own = tmp_path / "own.duckdb"
    with duckdb.connect(str(own)) as connection:
        connection.execute("CREATE TABLE precious AS SELECT 1")
    (tmp_path / "text.duckdb").write_text("precious")
    (tmp_path / "own.sql").write_text("SELECT 'precious'")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    for name in before:
        with pytest.raises(UsageError, match="is no catalog"):
            write_catalog(store, tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_failed_write_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.create(tmp_path / "store")
    file = tmp_path / "melee.duckdb"
    write_catalog(store, file)
    before = file.read_bytes()
    monkeypatch.setattr("exphil.sql.catalog.definitions", lambda *_: iter(["SELECT 1", "no SQL at all"]))
    with pytest.raises(StoreError, match=r"melee\.duckdb could not be written: .*syntax"):
        write_catalog(store, file)
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"store", file.name}
