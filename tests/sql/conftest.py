"""Stores that the tests of SQL ask."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_store(full_replays: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a store of the full two-player games, with statistics. Read only."""
    from exphil.assets import plan, replays, stats
    from exphil.assets.workers import Workers
    from exphil.replays.sources import find_sources
    from exphil.store.store import Store

    store = Store.create(tmp_path_factory.mktemp("real") / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(store, list(find_sources(full_replays))):
            replays.ingest(store, batch, workers)
            stats.materialize(store, batch, workers)
    return store.root
