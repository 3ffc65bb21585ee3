"""SQL over the store: what it answers, and that it is closed to everything else."""

import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exphil import schema
from exphil.errors import StoreError, UsageError
from exphil.features.catalog import V1
from exphil.sql.database import Database
from exphil.sql.tables import TABLES

REPLAYS = [
    {"path": "a.slp", "replay_id": "aa", "status": "ok", "mode": "1v1", "stage_name": "FINAL_DESTINATION"},
    {"path": "b'c.slp", "replay_id": "bb", "status": "ok", "mode": "doubles", "stage_name": "BATTLEFIELD"},
    {"path": "c.slp", "status": "quarantined", "reason": "cut in the header; please update it"},
]


@dataclass
class PartFiles:
    """Stands for a store: a folder with parts of one table."""

    root: Path
    parts: dict[str, list[str]]

    def table_paths(self, table: str) -> list[str]:
        return self.parts.get(table, [])


def arrow_schema(table: schema.Table) -> pa.Schema:
    return pa.schema([(column.name, pa.type_for_alias(column.type)) for column in table.columns])


@pytest.fixture
def parts(tmp_path: Path) -> PartFiles:
    """Two parts of `replays` in a folder with a quote in its name, and a file that does not count."""
    folder = tmp_path / "sto'rage"
    folder.mkdir()
    table = pa.Table.from_pylist(REPLAYS, schema=arrow_schema(schema.REPLAYS))
    for name, rows in (("one", table[:2]), ("two", table[2:]), ("dropped", table)):
        pq.write_table(rows, folder / f"{name}.parquet")
    return PartFiles(folder, {"replays": [str(folder / f"{name}.parquet") for name in ("one", "two")]})


@pytest.fixture
def database(parts: PartFiles) -> Iterator[Database]:
    with Database(parts) as database:
        yield database


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    table = database.query(query).read_all()
    return [tuple(row.values()) for row in table.to_pylist()]


def test_committed_parts_and_only_they_are_read(database: Database) -> None:
    assert rows(database, "SELECT count(*), count(*) FILTER (status = 'ok') FROM replays") == [(3, 2)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_its_typed_columns_with_or_without_parts(
    database: Database, table: schema.Table
) -> None:
    found = database.query(f"SELECT * FROM {table.name}").schema
    assert found.equals(arrow_schema(table))


def test_features_has_a_row_a_dim(database: Database) -> None:
    found = rows(database, "SELECT name, index FROM features ORDER BY index")
    assert found == [(name, index) for index, name in enumerate(V1.names)]


def test_every_column_carries_its_doc(database: Database) -> None:
    found = rows(database, "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal")
    expected = {(table.name, column.name) for table in TABLES for column in table.columns}
    documented = {(name, column) for name, column, comment in found if comment}
    assert expected <= documented


QUERIES = [
    "SELECT 1",
    "select 1;",
    "-- a remark\nSELECT 1",
    "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 3) FROM t",
    "FROM replays",
    "FROM replays SELECT path",
    "VALUES (1), (2)",
    "TABLE replays",
    "DESCRIBE replays",
    "SHOW TABLES",
    "SUMMARIZE replays",
    "EXPLAIN SELECT * FROM replays",
    "EXPLAIN ANALYZE SELECT * FROM replays",
    "EXPLAIN (FORMAT json) SELECT * FROM replays",
    "PIVOT replays ON status USING count(*)",
    "SELECT * FROM (PIVOT replays ON status USING count(*))",
    "UNPIVOT replays ON path, reason",
    "SELECT path FROM replays WHERE reason LIKE '%update%' OR reason = 'copy'",
    "SELECT 'INSERT INTO x' AS \"delete\"",
    "SELECT row_number() OVER (PARTITION BY status ORDER BY path) FROM replays QUALIFY true",
]


@pytest.mark.parametrize("query", QUERIES)
def test_queries_are_answered(database: Database, query: str) -> None:
    assert database.query(query).read_all().num_columns > 0


WRITES = [
    "INSERT INTO replays VALUES ('x')",
    "UPDATE replays SET path = 'x'",
    "DELETE FROM replays",
    "MERGE INTO replays USING players ON true WHEN MATCHED THEN DELETE",
    "CREATE TABLE t (a INT)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW replays AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "CREATE TABLE t AS PIVOT replays ON status USING count(*)",
    "DROP VIEW replays",
    "ALTER TABLE replays RENAME TO x",
    "COMMENT ON VIEW replays IS 'x'",
    "COPY replays TO '{root}/new.csv'",
    "COPY (SELECT 1) TO '{root}/one.parquet' (USE_TMP_FILE false)",
    "COPY (PIVOT replays ON status USING count(*)) TO '{root}/one.parquet'",
    "WITH x AS (COPY (SELECT 1) TO '{root}/one.parquet' (USE_TMP_FILE false)) SELECT * FROM replays",
    "WITH x AS (SELECT 1), y AS (COPY (FROM x) TO '{root}/one.parquet') FROM replays",
    "SELECT * FROM (WITH x AS (COPY (SELECT 1) TO '{root}/new.csv') SELECT 1)",
    "WITH x AS (INSERT INTO replays VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM replays RETURNING *) SELECT * FROM x",
    "WITH p AS (PIVOT replays ON path), x AS (COPY (SELECT 1) TO '{root}/one.parquet') FROM p",
    "WITH x AS (SELECT 1) INSERT INTO replays FROM x",
    "EXPLAIN ANALYZE COPY replays TO '{root}/one.parquet'",
    "EXPLAIN (ANALYZE, FORMAT json) COPY replays TO '{root}/one.parquet'",
    "EXPLAIN ANALYZE INSERT INTO replays VALUES (1)",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{root}/one.parquet') FROM replays",
    "/* a */ EXPLAIN ANALYZE COPY replays TO '{root}/one.parquet'",
    "EXPLAIN/**/ANALYZE COPY replays TO '{root}/one.parquet'",
    "EXPORT DATABASE '{root}/export'",
    "IMPORT DATABASE '{root}'",
    "ATTACH '{root}/x.db'",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET VARIABLE x = 1",
    "RESET threads",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "USE main",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY replays TO '{root}/one.parquet'",
    "CREATE TYPE t AS ENUM ('a'); SELECT 'PIVOT'",
    "",
    "-- nothing",
]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("query", WRITES)
def test_statements_that_are_no_query_are_refused_before_they_run(parts: PartFiles, query: str) -> None:
    before = contents(parts.root.parent)
    with Database(parts) as database:
        with pytest.raises(UsageError):
            database.query(query.replace("{root}", str(parts.root).replace("'", "''")))
        assert rows(database, "SELECT count(*) FROM replays") == [(3,)]
    assert contents(parts.root.parent) == before


OUTSIDE = [
    "FROM read_csv('{file}')",
    "FROM '{file}'",
    "FROM 'file://{file}'",
    'FROM "{file}"',
    "FROM read_text('{file}')",
    "FROM read_blob('{file}')",
    "FROM read_json('{file}')",
    "FROM read_csv_auto('{file}')",
    "FROM sniff_csv('{file}')",
    "FROM parquet_metadata('{root}/dropped.parquet')",
    "FROM read_parquet('{root}/dropped.parquet')",
    "FROM '{root}/dropped.parquet'",
    "FROM read_parquet('{root}/*.parquet')",
    "FROM read_parquet('{root}/../sto''rage/dropped.parquet')",
    "FROM glob('{root}/*')",
    "FROM glob('/*')",
    "FROM read_text('/proc/self/environ')",
    "FROM read_csv('/dev/stdin')",
    "FROM 'https://example.com/x.csv'",
    "FROM read_parquet('s3://bucket/x.parquet')",
    "FROM read_parquet('hf://datasets/x/y.parquet')",
    "SELECT getenv('HOME')",
    "FROM query('COPY replays TO ''{root}/new.csv''')",
    "FROM query('WITH x AS (COPY (SELECT 1) TO ''{root}/one.parquet'') FROM replays')",
    "SELECT * FROM range(3) WHERE range = (SELECT count(*) FROM read_text('{file}'))",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''{file}'')'))",
    "FROM query('FROM read_text(''{file}'')')",
    "FROM main.query('SELECT 1')",
    "SELECT (SELECT count(*) FROM \"query\"('SELECT 1'))",
    "SUMMARIZE FROM query('SELECT 1')",
    "PIVOT (FROM query('SELECT 1 AS a')) ON a USING count(*)",
    "PIVOT replays ON status USING count((FROM read_text('{file}')))",
    "FROM enable_logging(storage = 'file', storage_path = '{root}/log')",
    "FROM enable_profiling(save_location = '{root}/profile.json')",
    "FROM sqlite_scan('{file}', 'x')",
    "FROM postgres_scan('host=localhost', 'public', 'x')",
    "FROM parts",
    "FROM sys",
]


@pytest.mark.parametrize("query", OUTSIDE)
def test_nothing_outside_the_committed_parts_is_reached(parts: PartFiles, tmp_path: Path, query: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\nsecret,1\n")
    before = contents(tmp_path)
    quoted = str(parts.root).replace("'", "''")
    with Database(parts) as database, pytest.raises(UsageError):
        database.query(query.replace("{file}", str(secret)).replace("{root}", quoted)).read_all()
    assert contents(tmp_path) == before


@pytest.mark.parametrize("query", [query for query in OUTSIDE if "{file}" in query or "://" in query])
def test_the_connection_itself_is_closed(parts: PartFiles, tmp_path: Path, query: str) -> None:
    """The second wall: the same attacks, past the check of the query."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\nsecret,1\n")
    with Database(parts) as database, pytest.raises((duckdb.Error, OSError)):
        database._reader(query.replace("{file}", str(secret)), 1000).read_all()


def test_a_query_given_as_text_or_tree_is_not_run(parts: PartFiles) -> None:
    """Both could hold a COPY that the parser of the outer query never sees."""
    part = parts.parts["replays"][0]
    path = part.replace("'", "''")
    evil = f"WITH x AS (COPY (SELECT 1) TO '{path}' (USE_TMP_FILE false)) SELECT * FROM replays"
    [row] = duckdb.connect().execute("SELECT json_serialize_sql('SELECT 1')").fetchall()
    texts = [
        "FROM query('" + evil.replace("'", "''").replace("COPY", "CO' || 'PY") + "')",
        "FROM json_execute_serialized_sql('" + str(row[0]).replace("'", "''") + "')",
    ]
    before = Path(part).read_bytes()
    with Database(parts) as database:
        for text in texts:
            with pytest.raises(UsageError, match="nothing else"):
                database.query(text)
    assert Path(part).read_bytes() == before


def test_spilling_happens_outside_the_working_folder(
    parts: PartFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Database(parts, memory_limit="60MB") as database:
        texts = "SELECT md5(range::VARCHAR) AS text FROM range(2_000_000)"
        assert rows(database, f"SELECT count(*) FROM ({texts} ORDER BY text LIMIT 1_500_000)") == [
            (1_500_000,)
        ]
    assert [path.name for path in tmp_path.iterdir()] == ["sto'rage"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT pth FROM replays", '"pth" not found'),
        ("FROM repalys", "no table repalys: did you mean replays?"),
        ("FROM zzz", "no table zzz: there are "),
        ("SELEC 1", "syntax error"),
        ("SELECT CAST('x' AS INT) FROM replays", "Could not convert"),
        ("SELECT path FROM replays GROUP BY status", "GROUP BY"),
    ],
)
def test_mistakes_are_told_in_one_line(database: Database, query: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        database.query(query).read_all()
    assert told.lower() in str(error.value).lower()
    assert "\n" not in str(error.value)


def test_an_error_while_the_answer_streams_is_told_as_well(database: Database) -> None:
    answer = database.query(
        "SELECT CASE WHEN range = 150_000 THEN error('boom') ELSE 'x' END FROM range(200_000)"
    )
    with pytest.raises(UsageError, match="boom"):
        list(answer)


def test_a_part_that_is_gone_is_the_stores_fault(parts: PartFiles) -> None:
    with Database(parts) as database:
        Path(parts.parts["replays"][1]).unlink()
        with pytest.raises(StoreError, match="gone"):
            database.query("SELECT path FROM replays").read_all()


def test_a_missing_part_is_told_when_the_store_is_opened(parts: PartFiles) -> None:
    Path(parts.parts["replays"][0]).unlink()
    with pytest.raises(StoreError, match="gone"):
        Database(parts)


@pytest.mark.skipif(sys.platform == "win32", reason="no signal of that kind")
def test_ctrl_c_ends_a_long_computation(database: Database) -> None:
    """DuckDB answers no signal while it computes; a second of a query of hours is enough."""
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(1.0, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        database.query("SELECT count(*) FROM range(1_000_000_000_000) WHERE range % 7 = 3").read_all()
    timer.join()
    assert rows(database, "SELECT 1") == [(1,)]


def test_answers_stream(database: Database) -> None:
    """A first batch of two thousand million rows comes without the rest."""
    answer = iter(database.query("SELECT range AS a, range + 1 AS b FROM range(2_000_000_000)"))
    assert next(answer).num_rows > 0


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_a_link_in_the_store_opens_nothing_else(parts: PartFiles, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    (parts.root / "link.csv").symlink_to(secret)
    quoted = str(parts.root).replace("'", "''")
    with Database(parts) as database, pytest.raises(UsageError):
        database.query(f"FROM read_csv('{quoted}/link.csv')").read_all()
