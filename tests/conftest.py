"""Fixtures that every test may use. Real replays are found by environment variable, else beside the checkout."""

import gc
import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: properties are about results, never about time.
settings.register_profile("exphil", deadline=None)
settings.load_profile("exphil")

# A shell starts background jobs with Ctrl-C ignored, and children inherit that: tests of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Take out the callback by which hypothesis times the garbage collector.

    The interpreter drops callbacks after its last collection: what hangs on them, here pytest with every fixture
    and the types that they are annotated with, is never freed, and DuckDB's bindings report a leak at exit.
    """
    gc.callbacks[:] = [
        call for call in gc.callbacks if not str(getattr(call, "__module__", "")).startswith("hypothesis.")
    ]


REPOSITORY = Path(__file__).resolve().parent.parent


def _replays() -> Path | None:
    given = os.environ.get("EXPHIL_TEST_REPLAYS")
    found = Path(given) if given else REPOSITORY.parent / "shared" / "replays"
    return found if found.is_dir() else None


@pytest.fixture(scope="session")
def replay_dir() -> Path:
    """The folder of real replays; the test is skipped where there is none."""
    found = _replays()
    if found is None:
        pytest.skip("no real replays: set EXPHIL_TEST_REPLAYS to a folder of .slp files")
    return found


@pytest.fixture(scope="session")
def truth_dir(replay_dir: Path) -> Path:
    """What slippi-js answers for the real replays; the test is skipped where that is not at hand."""
    found = replay_dir.parent / "truth" / "slippi-js"
    if not found.is_dir():
        pytest.skip("no slippi-js answers beside the real replays")
    return found


@pytest.fixture(scope="session")
def full_replays(replay_dir: Path) -> list[Path]:
    """The full two-player games, sorted by name."""
    found = sorted(replay_dir.glob("full_*.slp"))
    if not found:
        pytest.skip("no full_*.slp among the real replays")
    return found


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a store of three synthesised games and a file that is no replay, every asset built. Read only."""
    from exphil.assets import embeddings, packs, plan, replays, stats, windows
    from exphil.assets.workers import Workers
    from exphil.replays.sources import find_sources
    from exphil.store.store import Store
    from exphil.synth.generate import synthesise

    folder = tmp_path_factory.mktemp("small")
    synthesise(folder / "replays", count=3, max_frames=400)
    (folder / "replays" / "broken.slp").write_bytes(b"no replay")
    store = Store.create(folder / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(store, list(find_sources([folder / "replays"]))):
            replays.ingest(store, batch, workers)
            stats.materialize(store, batch, workers)
            embeddings.materialize(store, batch, workers)
            windows.materialize(store, batch)
            packs.materialize(store, batch, workers)
    return folder / "store"
