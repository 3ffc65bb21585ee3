"""The checks of `stats` pass on what was built, and each finds what it is there to find."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from exphil.assets import plan, replays, stats
from exphil.assets.checks import CHECKS, Finding
from exphil.assets.workers import Workers
from exphil.replays.sources import find_sources
from exphil.store.store import Store
from exphil.synth.generate import synthesise


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three games long enough to have punishes, up to their statistics."""
    folder = tmp_path_factory.mktemp("checked-stats")
    synthesise(folder / "games", count=3, seed=11, max_frames=1200, workers=1)
    store = Store.create(folder / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(store, list(find_sources([folder / "games"]))):
            replays.ingest(store, batch, workers)
            stats.materialize(store, batch, workers)
    return folder / "store"


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Store:
    """A copy of it, to spoil."""
    shutil.copytree(built, tmp_path / "store")
    return Store.open(tmp_path / "store")


def run(store: Store, name: str) -> Finding:
    return next(check for check in CHECKS if (check.asset, check.name) == ("stats", name)).run(store, None)


def spoil(store: Store, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    file = Path(store.table_paths(table)[0])
    change(pl.read_parquet(file)).write_parquet(file)


@pytest.mark.parametrize("name", ["keys_unique", "spans", "sums", "stocks"])
def test_a_sound_store_passes(built: Path, name: str) -> None:
    found = run(Store.open(built), name)
    assert found.passed, found.examples
    assert found.num_checked >= 6


@pytest.mark.parametrize("name", ["keys_unique", "spans", "sums", "stocks"])
def test_an_empty_store_passes(tmp_path: Path, name: str) -> None:
    assert run(Store.create(tmp_path / "empty"), name).passed


def add_first_row(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.head(1)])


def cut_first_row(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.tail(-1)


def raised(column: str, by: float) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The first row with another number in a column."""

    def change(rows: pl.DataFrame) -> pl.DataFrame:
        first = pl.int_range(pl.len()) == 0
        return rows.with_columns(
            pl.when(first)
            .then((pl.col(column) + by).cast(rows.schema[column]))
            .otherwise(pl.col(column))
            .alias(column)
        )

    return change


@pytest.mark.parametrize(
    ("name", "table", "change", "told"),
    [
        ("keys_unique", "conversions", add_first_row, "occurs 2 times"),
        ("keys_unique", "overall", cut_first_row, "overall: "),
        ("keys_unique", "action_counts", cut_first_row, "has no row"),
        ("keys_unique", "overall", raised("port", 2), "is no player of two"),
        ("spans", "stocks", raised("start_frame", -1000), "stocks: "),
        ("spans", "conversions", raised("start_frame", 100_000), "conversions: "),
        ("spans", "combos", raised("end_frame", 100_000), "combos: "),
        ("spans", "moves", raised("frame", -5_000), "moves: "),
        ("spans", "combo_moves", raised("combo", 900), "combo_moves: "),
        ("sums", "moves", cut_first_row, "conversions: "),
        ("sums", "combo_moves", raised("damage", 0.5), "combos: "),
        ("sums", "conversions", raised("num_hits", 1), "conversions: "),
        ("sums", "overall", raised("total_damage", 0.5), "overall: "),
        ("sums", "overall", raised("conversion_count", 1), "overall: "),
        ("sums", "overall", raised("kill_count", 1), "overall: "),
        ("stocks", "stocks", raised("count", 1), "left"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(
    store: Store, name: str, table: str, change: Callable[[pl.DataFrame], pl.DataFrame], told: str
) -> None:
    spoil(store, table, change)
    found = run(store, name)
    assert not found.passed
    assert any(told in example for example in found.examples), found.examples
