"""The job that builds the store: what the CLI runs, what the sensor asks for, and what the UI lists."""

import dagster as dg

STORE_ASSETS = ("replays", "frames", "stats", "embeddings", "windows", "packs")

build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.assets(*STORE_ASSETS),
    description="Replays to packs, for one batch of replays.",
)
