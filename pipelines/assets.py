"""The store's assets: adapters of `exphil.assets`, a partition a batch of replays."""

from collections.abc import Iterator

import dagster as dg

from pipelines import metadata
from pipelines.lost_runs import tag_run
from pipelines.partitions import BATCHES
from pipelines.session import Session

POOL = "feature_store"
"""The store has one writer at a time."""

GROUP = "exphil"
"""One group: the UI draws the graph of several only on a click."""


@dg.multi_asset(
    name="ingest",
    pool=POOL,
    specs=[
        dg.AssetSpec(
            "replays",
            description="A row a replay file or archive member: what it is, who played, or why it could not be read.",
            kinds={"parquet", "peppi"},
            group_name=GROUP,
            partitions_def=BATCHES,
        ),
        dg.AssetSpec(
            "frames",
            deps=["replays"],
            description="A row a character and frame: input before, state after. Items and stage events beside them."
            " Read in the same pass as `replays`.",
            kinds={"parquet", "arrow"},
            group_name=GROUP,
            partitions_def=BATCHES,
        ),
    ],
)
def ingest(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Read the files that wait in the batch's inbox: one pass over their bytes gives both assets."""
    from exphil.assets import replays

    tag_run(context)
    store, batch = session.store(), context.partition_key
    of_replays, of_frames = replays.ingest(store, batch, session.workers)
    session.add(of_replays)
    session.add(of_frames)
    shown = metadata.of_report(store, of_replays) | metadata.of_replays(store, batch)
    yield dg.MaterializeResult(asset_key="replays", metadata=shown)
    shown = metadata.of_report(store, of_frames) | metadata.of_frames(store, batch)
    yield dg.MaterializeResult(asset_key="frames", metadata=shown)


@dg.asset(
    deps=["frames"],
    partitions_def=BATCHES,
    pool=POOL,
    kinds={"parquet", "numpy"},
    group_name=GROUP,
    description="Stocks, conversions, moves, combos, action counts and overall figures, by slippi-js's definitions;"
    " every game's quality.",
)
def stats(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> dg.MaterializeResult[None]:
    """Compute the batch's statistics."""
    from exphil.assets import stats as asset

    tag_run(context)
    store, batch = session.store(), context.partition_key
    report = asset.materialize(store, batch, session.workers)
    session.add(report)
    return dg.MaterializeResult(metadata=metadata.of_report(store, report) | metadata.of_stats(store, batch))


@dg.asset(
    deps=["frames"],
    partitions_def=BATCHES,
    pool=POOL,
    kinds={"zarr", "numpy"},
    group_name=GROUP,
    description="The 287 dims of feature set v1 for every two-player game, in chunked Zarr v3.",
)
def embeddings(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> dg.MaterializeResult[None]:
    """Encode the batch's frames."""
    from exphil.assets import embeddings as asset

    tag_run(context)
    store, batch = session.store(), context.partition_key
    report = asset.materialize(store, batch, session.workers)
    session.add(report)
    return dg.MaterializeResult(
        metadata=metadata.of_report(store, report) | metadata.of_embeddings(store, batch)
    )


@dg.asset(
    deps=["replays", "stats"],
    partitions_def=BATCHES,
    pool=POOL,
    kinds={"parquet", "polars"},
    group_name=GROUP,
    description="Segments: the stretches of a player's viewpoint that training windows may be cut from.",
)
def windows(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> dg.MaterializeResult[None]:
    """Find the batch's segments."""
    from exphil.assets import windows as asset

    tag_run(context)
    store, batch = session.store(), context.partition_key
    report = asset.materialize(store, batch)
    session.add(report)
    return dg.MaterializeResult(
        metadata=metadata.of_report(store, report) | metadata.of_windows(store, batch)
    )


@dg.asset(
    deps=["embeddings", "windows"],
    partitions_def=BATCHES,
    pool=POOL,
    kinds={"numpy"},
    group_name=GROUP,
    description="Memory-mapped rows of every eligible game, both players in a row: what training gathers from.",
)
def packs(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> dg.MaterializeResult[None]:
    """Pack the batch's eligible games."""
    from exphil.assets import packs as asset

    tag_run(context)
    store, batch = session.store(), context.partition_key
    report = asset.materialize(store, batch, session.workers)
    session.add(report)
    return dg.MaterializeResult(metadata=metadata.of_report(store, report) | metadata.of_packs(store, batch))
