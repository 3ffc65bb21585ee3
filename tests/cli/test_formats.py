"""Answers as CSV, JSON, Parquet and table."""

import csv
import datetime
import decimal
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil.cli import formats

SCHEMA = pa.schema(
    [("name", pa.string()), ("count", pa.int64()), ("share", pa.float64()), ("is_new", pa.bool_())]
)

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
            "count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "share": st.none() | st.floats(allow_infinity=False, allow_nan=False),
            "is_new": st.none() | st.booleans(),
        }
    ),
    max_size=20,
)


def batches(rows: list[dict[str, object]]) -> Iterator[pa.RecordBatch]:
    """The rows, seven a batch."""
    yield from pa.Table.from_pylist(rows, schema=SCHEMA).to_batches(max_chunksize=7)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats") / "answer"


@given(rows=ROWS)
def test_json_says_the_same(file: Path, rows: list[dict[str, object]]) -> None:
    assert formats.write(SCHEMA, batches(rows), "json", file) == len(rows)
    assert json.loads(file.read_text(encoding="utf-8")) == rows


@given(rows=ROWS)
def test_parquet_says_the_same(file: Path, rows: list[dict[str, object]]) -> None:
    assert formats.write(SCHEMA, batches(rows), "parquet", file) == len(rows)
    assert pq.read_table(file).to_pylist() == rows
    assert pq.read_schema(file).equals(SCHEMA)


@given(rows=ROWS)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_csv_says_the_same(file: Path, rows: list[dict[str, object]]) -> None:
    assert formats.write(SCHEMA, batches(rows), "csv", file) == len(rows)
    header, *found = csv.reader(io.StringIO(file.read_bytes().decode(), newline=""))
    assert header == SCHEMA.names
    assert [row[0] for row in found] == [row["name"] or "" for row in rows]
    assert [row[1] for row in found] == ["" if row["count"] is None else str(row["count"]) for row in rows]
    assert [float(row[2]) if row[2] else None for row in found] == [row["share"] for row in rows]


def test_values_that_json_lacks() -> None:
    assert formats.plain(math.nan) is None
    assert formats.plain([math.inf, {"a": -math.inf}]) == [None, {"a": None}]
    assert formats.plain(decimal.Decimal("12")) == 12
    assert formats.plain(decimal.Decimal("1.5")) == 1.5
    assert formats.plain(b"\x01\xff") == "01ff"
    assert (
        formats.plain(datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)) == "2026-01-02T03:04:00+00:00"
    )
    assert formats.plain(datetime.timedelta(seconds=1)) == "0:00:01"


def test_csv_writes_lists_and_structs_as_json(file: Path) -> None:
    table = pa.table({"a,b": [[1, 2], None], "s": [{"x": 1.5}, {"x": math.nan}]})
    formats.write(table.schema, table.to_batches(), "csv", file)
    header, first, second = csv.reader(io.StringIO(file.read_text()))
    assert header == ["a,b", "s"]
    assert [json.loads(cell) for cell in first] == [[1, 2], {"x": 1.5}]
    assert second[0] == ""
    assert json.loads(second[1]) == {"x": None}


@pytest.mark.parametrize("format", ["csv", "json", "parquet"])
def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, format: formats.Format) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches([{"name": "a"}])
        raise OSError("the disk is gone")

    target = tmp_path / "answer"
    target.write_text("before")
    with pytest.raises(OSError, match="gone"):
        formats.write(SCHEMA, broken(), format, target)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["answer"]


@pytest.mark.parametrize(("limit", "shown"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_a_table_says_when_there_is_more(capsys: pytest.CaptureFixture[str], limit: int, shown: int) -> None:
    rows: list[dict[str, object]] = [{"name": str(number), "count": number} for number in range(3)]
    assert formats.show(SCHEMA, batches(rows), limit) == (shown, shown < len(rows))
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == SCHEMA.names
    assert len(lines) == shown
