"""The check of situations passes on what was built, and finds what is wrong with it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from exphil import schema
from exphil.assets.checks.situations import situations
from exphil.store import manifest, paths
from exphil.store.store import Store


@pytest.fixture
def store(small_store: Path, tmp_path: Path) -> Store:
    """A copy of the small store, to spoil."""
    shutil.copytree(small_store, tmp_path / "store")
    return Store.open(tmp_path / "store")


def _write(store: Store, table: str, rows: pl.DataFrame) -> Store:
    """The first part of a table, written anew."""
    part = store.manifest.of("stats")[0]
    file = paths.table_part(store.root, "stats", table, part.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    rows.write_parquet(file)
    changed = replace(part, rows={**part.rows, table: len(rows)})
    manifest.write(store.root, store.manifest.changed("stats", add=[changed]))
    return Store.open(store.root)


def _read(store: Store, table: str) -> pl.DataFrame:
    return pl.read_parquet(store.table_paths(table)[0])


def _again(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.head(1)])


def test_a_sound_store_passes(store: Store) -> None:
    found = situations(store, None)
    assert found.passed, found.examples
    assert found.num_checked > 0
    assert found.figures["techs"] >= 0


def test_an_empty_store_passes(tmp_path: Path) -> None:
    assert situations(Store.create(tmp_path), None).num_checked == 0


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("action_counts", lambda t: t.with_columns(ledgegrab=pl.col("ledgegrab") + 1), "rows of"),
        ("action_counts", lambda t: t.with_columns(ground_tech_in=pl.lit(99, pl.Int32)), "rows of 99 ground_tech_in"),
        ("conversions", lambda t: t.with_columns(killed=~pl.col("killed")), "conversion 0"),
        ("conversions", lambda t: t.with_columns(sequence=pl.lit(None, pl.String), killed=True), "conversion 0"),
    ],
)  # fmt: skip
def test_what_is_spoiled_is_found(
    store: Store, table: str, change: Callable[[pl.DataFrame], pl.DataFrame], message: str
) -> None:
    found = situations(_write(store, table, change(_read(store, table))), None)
    assert not found.passed
    assert any(message in example for example in found.examples), found.examples


def _recoveries(store: Store, spans: list[tuple[int, int | None]]) -> pl.DataFrame:
    replay_id = _read(store, "action_counts")["replay_id"][0]
    rows = [
        {"replay_id": replay_id, "port": 1, "start_frame": start, "end_frame": end} for start, end in spans
    ]
    empty = pl.from_arrow(schema.arrow_schema(schema.RECOVERIES).empty_table())
    assert isinstance(empty, pl.DataFrame)
    return pl.concat([empty, pl.DataFrame(rows, schema_overrides=empty.schema)], how="diagonal")


@pytest.mark.parametrize(
    ("spans", "passed"),
    [([(0, 10), (10, 20)], True), ([(0, 11), (10, 20)], False), ([(0, None), (10, 20)], False),
     ([(10, None), (0, 10)], True)],
)  # fmt: skip
def test_recoveries_of_a_player_follow_one_another(
    store: Store, spans: list[tuple[int, int | None]], passed: bool
) -> None:
    found = situations(_write(store, "recoveries", _recoveries(store, spans)), None)
    assert found.passed is passed
    assert any("overlap" in example for example in found.examples) is not passed


def test_the_same_recovery_twice_is_found(store: Store) -> None:
    found = situations(_write(store, "recoveries", _again(_recoveries(store, [(0, 10)]))), None)
    assert any("occurs 2 times" in example for example in found.examples)
