"""The comparison as Parquet: `results`, a row a backbone; `curves` and `scaling`, a row a point."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args, get_origin

import polars as pl

from exphil.benchmark.results import Result
from exphil.benchmark.rows import Row, curve_rows, rows_of, scaling_rows
from exphil.errors import StoreError
from exphil.store.atomic import write_bytes

RESULTS: Final = "results.parquet"
CURVES: Final = "curves.parquet"
SCALING: Final = "scaling.parquet"

_TYPES: Final[Mapping[Any, Any]] = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}

CURVE_COLUMNS: Final = {
    "backbone": pl.String,
    "seed": pl.Int64,
    "kind": pl.String,
    "step": pl.Int64,
    "epoch": pl.Int64,
    "nats": pl.Float64,
}

SCALING_COLUMNS: Final = {
    "backbone": pl.String,
    "window_size": pl.Int64,
    "batch_size": pl.Int64,
    "status": pl.String,
    "reason": pl.String,
    "batches_per_second": pl.Float64,
    "frames_per_second": pl.Float64,
    "peak_ram_mb": pl.Float64,
    "peak_vram_mb": pl.Float64,
    "company": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that tables and pages are drawn from.

    Attributes:
        rows: of the table.
        curves: see `curve_rows`.
        scaling: see `scaling_rows`.
    """

    rows: Sequence[Row]
    curves: Sequence[Mapping[str, Any]]
    scaling: Sequence[Mapping[str, Any]]


def figures_of(results: Sequence[Result]) -> Figures:
    """From the results of the jobs."""
    return Figures(rows_of(results), curve_rows(results), scaling_rows(results))


def write_figures(folder: Path, figures: Figures) -> None:
    """Write the three Parquet files; each replaced whole or not at all."""
    columns = {item.name: _column(item.type) for item in fields(Row)}
    _write(folder / RESULTS, [asdict(row) for row in figures.rows], columns)
    _write(folder / CURVES, figures.curves, CURVE_COLUMNS)
    _write(folder / SCALING, figures.scaling, SCALING_COLUMNS)


def read_figures(folder: Path) -> Figures:
    """Back from `write_figures`.

    Raises:
        StoreError: a file is not there, or none of ours.
    """
    tables = []
    for name in (RESULTS, CURVES, SCALING):
        try:
            tables.append(pl.read_parquet(folder / name).to_dicts())
        except (OSError, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"{folder / name} cannot be read ({reason}); copy it from the folder of an `exphil benchmark`"
            ) from error
    try:
        return Figures([Row(**row) for row in tables[0]], tables[1], tables[2])
    except TypeError as error:
        raise StoreError(
            f"{folder / RESULTS} was written by another version ({error}); run `exphil benchmark` again"
        ) from error


def _write(path: Path, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    pl.DataFrame([dict(row) for row in rows], schema=dict(columns)).write_parquet(buffer)
    write_bytes(path, buffer.getvalue())


def _column(kind: Any) -> Any:
    """The column type of a field of `Row`."""
    if isinstance(kind, UnionType):
        kind = next(item for item in get_args(kind) if item is not type(None))
    if get_origin(kind) is list:
        return pl.List(_TYPES[get_args(kind)[0]])
    return _TYPES[kind]
