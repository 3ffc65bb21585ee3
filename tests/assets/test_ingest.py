"""From files to parts and on, by the asset functions themselves: what comes, what changes, what dies, what is bad."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from exphil.assets import embeddings, maintenance, packs, plan, replays, stats, windows
from exphil.assets.selection import ReplaySelection, select
from exphil.assets.workers import Workers
from exphil.store.store import Store
from exphil.synth.generate import synthesise
from tests.assets.deadly import read_or_die
from tests.equality import assert_same_stores
from tests.equality import packs as packs_of

plan_made_by = plan.made_by


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eight short recordings of several versions."""
    folder = tmp_path_factory.mktemp("recordings")
    synthesise(folder, count=8, seed=3, max_frames=400, workers=1)
    return sorted(folder.glob("*.slp"))


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(2) as pool:
        yield pool


def build(root: Path, folder: Path, workers: Workers) -> Store:
    """Everything, as `exphil materialize all` does it."""
    store = Store.create(root)
    plan.enqueue(store, select(ReplaySelection(roots=(folder,))).sources)
    for batch in plan.stale_batches(store, plan.upstream("all")):
        replays.ingest(store, batch, workers)
        stats.materialize(store, batch, workers)
        embeddings.materialize(store, batch, workers)
        windows.materialize(store, batch)
        packs.materialize(store, batch, workers)
    assert plan.stale_batches(store, plan.upstream("all")) == []
    assert maintenance.verify(store) == []
    return store


def rows(store: Store, table: str = "replays") -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in store.table_paths(table)])


def by_name(store: Store) -> dict[str, tuple[str, str | None]]:
    return {
        Path(path).name: (status, reason)
        for path, status, reason in rows(store)["path", "status", "reason"].iter_rows()
    }


def copy(files: list[Path], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy2(file, folder / file.name)
    return folder


def test_replays_added_one_by_one_make_the_same_store(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    at_once = build(tmp_path / "once", copy(recordings, tmp_path / "in"), workers)
    grown = copy(recordings[:6], tmp_path / "grown")
    (tmp_path / "in").rename(tmp_path / "aside")
    shutil.move(grown, tmp_path / "in")
    build(tmp_path / "steps", tmp_path / "in", workers)
    for file in recordings[6:]:
        copy([file], tmp_path / "in")
        store = build(tmp_path / "steps", tmp_path / "in", workers)
    mtimes = pl.col("mtime_ns")
    assert rows(store).select(mtimes.n_unique()).item() == rows(at_once).select(mtimes.n_unique()).item()
    assert_same_stores(tmp_path / "once", tmp_path / "steps")
    assert len(store.manifest.of("frames")) > len(at_once.manifest.of("frames"))
    maintenance.gc(store, workers)
    assert maintenance.verify(store) == []
    assert len(store.manifest.of("frames")) == 1
    assert_same_stores(tmp_path / "once", tmp_path / "steps")


def test_adding_one_replay_reads_that_one_alone(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    store = build(tmp_path / "store", copy(recordings[:3], tmp_path / "in"), workers)
    before = {part.name for part in store.manifest.of("frames")}
    copy(recordings[3:4], tmp_path / "in")
    plan.enqueue(store, select(ReplaySelection(roots=(tmp_path / "in",))).sources)
    report, _ = replays.ingest(store, "b00001", workers)
    assert report.made["replays"] == 1
    assert before < {part.name for part in store.manifest.of("frames")}


def test_bad_files_get_a_row_and_stop_nothing(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    folder = copy(recordings[:2], tmp_path / "in")
    (folder / "empty.slp").touch()
    (folder / "page.slp").write_text("<!DOCTYPE html><html></html>")
    (folder / "cut.slp").write_bytes(recordings[2].read_bytes()[:300])
    found = by_name(build(tmp_path / "store", folder, workers))
    assert [found[file.name][0] for file in recordings[:2]] == ["ok", "ok"]
    for name in ("empty.slp", "page.slp", "cut.slp"):
        status, reason = found[name]
        assert status == "quarantined"
        assert reason
        assert "\n" not in reason


def test_a_folder_of_nothing_but_bad_files_is_a_store_all_the_same(tmp_path: Path, workers: Workers) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.slp").write_text("hello")
    assert by_name(build(tmp_path / "store", tmp_path / "in", workers))["text.slp"][0] == "quarantined"


def test_copies_count_once_wherever_they_lie(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    folder = copy(recordings[:4], tmp_path / "in")
    for number in range(3):
        shutil.copy2(recordings[0], folder / f"copy-{number}.slp")
    store = build(tmp_path / "store", folder, workers)
    found = by_name(store)
    assert sorted(status for status, _ in found.values()) == ["duplicate"] * 3 + ["ok"] * 4
    assert rows(store, "frames").select("replay_id", "port", "follower", "frame").is_duplicated().sum() == 0
    assert rows(store, "frames")["replay_id"].n_unique() == 4
    assert found["copy-1.slp"][1] is not None
    assert "copy-0.slp" in str(found["copy-1.slp"][1])


def test_a_path_with_other_bytes_replaces_its_row_and_its_game(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    folder = copy(recordings[:3], tmp_path / "in")
    build(tmp_path / "store", folder, workers)
    shutil.copy2(recordings[5], folder / recordings[1].name)
    store = build(tmp_path / "store", folder, workers)
    build(tmp_path / "afresh", folder, workers)
    assert len(rows(store)) == 3
    assert_same_stores(tmp_path / "store", tmp_path / "afresh")


def test_a_duplicate_takes_over_when_its_winner_changes(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    folder = copy(recordings[:2], tmp_path / "in")
    shutil.copy2(recordings[0], folder / "z-copy.slp")
    store = build(tmp_path / "store", folder, workers)
    assert by_name(store)["z-copy.slp"][0] == "duplicate"
    shutil.copy2(recordings[5], folder / recordings[0].name)
    store = build(tmp_path / "store", folder, workers)
    assert {status for status, _ in by_name(store).values()} == {"ok"}
    assert rows(store, "frames")["replay_id"].n_unique() == 3


def test_a_file_that_kills_its_worker_is_quarantined_alone(
    tmp_path: Path, recordings: list[Path], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy(recordings[:6], tmp_path / "in")
    shutil.copy2(recordings[6], folder / "deadly.slp")
    monkeypatch.setattr(replays, "read_chunk", read_or_die)
    found = by_name(build(tmp_path / "store", folder, workers))
    assert found["deadly.slp"][0] == "quarantined"
    assert "SIGKILL" in str(found["deadly.slp"][1])
    assert [found[file.name][0] for file in recordings[:6]] == ["ok"] * 6


def test_parts_made_by_other_code_are_made_again(
    tmp_path: Path, recordings: list[Path], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy(recordings[:2], tmp_path / "in")
    store = build(tmp_path / "store", folder, workers)
    before = {part.name: part.num_bytes for part in store.manifest.of("packs")}
    monkeypatch.setattr(plan, "made_by", lambda asset: "another" if asset == "packs" else plan_made_by(asset))
    assert plan.stale_batches(store, ["packs"]) == ["b00001"]
    packs.materialize(store, "b00001", workers)
    assert {part.name: part.num_bytes for part in store.manifest.of("packs")} == before


def test_stale_packs_are_made_anew_for_training(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    folder = copy(recordings[:2], tmp_path / "in")
    store = build(tmp_path / "store", folder, workers)
    before = packs_of(store)
    with store.writing() as transaction:
        transaction.change("packs", remove=[part.name for part in store.manifest.of("packs")])
        transaction.commit()
    told: list[str] = []
    packs.refresh(store, told.append)
    assert len(told) == 1
    assert packs_of(store) == before
    packs.refresh(store, told.append)
    assert len(told) == 1


def test_segments_of_other_rules_are_made_anew_for_training_and_packs_stay(
    tmp_path: Path, recordings: list[Path], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy(recordings[:2], tmp_path / "in")
    store = build(tmp_path / "store", folder, workers)
    segments, packed = rows(store, "segments"), store.manifest.of("packs")
    with store.writing() as transaction:
        old = [replace(part, made_by="older rules") for part in store.manifest.of("windows")]
        transaction.change("windows", add=old)
        transaction.commit()
    assert plan.stale_batches(store, plan.upstream("all")) == ["b00001"]
    told: list[str] = []
    packs.refresh(store, told.append)
    assert len(told) == 1
    assert plan.stale_batches(store, plan.upstream("all")) == []
    assert rows(store, "segments").equals(segments)
    assert store.manifest.of("packs") == packed


def test_quality_covers_every_game_in_step_with_its_segments(
    tmp_path: Path, recordings: list[Path], workers: Workers
) -> None:
    store = build(tmp_path / "store", copy(recordings, tmp_path / "in"), workers)
    judged = rows(store, "quality")
    assert judged["replay_id"].sort().to_list() == rows(store)["replay_id"].sort().to_list()
    assert judged["flags"].str.contains("short").all(), "six seconds are no game"
    beside = rows(store, "segments").join(judged, on="replay_id")
    assert (beside["quality"] == beside["score"]).all()
    assert (beside["excluded"] == beside["excluded_right"]).all()
    assert beside["quality"].n_unique() > 1
