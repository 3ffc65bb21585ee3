"""Sensors: what counts as quiet, what a tick asks for, and how partitions follow the store."""

import os
import time
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.assets import plan
from exphil.replays.sources import Source, find_sources
from exphil.store.store import Store
from pipelines.lost_runs import process_tags
from pipelines.sensors import QUIET_SECONDS, new_replays, quiet, upkeep


def _age(folder: Path, seconds: float) -> None:
    for file in folder.iterdir():
        then = time.time() - seconds
        os.utime(file, (then, then))


def _tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(instance=instance) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


@given(st.lists(st.floats(-100, 100)))
def test_only_files_left_alone_for_a_while_are_quiet(ages: list[float]) -> None:
    now = 1_700_000_000.0
    sources = [Source(str(i), 1, int((now - age) * 1e9)) for i, age in enumerate(ages)]
    kept = {int(source.path) for source in quiet(sources, now)}
    for i, age in enumerate(ages):
        if abs(age - QUIET_SECONDS) > 0.001:
            assert (i in kept) == (age > QUIET_SECONDS)


def test_new_replays_are_asked_for_once_they_are_quiet(two_replays: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(_tick(new_replays, instance), dg.SkipReason)
        _age(two_replays, QUIET_SECONDS + 5)
        found = _tick(new_replays, instance)
        assert isinstance(found, dg.SensorResult)
        assert [request.partition_key for request in found.run_requests or []] == ["b00001"]
        assert [request.partition_keys for request in found.dynamic_partitions_requests or []] == [["b00001"]]
    assert len(plan.inbox_sources(Store.open("storage"), "b00001")) == 3


def test_a_run_is_asked_for_under_the_same_key_until_the_files_change(two_replays: Path) -> None:
    _age(two_replays, QUIET_SECONDS + 5)

    def key(instance: dg.DagsterInstance) -> str | None:
        found = _tick(new_replays, instance)
        assert isinstance(found, dg.SensorResult)
        return (found.run_requests or [])[0].run_key

    with dg.DagsterInstance.ephemeral() as instance:
        first = key(instance)
        assert key(instance) == first
        (two_replays / "notes.slp").write_text("still not a game")
        _age(two_replays, QUIET_SECONDS + 5)
        assert key(instance) != first


def test_new_replays_wait_while_a_run_is_under_way(two_replays: Path) -> None:
    @dg.job
    def busy() -> None: ...

    _age(two_replays, QUIET_SECONDS + 5)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.create_run_for_job(busy, tags=process_tags())
        found = _tick(new_replays, instance)
    assert isinstance(found, dg.SkipReason)
    assert "under way" in (found.skip_message or "")


def test_a_folder_that_is_not_there_is_explained(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPHIL_REPLAYS", "no-such-folder")
    with dg.DagsterInstance.ephemeral() as instance:
        found = _tick(new_replays, instance)
    assert isinstance(found, dg.SkipReason)
    assert "no-such-folder" in (found.skip_message or "")


def test_partitions_follow_the_store(two_replays: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(_tick(upkeep, instance), dg.SkipReason)
        plan.enqueue(Store.create("storage"), list(find_sources([two_replays])))
        instance.add_dynamic_partitions("batches", ["b00007"])
        found = _tick(upkeep, instance)
        assert isinstance(found, dg.SensorResult)
        add, delete = found.dynamic_partitions_requests or []
        assert isinstance(add, dg.AddDynamicPartitionsRequest)
        assert add.partition_keys == ["b00001"]
        assert isinstance(delete, dg.DeleteDynamicPartitionsRequest)
        assert delete.partition_keys == ["b00007"]
