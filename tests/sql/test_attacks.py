"""Attacks on a store through SQL, by name: each is refused, and leaves every file as it was."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.store.store import Store

SECRET = "a,b\nsecret,1\n"

WRITES = {
    "copy a view to a new file in the store": "COPY sides TO '{store}/sides.parquet'",
    "copy over a part of the store": "COPY (SELECT 1) TO '{part}' (FORMAT parquet, USE_TMP_FILE false)",
    "copy over the manifest": "COPY (SELECT 1) TO '{store}/manifest.json' (FORMAT json)",
    "copy to a file outside": "COPY punishes TO '{outside}/stolen.csv'",
    "copy inside WITH": "WITH x AS (COPY (SELECT 1) TO '{part}' (USE_TMP_FILE false)) SELECT * FROM games",
    "copy inside WITH of a subquery": "FROM (WITH x AS (COPY (SELECT 1) TO '{part}') SELECT 1)",
    "copy inside the second WITH": "WITH x AS (SELECT 1), y AS (COPY (FROM x) TO '{store}/y.csv') FROM games",
    "copy under EXPLAIN ANALYZE": "EXPLAIN ANALYZE COPY games TO '{part}'",
    "copy under EXPLAIN (ANALYZE)": "EXPLAIN (ANALYZE, FORMAT json) COPY games TO '{part}'",
    "copy under EXPLAIN ANALYZE, behind a remark": "EXPLAIN/* a */ANALYZE/**/COPY games TO '{part}'",
    "copy partitioned": "COPY sides TO '{store}/new' (FORMAT parquet, PARTITION_BY (stage), OVERWRITE true)",
    "copy with a metadata file": "COPY games TO '{store}/x.parquet' (FORMAT parquet, WRITE_PARTITION_COLUMNS true)",
    "copy as a second statement": "SELECT 1; COPY games TO '{store}/two.csv'",
    "copy from into a table": "COPY features FROM '{secret}'",
    "copy of a whole database": "COPY FROM DATABASE memory TO other",
    "export the database": "EXPORT DATABASE '{store}/export'",
    "import a database": "IMPORT DATABASE '{outside}'",
    "attach a file in the store": "ATTACH '{store}/x.db'",
    "attach a file outside": "ATTACH '{outside}/x.db' AS x (READ_ONLY)",
    "attach over the network": "ATTACH 'https://example.com/x.db' AS x",
    "detach": "DETACH memory",
    "insert into a table": "INSERT INTO features SELECT * FROM features",
    "insert inside WITH": "WITH x AS (INSERT INTO people VALUES ('a', 'b') RETURNING *) FROM x",
    "update": "UPDATE people SET person = 'x'",
    "delete": "DELETE FROM move_names",
    "delete inside WITH": "WITH x AS (DELETE FROM move_names RETURNING *) FROM x",
    "truncate": "TRUNCATE people",
    "drop a view": "DROP VIEW punishes",
    "replace a view": "CREATE OR REPLACE VIEW games AS SELECT 1",
    "create a table": "CREATE TABLE t AS FROM games",
    "create a macro": "CREATE OR REPLACE MACRO in_order(a, b) AS true",
    "create a macro that reads a file": "CREATE MACRO f() AS TABLE FROM read_csv('{secret}')",
    "create a function of a secret": "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "alter": "ALTER VIEW games RENAME TO matches",
    "install an extension": "INSTALL httpfs",
    "load an extension": "LOAD httpfs",
    "load an extension from a file": "LOAD '{outside}/x.duckdb_extension'",
    "open file access": "SET enable_external_access = true",
    "allow another path": "SET allowed_directories = ['/']",
    "unlock the settings": "SET lock_configuration = false",
    "log to a file": "PRAGMA log_query_path = '{store}/log.sql'",
    "profile to a file": "PRAGMA profiling_output = '{store}/profile.json'",
    "profile by SET": "SET profiling_output = '{store}/profile.json'",
    "spill into the store": "SET temp_directory = '{store}'",
    "call a function that logs": "CALL enable_logging(storage = 'file', storage_path = '{store}/log')",
    "call a checkpoint": "CALL force_checkpoint()",
    "prepare a write": "PREPARE p AS COPY games TO '{store}/p.csv'",
    "a transaction": "BEGIN",
    "vacuum": "VACUUM",
}  # fmt: skip

READS = {
    "read a file outside as CSV": "FROM read_csv('{secret}')",
    "read a file outside by its name": "FROM '{secret}'",
    "read a file outside by its name, quoted": 'FROM "{secret}"',
    "read a file outside by URL": "FROM 'file://{secret}'",
    "read text": "FROM read_text('{secret}')",
    "read bytes": "FROM read_blob('{secret}')",
    "read JSON": "FROM read_json('{store}/manifest.json')",
    "sniff a file": "FROM sniff_csv('{secret}')",
    "list files": "FROM glob('{store}/**')",
    "read another file of the store": "FROM read_text('{store}/manifest.json')",
    "read the parts directly": "FROM read_parquet('{part}')",
    "read metadata of a part": "FROM parquet_metadata('{part}')",
    "read the environment of the process": "FROM read_text('/proc/self/environ')",
    "read standard input": "FROM read_csv('/dev/stdin')",
    "read the environment": "SELECT getenv('HOME')",
    "reach the network by HTTP": "FROM 'https://example.com/x.parquet'",
    "reach the network by S3": "FROM read_parquet('s3://bucket/x.parquet')",
    "reach Hugging Face": "FROM 'hf://datasets/x/y.parquet'",
    "read another database": "FROM sqlite_scan('{outside}/x.db', 't')",
    "a query as text": "FROM query('FROM read_text(''{secret}'')')",
    "a table as text": "FROM query_table('{secret}')",
    "a write as text": "FROM query('COPY games TO ''{store}/t.csv''')",
    "a tree as text": "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''{secret}'')'))",
    "a file in a subquery": "SELECT (SELECT max(content) FROM read_text('{secret}')) FROM games",
    "a file in a condition": "FROM games WHERE path IN (SELECT filename FROM glob('/*'))",
    "a file under PIVOT": "PIVOT (FROM read_csv('{secret}')) ON a USING count(*)",
    "a file under SUMMARIZE": "SUMMARIZE FROM '{secret}'",
    "a file under DESCRIBE": "DESCRIBE FROM '{secret}'",
    "a Python variable": "FROM variable_of_the_test",
    "a module of Python": "FROM duckdb",
    "open secrets": "FROM duckdb_secrets()",
}  # fmt: skip

PAST_THE_CHECK = [
    name for name in (*WRITES, *READS)
    if any(word in name for word in ("outside", "network", "attach", "extension", "environment of", "list files"))
]  # fmt: skip
"""Attacks that the connection itself withstands, were they to pass the check of the query."""


class Target:
    """A store, a file beside it, and how both looked at first."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        shutil.copytree(store, self.store)
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret.csv").write_text(SECRET)
        self.before = self.state()

    def state(self) -> dict[str, str]:
        """Digest of every file, by path."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def filled(self, query: str) -> str:
        places = {
            "{part}": Store.open(self.store).table_paths("conversions")[0],
            "{store}": str(self.store),
            "{outside}": str(self.outside),
            "{secret}": str(self.outside / "secret.csv"),
        }
        for place, path in places.items():
            query = query.replace(place, path.replace("'", "''"))
        return query


@pytest.fixture(scope="module")
def target(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target(tmp_path_factory.mktemp("attacked"), small_store)


@pytest.fixture(scope="module")
def database(target: Target) -> Iterator[Database]:
    with Database(Store.open(target.store)) as database:
        yield database


@pytest.mark.parametrize("attack", [*WRITES, *READS])
def test_it_is_refused_and_changes_nothing(target: Target, database: Database, attack: str) -> None:
    variable_of_the_test = [1]
    games = database.query("FROM games").read_all()
    with pytest.raises(UsageError) as error:
        database.query(target.filled({**WRITES, **READS}[attack])).read_all()
    assert "\n" not in str(error.value)
    assert "secret,1" not in str(error.value)
    assert target.state() == target.before
    assert database.query("FROM games").read_all() == games
    assert variable_of_the_test == [1]


@pytest.mark.parametrize("attack", PAST_THE_CHECK)
def test_the_connection_itself_refuses(target: Target, database: Database, attack: str) -> None:
    """The second wall."""
    with pytest.raises((duckdb.Error, OSError)):
        database._connection.execute(target.filled({**WRITES, **READS}[attack])).fetchall()
    assert target.state() == target.before


def test_there_are_more_than_twenty() -> None:
    assert len(WRITES) + len(READS) > 20
    assert len(PAST_THE_CHECK) > 5
