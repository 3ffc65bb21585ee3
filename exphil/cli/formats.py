"""Answers of queries as table, CSV, JSON or Parquet. All but the table stream: memory does not grow with rows."""

import datetime
import decimal
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from exphil.cli import output
from exphil.errors import UsageError

Format = Literal["table", "csv", "json", "parquet"]

TABLE_ROWS: Final = 100
"""Rows that a table shows unless asked for more."""


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], format: Format, file: Path | None) -> int:
    """Write an answer to a file, or to stdout; the number of rows.

    A file appears whole or not at all.

    Raises:
        UsageError: Parquet, which is binary, to a terminal; or two columns of one name where a row needs names.
    """
    if format != "csv" and len(set(schema.names)) < len(schema.names):
        double = next(name for name in schema.names if schema.names.count(name) > 1)
        raise UsageError(
            f"two columns are called {double}: name one of them otherwise (AS), or use --format csv"
        )
    if format == "parquet" and file is None and sys.stdout.isatty():
        raise UsageError("Parquet is binary: name a file with --output, or send it into a pipe")
    writer = {"csv": _csv, "json": _json, "parquet": _parquet}[format]
    with _sink(file) as sink:
        return writer(schema, batches, sink)


def by_name(file: Path) -> Format | None:
    """The format that a file's name ends in; None for other endings."""
    match file.suffix.lower():
        case ".csv":
            return "csv"
        case ".json":
            return "json"
        case ".parquet":
            return "parquet"
        case _:
            return None


def show(schema: pa.Schema, batches: Iterable[pa.RecordBatch], limit: int) -> tuple[int, bool]:
    """Print the first `limit` rows as a table; how many that were, and whether there are more."""
    rows: list[list[object]] = []
    more = False
    for batch in batches:
        columns = [column.to_pylist() for column in batch.slice(0, limit + 1 - len(rows)).columns]
        rows += [list(row) for row in zip(*columns, strict=True)]
        if len(rows) > limit:
            more = True
            break
    numbers = [field.name for field in schema if _is_number(field.type)]
    output.records(schema.names, rows[:limit], right=numbers)
    return min(len(rows), limit), more


def _csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch], sink: BinaryIO) -> int:
    flat = pa.schema(
        [(field.name, pa.string() if _is_nested(field.type) else field.type) for field in schema]
    )
    header = ",".join(_csv_name(name) for name in schema.names)
    sink.write(f"{header}\n".encode())
    count = 0
    options = pyarrow.csv.WriteOptions(include_header=False)
    with pyarrow.csv.CSVWriter(sink, flat, write_options=options) as writer:
        for batch in batches:
            writer.write_batch(_flattened(batch, flat))
            count += batch.num_rows
    return count


def _json(schema: pa.Schema, batches: Iterable[pa.RecordBatch], sink: BinaryIO) -> int:
    """A JSON array, an object a line."""
    count = 0
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    for batch in batches:
        columns = [_json_column(column) for column in batch.columns]
        rows = [encode(dict(zip(schema.names, row, strict=True))) for row in zip(*columns, strict=True)]
        if rows:
            sink.write(b"[\n" if count == 0 else b",\n")
            sink.write(",\n".join(rows).encode())
            count += len(rows)
    sink.write(b"\n]\n" if count else b"[]\n")
    return count


def _parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], sink: BinaryIO) -> int:
    count = 0
    with pyarrow.parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def plain(value: Any) -> Any:
    """A value as JSON can hold it: NaN and infinities are null, bytes are hex, times are ISO 8601."""
    match value:
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case float():
            return value if math.isfinite(value) else None
        case decimal.Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.hex()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)


@contextmanager
def _sink(file: Path | None) -> Iterator[BinaryIO]:
    if file is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as sink:
            yield sink
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _flattened(batch: pa.RecordBatch, flat: pa.Schema) -> pa.RecordBatch:
    columns = [
        pa.array(
            [None if value is None else json.dumps(plain(value)) for value in column.to_pylist()], pa.string()
        )
        if _is_nested(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=flat)


def _json_column(column: pa.Array) -> list[Any]:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return list(column.to_pylist())
    return [plain(value) for value in column.to_pylist()]


def _csv_name(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"' if any(mark in name for mark in ',"\n\r') else name


def _is_nested(kind: pa.DataType) -> bool:
    """Whether CSV has no spelling of its own for it."""
    return bool(pa.types.is_nested(kind) or pa.types.is_interval(kind) or pa.types.is_dictionary(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
