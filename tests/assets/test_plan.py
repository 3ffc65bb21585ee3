"""What is new, and which batch it goes to: the same answer however often it is asked."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil import schema
from exphil.assets import plan
from exphil.assets.versions import made_by
from exphil.errors import UsageError
from exphil.replays.sources import Source
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import write_rows
from exphil.store.store import Store


def _sources(*names: str, size: int = 10) -> list[Source]:
    return [Source(f"/r/{name}.slp", size, 1) for name in names]


def _ingested(store: Store, batch: str) -> None:
    """Do as ingest does for bookkeeping: a row for each waiting file."""
    rows = [
        {"path": s.path, "num_bytes": s.num_bytes, "mtime_ns": s.mtime_ns, "batch": batch, "status": "ok"}
        for s in plan.inbox_sources(store, batch)
    ]
    with store.writing() as transaction:
        name = f"{batch}-{len(store.manifest.of('replays'))}"
        full = [dict.fromkeys(schema.REPLAYS.names) | row for row in rows]
        write_rows(paths.table_part(transaction.staging, "replays", "replays", name), schema.REPLAYS, full)
        made = Part(
            name=name, batch=batch, rows={"replays": len(rows)}, num_bytes=1, made_by=made_by("replays")
        )
        transaction.change("replays", add=[made])
        transaction.commit()
        paths.inbox_file(store.root, batch).unlink()


def test_new_files_fill_the_last_batch_then_open_others(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    assert plan.enqueue(store, _sources("a", "b", "c"), batch_size=2) == ["b00001", "b00002"]
    for batch in ("b00001", "b00002"):
        _ingested(store, batch)
    assert plan.pending(store, _sources("a", "b", "c")) == []
    assert plan.enqueue(store, _sources("a", "b", "c", "d", "e"), batch_size=2) == ["b00002", "b00003"]
    assert [s.path for s in plan.inbox_sources(store, "b00002")] == ["/r/d.slp"]


def test_asking_again_assigns_the_same(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    first = plan.enqueue(store, _sources("a", "b", "c"), batch_size=2)
    contents = [plan.inbox_sources(store, batch) for batch in first]
    assert plan.enqueue(store, _sources("c", "b", "a"), batch_size=2) == first
    assert [plan.inbox_sources(store, batch) for batch in first] == contents


def test_a_path_with_other_bytes_is_pending_again(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    plan.enqueue(store, _sources("a", "b"))
    _ingested(store, "b00001")
    assert [s.path for s in plan.pending(store, [*_sources("a"), *_sources("b", size=11)])] == ["/r/b.slp"]


def test_rows_of_an_older_reader_are_pending_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.create(tmp_path)
    plan.enqueue(store, _sources("a"))
    _ingested(store, "b00001")
    monkeypatch.setattr(plan, "made_by", lambda asset: "another")
    assert [s.path for s in plan.pending(store, _sources("a"))] == ["/r/a.slp"]


def test_a_listing_problem_survives_the_inbox(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    broken = Source("/r/broken.zip", 10, 1, "the archive is damaged")
    plan.enqueue(store, [broken])
    assert plan.inbox_sources(store, "b00001") == [broken]


def test_a_batch_without_inbox_waits_for_nothing(tmp_path: Path) -> None:
    assert plan.inbox_sources(Store.create(tmp_path), "b00001") == []


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4), batch_size=st.integers(1, 5))
def test_no_batch_overflows_and_every_file_is_in_one(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], batch_size: int
) -> None:
    store = Store.create(tmp_path_factory.mktemp("store"))
    names: list[str] = []
    for number, size in enumerate(sizes):
        names += [f"{number}-{index}" for index in range(size)]
        for batch in plan.enqueue(store, _sources(*names), batch_size):
            _ingested(store, batch)
    known = plan.known_paths(store)
    assert sorted(known["path"]) == sorted(f"/r/{name}.slp" for name in names)
    assert known.group_by("batch").len()["len"].max() <= batch_size  # type: ignore[operator]


def test_upstream_of_a_misspelt_asset_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="embeddings"):
        plan.upstream("embedings")
