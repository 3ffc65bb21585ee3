"""The code location: `dagster dev` from the repository's root, or `dagster dev -m pipelines.definitions` elsewhere."""

import dagster as dg

from pipelines import assets, policy, sensors
from pipelines.checks import asset_checks
from pipelines.jobs import build
from pipelines.session import Session, session


def make_definitions(shared: Session | dg.ResourceDefinition, *, with_checks: bool) -> dg.Definitions:
    """All assets, checks, jobs and sensors; `shared` is what the assets of a run share."""
    return dg.Definitions(
        assets=[assets.ingest, assets.stats, assets.embeddings, assets.windows, assets.packs, policy.policy],
        asset_checks=asset_checks if with_checks else [],
        jobs=[build],
        sensors=[sensors.new_replays, sensors.upkeep],
        resources={"session": shared},
        # One process does the steps of a run: a process a step costs 1.7 s, and the assets bring their own workers.
        executor=dg.in_process_executor,
    )


defs = make_definitions(session, with_checks=True)
