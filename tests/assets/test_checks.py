"""Checks of content pass on what was built, and each finds what it is there to find."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from exphil.assets import embeddings, packs, plan, replays, stats, windows
from exphil.assets.checks import CHECKS, Check, Finding, faults, merged_audit
from exphil.assets.selection import ReplaySelection, select
from exphil.assets.workers import Workers
from exphil.store import manifest, paths
from exphil.store.store import Store
from exphil.synth.generate import synthesise

BATCH = "b00001"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of six games and a file that is none."""
    folder = tmp_path_factory.mktemp("checked")
    synthesise(folder / "games", count=6, seed=11, max_frames=400, workers=1)
    (folder / "games" / "text.slp").write_text("not a game")
    store = Store.create(folder / "store")
    plan.enqueue(store, select(ReplaySelection(roots=(folder / "games",))).sources)
    with Workers(1) as workers:
        replays.ingest(store, BATCH, workers)
        embeddings.materialize(store, BATCH, workers)
        stats.materialize(store, BATCH, workers)
        windows.materialize(store, BATCH)
        packs.materialize(store, BATCH, workers)
    return folder / "store"


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Store:
    """A copy of it, to spoil."""
    shutil.copytree(built, tmp_path / "store")
    return Store.open(tmp_path / "store")


def _check(asset: str, name: str) -> Check:
    return next(check for check in CHECKS if (check.asset, check.name) == (asset, name))


def _spoil(store: Store, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Rewrite the first part of a table."""
    file = Path(store.table_paths(table)[0])
    change(pl.read_parquet(file)).write_parquet(file)


def _stamp(store: Store, asset: str, fingerprint: str) -> Store:
    """The manifest with another fingerprint on the asset's parts."""
    parts = [replace(p, stats={**p.stats, "fingerprint": fingerprint}) for p in store.manifest.of(asset)]
    manifest.write(store.root, store.manifest.changed(asset, add=parts))
    return Store.open(store.root)


@pytest.mark.parametrize(
    "check", [c for c in CHECKS if c.is_fault], ids=lambda check: f"{check.asset}-{check.name}"
)
@pytest.mark.parametrize("batch", [None, BATCH])
def test_a_sound_store_passes(built: Path, check: Check, batch: str | None) -> None:
    found = check.run(Store.open(built), batch)
    assert found.passed, found.examples
    assert found.num_checked > 0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.asset}-{check.name}")
def test_an_empty_store_passes(tmp_path: Path, check: Check) -> None:
    assert check.run(Store.create(tmp_path), None).passed


def _first_again(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.head(1)])


SPOILED: list[tuple[str, str, str, Callable[[pl.DataFrame], pl.DataFrame], str]] = [
    ("replays", "keys_unique", "replays", _first_again, "occurs 2 times"),
    ("replays", "keys_unique", "players", _first_again, "occurs 2 times"),
    ("replays", "ranges", "replays", lambda t: t.with_columns(status=pl.lit("fine")), "synth_000000.slp"),
    ("replays", "ranges", "replays", lambda t: t.with_columns(reason=pl.lit(None, pl.String)), "text.slp"),
    ("frames", "keys_unique", "frames", _first_again, "occurs 2 times"),
    ("frames", "no_gaps", "frames", lambda t: t.filter(pl.col("frame") != 5), "of frames -123 to"),
    (
        "frames",
        "no_gaps",
        "replays",
        lambda t: t.with_columns(num_frames=pl.col("num_frames") + 1),
        "of frames -123",
    ),
    (
        "frames",
        "ranges",
        "frames",
        lambda t: t.with_columns(post_percent=pl.lit(-1.0, pl.Float32)),
        "post_percent",
    ),
    (
        "frames",
        "ranges",
        "frames",
        lambda t: t.with_columns(pre_joystick_x=pl.lit(float("nan"))),
        "pre_joystick_x",
    ),
    ("windows", "no_split_leakage", "replays", lambda t: t.with_columns(set_key=pl.lit("one")), "is in"),
    ("windows", "ranges", "segments", lambda t: t.with_columns(first_frame=pl.lit(-100, pl.Int32)), "port"),
    (
        "windows",
        "ranges",
        "segments",
        lambda t: t.with_columns(last_frame=pl.col("last_frame") + 500),
        "port",
    ),
    ("windows", "ranges", "segments", _first_again, "occurs 2 times"),
    ("windows", "quality", "segments", lambda t: t.with_columns(excluded=~pl.col("excluded")), "port"),
    ("windows", "quality", "segments", lambda t: t.with_columns(quality=pl.lit(0.123)), "port"),
    ("windows", "quality", "quality", _first_again, "occurs 2 times"),
    ("windows", "quality", "quality", lambda t: t.head(1), "no row of quality"),
    (
        "windows",
        "quality",
        "quality",
        lambda t: t.with_columns(seconds=pl.lit(600.0)),
        "not what the rules say",
    ),
    (
        "windows",
        "quality",
        "quality",
        lambda t: t.with_columns(flags=pl.lit("odd")),
        "not what the rules say",
    ),
    ("packs", "coverage", "segments", lambda t: t.with_columns(last_frame=pl.col("last_frame") + 2), "port"),
]


@pytest.mark.parametrize(("asset", "name", "table", "change", "message"), SPOILED)
def test_what_is_spoiled_is_found(
    store: Store,
    asset: str,
    name: str,
    table: str,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    message: str,
) -> None:
    _spoil(store, table, change)
    found = _check(asset, name).run(store, BATCH)
    assert not found.passed
    assert any(message in example for example in found.examples), found.examples


def test_a_game_in_two_parts_is_found(store: Store) -> None:
    (part,) = store.manifest.of("frames")
    twin = replace(part, name=f"{part.name}-twin")
    for table in [table for table, count in part.rows.items() if count]:
        file = paths.table_part(store.root, "frames", table, part.name)
        shutil.copy(file, file.with_stem(twin.name))
    manifest.write(store.root, store.manifest.changed("frames", add=[twin]))
    found = _check("frames", "keys_unique").run(Store.open(store.root), None)
    assert found.num_wrong == 6


def test_parts_of_another_feature_table_are_found(store: Store) -> None:
    found = _check("packs", "fingerprint").run(_stamp(store, "packs", "0" * 16), None)
    assert not found.passed
    (part,) = store.manifest.of("embeddings")
    file = paths.embeddings_part(store.root, "v1", part.name) / "zarr.json"
    text = file.read_text()
    current = str(store.manifest.of("packs")[0].stats["fingerprint"])
    assert current in text
    file.write_text(text.replace(current, "0" * len(current)))
    assert not _check("embeddings", "fingerprint").run(store, None).passed


def test_dead_dims_are_named(store: Store) -> None:
    found = _check("embeddings", "no_dead_dims").run(store, None)
    audit = merged_audit(store)
    dead = [row.name for row in audit.rows() if row.state == "dead"]
    assert found.num_wrong == len(dead)
    assert found.figures["alive"] > 100
    assert found.num_checked == len(audit.feature_set.names)


def test_faults_of_the_whole_store(store: Store) -> None:
    assert faults(store) == []
    _spoil(store, "segments", _first_again)
    (problem,) = faults(store)
    assert problem.asset == "windows"
    assert problem.message.startswith("ranges: 1 wrong of")


def test_few_examples_stand_for_many() -> None:
    found = Finding()
    found.count(100, [f"row {i}" for i in range(40)])
    found.count(100, ["another"])
    assert (found.num_checked, found.num_wrong, len(found.examples)) == (200, 41, 5)
