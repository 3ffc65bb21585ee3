"""`exphil benchmark --latency`: which games, which jobs, and what comes of them."""

from collections.abc import Callable
from pathlib import Path

from exphil.benchmark.contest import Contest
from exphil.benchmark.latency.games import games_in, games_of
from exphil.benchmark.latency.jobs import plan_latency
from exphil.benchmark.latency.outputs import write_latency
from exphil.benchmark.latency.rows import LatencyRow, latency_rows
from exphil.benchmark.run import finished, run_jobs
from exphil.errors import StoreError
from exphil.store.store import Store
from exphil.training.provenance import store_fingerprint


def measure_all(
    contest: Contest, store: Path, replays: Path | None, frames: int, out: Path, say: Callable[[str], None]
) -> list[LatencyRow]:
    """Measure what the folder has no result of yet, one after the other; gives all rows.

    Args:
        store: root of the store whose games are answered, and that tells of the code at hand.
        replays: folder, archive or file of games to answer in their place; the store may then be missing.
        frames: of each backbone and runtime.
        say: receives a line about what happens.

    Raises:
        UsageError: no games.
        StoreError: no store and no replays; another call is at work in the folder.
        StoppedError: Ctrl-C; the same call goes on from there.
    """
    if replays is None:
        opened = Store.open(store)
        paths, fingerprint = games_of(opened, frames), store_fingerprint(opened)
    else:
        paths, fingerprint = games_in(replays, frames), _fingerprint(store)
    jobs = plan_latency(contest, store, fingerprint, paths, frames)

    def rows() -> list[LatencyRow]:
        results = {job.name: result for job, result in finished(jobs, out)}
        return latency_rows((job, results[job.name]) for job in jobs if job.name in results)

    try:
        run_jobs(jobs, out, say, lambda: write_latency(out, rows()))
    finally:
        if (found := rows()) and out.exists():
            write_latency(out, found)
    return found


def _fingerprint(root: Path) -> str:
    try:
        return store_fingerprint(Store.open(root))
    except StoreError:
        return ""
