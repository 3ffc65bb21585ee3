"""Sensors: one that reads new replays by itself, and one that keeps Dagster's view of the store true."""

import hashlib
import time
from collections.abc import Iterable

import dagster as dg

from exphil.assets import plan
from exphil.config.roots import replays_root, store_root
from exphil.errors import ExphilError
from exphil.replays.sources import Source, find_sources
from exphil.store import paths
from exphil.store.store import Store
from pipelines.jobs import build
from pipelines.lost_runs import UNFINISHED, end_lost_runs
from pipelines.partitions import BATCHES, store_batches

QUIET_SECONDS = 10.0
"""Slippi writes while the game runs: a file is read once it has not changed for so long."""


def quiet(sources: Iterable[Source], now: float) -> list[Source]:
    """The sources that nobody has written to for a while."""
    return [source for source in sources if now - source.mtime_ns / 1e9 >= QUIET_SECONDS]


@dg.sensor(
    job=build,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Notices new and changed replays in EXPHIL_REPLAYS, else ./replays, else Slippi's own folder, and"
    " builds the store from them. Switch it on to keep the store up to date by itself.",
)
def new_replays(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Assign new files to batches, and ask for a run of each batch that has some."""
    if context.instance.get_runs_count(dg.RunsFilter(statuses=[*UNFINISHED, dg.DagsterRunStatus.QUEUED])):
        return dg.SkipReason("a run is under way; new replays wait for it to end")
    try:
        root = replays_root()
        store = Store.create(store_root())
        batches = plan.enqueue(store, quiet(find_sources([root]), time.time()))
    except ExphilError as error:
        return dg.SkipReason(str(error))
    if not batches:
        return dg.SkipReason(f"nothing new in {root}")
    # The key holds what is to be read: a run that failed on it is not asked for again until that changes.
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"{batch}-{_inbox_digest(store, batch)}", partition_key=batch)
            for batch in batches
        ],
        dynamic_partitions_requests=[BATCHES.build_add_request(batches)],
    )


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes the store's batches known as partitions, and marks runs as failed whose process was killed.",
)
def upkeep(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Bring Dagster's view in line with the store and with the processes of this machine."""
    ended = end_lost_runs(context.instance)
    for run_id in ended:
        context.log.info(f"run {run_id} had lost its process")
    try:
        batches = store_batches(Store.open(store_root()))
    except ExphilError as error:
        return dg.SkipReason(str(error))
    known = set(context.instance.get_dynamic_partitions("batches"))
    new, gone = sorted(set(batches) - known), sorted(known - set(batches))
    if not (new or gone):
        return dg.SkipReason(f"{len(ended)} lost runs ended" if ended else "nothing to do")
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if new:
        requests.append(BATCHES.build_add_request(new))
    if gone:
        requests.append(BATCHES.build_delete_request(gone))
    return dg.SensorResult(dynamic_partitions_requests=requests)


def _inbox_digest(store: Store, batch: str) -> str:
    waiting = paths.inbox_file(store.root, batch).read_bytes()
    return hashlib.blake2b(waiting, digest_size=8).hexdigest()
