"""The manifest, the writer's lock and transactions: what a reader sees, and what a killed writer leaves."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from exphil.errors import StoreError
from exphil.store import lock, manifest, paths
from exphil.store.manifest import Manifest, Part
from exphil.store.store import Store


def _part(name: str, batch: str = "b00001") -> Part:
    return Part(name=name, batch=batch, rows={"segments": 1}, num_bytes=3, made_by="x")


def _stage(staging: Path, name: str, content: str = "abc") -> None:
    file = paths.table_part(staging, "windows", "segments", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def _final(store: Store, name: str) -> Path:
    return paths.table_part(store.root, "windows", "segments", name)


def test_a_missing_store_names_the_path_and_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        Store.open(tmp_path / "nowhere")
    message = str(raised.value)
    assert "nowhere" in message
    assert "--store" in message
    assert "EXPHIL_STORE" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 999}', '{"format": 1, "parts": {"frames": 3}}']
)
def test_a_damaged_or_foreign_manifest_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / paths.MANIFEST).write_text(content)
    with pytest.raises(StoreError) as raised:
        Store.open(tmp_path)
    assert "\n" not in str(raised.value)
    assert paths.MANIFEST in str(raised.value)


def test_manifest_round_trip(tmp_path: Path) -> None:
    written = (
        Manifest()
        .changed("windows", add=[_part("b"), _part("a", "b00002")])
        .with_feature_set("f", {"a": [1]})
    )
    manifest.write(tmp_path, written)
    read = manifest.read(tmp_path)
    assert read == written
    assert [part.name for part in read.of("windows")] == ["a", "b"]
    assert [part.name for part in read.of("windows", "b00002")] == ["a"]


def test_commit_moves_parts_and_drops_replaced_ones(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with store.writing() as transaction:
        _stage(transaction.staging, "old")
        transaction.change("windows", add=[_part("old")])
        transaction.commit()
    assert _final(store, "old").exists()
    with store.writing() as transaction:
        _stage(transaction.staging, "new")
        transaction.change("windows", add=[_part("new")], remove=["old"])
        transaction.commit()
    assert not _final(store, "old").exists()
    assert Store.open(tmp_path).table_paths("segments") == [str(_final(store, "new"))]
    assert list((tmp_path / paths.STAGING).iterdir()) == []


def test_an_exception_before_commit_changes_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    before = (tmp_path / paths.MANIFEST).read_bytes()

    def fail_halfway() -> None:
        with store.writing() as transaction:
            _stage(transaction.staging, "half")
            transaction.change("windows", add=[_part("half")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert (tmp_path / paths.MANIFEST).read_bytes() == before
    assert not _final(store, "half").exists()
    assert list((tmp_path / paths.STAGING).iterdir()) == []


def test_a_part_that_was_not_staged_is_no_commit(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with store.writing() as transaction:
        transaction.change("windows", add=[_part("ghost")])
        with pytest.raises(StoreError, match="ghost"):
            transaction.commit()
    assert Store.open(tmp_path).manifest.of("windows") == []


def _hold(root: Path, ready: str, seconds: float) -> None:
    with lock.writer_lock(root):
        Path(ready).touch()
        time.sleep(seconds)


def _start_holder(root: Path, seconds: float) -> multiprocessing.process.BaseProcess:
    ready = root / "ready"
    holder = multiprocessing.get_context("spawn").Process(target=_hold, args=(root, str(ready), seconds))
    holder.start()
    while not ready.exists():
        assert holder.is_alive()
        time.sleep(0.01)
    return holder


def test_the_lock_names_its_owner(tmp_path: Path) -> None:
    holder = _start_holder(tmp_path, 60.0)
    try:
        with (
            pytest.raises(StoreError, match=f"process {holder.pid} on"),
            lock.writer_lock(tmp_path, wait_seconds=0.2),
        ):
            pass
    finally:
        holder.kill()
        holder.join()


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_writer_lets_go_of_the_lock_and_its_staging_is_swept(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    leftover = tmp_path / paths.STAGING / "dead"
    leftover.mkdir(parents=True)
    (leftover / "half.parquet").write_text("x")
    holder = _start_holder(tmp_path, 60.0)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with store.writing() as transaction:
        assert not leftover.exists()
        assert transaction.staging.is_dir()


def test_readers_do_not_wait_for_the_writer(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with store.writing() as transaction:
        _stage(transaction.staging, "new")
        transaction.change("windows", add=[_part("new")])
        assert Store.open(tmp_path).manifest.of("windows") == []
        transaction.commit()
    assert json.loads((tmp_path / paths.MANIFEST).read_bytes())["format"] == paths.FORMAT_VERSION
