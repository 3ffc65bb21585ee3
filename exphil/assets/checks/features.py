"""Checks of what holds features, `embeddings` and `packs`: dead dims, fingerprints, coverage."""

import polars as pl

from exphil.assets.checks.finding import Finding
from exphil.assets.checks.reading import read_table
from exphil.assets.versions import made_by
from exphil.features import V1
from exphil.features.audit import Audit
from exphil.store import paths
from exphil.store.embeddings import read_attributes
from exphil.store.store import Store


def dead_dims(store: Store, batch: str | None) -> Finding:
    """Every feature dim moves, unless no file at hand carries its source."""
    found = Finding()
    audit = merged_audit(store, batch)
    rows = audit.rows()
    found.count(len(rows), [f"{row.name} is always {row.min:g}" for row in rows if row.state == "dead"])
    found.figures = {
        "alive": sum(row.state == "alive" for row in rows),
        "unobserved": sum(row.state == "unobserved" for row in rows),
        "game_frames": audit.num_frames,
    }
    return found


def merged_audit(store: Store, batch: str | None = None) -> Audit:
    """The audits of the parts made with today's feature table, merged."""
    audit = Audit(V1)
    for part in store.manifest.of("embeddings", batch):
        if part.made_by == made_by("embeddings"):
            attributes = read_attributes(paths.embeddings_part(store.root, V1.name, part.name))
            audit.merge(Audit.from_json(V1, attributes["audit"]))
    return audit


def feature_fingerprint(store: Store, batch: str | None) -> Finding:
    """Every part of embeddings was made with the feature table of this code."""
    found = Finding()
    for part in store.manifest.of("embeddings", batch):
        attributes = read_attributes(
            paths.embeddings_part(store.root, str(part.stats["feature_set"]), part.name)
        )
        stale = attributes["fingerprint"] != V1.fingerprint
        found.count(
            1,
            [f"part {part.name} has {attributes['fingerprint']}, the code {V1.fingerprint}"] if stale else [],
        )
    return found


def pack_fingerprint(store: Store, batch: str | None) -> Finding:
    """Every pack was made with the feature table of this code."""
    found = Finding()
    for part in store.manifest.of("packs", batch):
        stale = part.stats["fingerprint"] != V1.fingerprint
        found.count(
            1,
            [f"part {part.name} has {part.stats['fingerprint']}, the code {V1.fingerprint}"] if stale else [],
        )
    return found


def pack_coverage(store: Store, batch: str | None) -> Finding:
    """Every frame of every segment, and the one after it, is in the packs."""
    found = Finding()
    segments = read_table(store, "segments", batch, ["replay_id", "port", "first_frame", "last_frame"])
    files = [
        paths.pack_runs(store.root, str(p.stats["feature_set"]), p.name)
        for p in store.manifest.of("packs", batch)
    ]
    columns = ["replay_id", "first_frame", "num_rows"]
    runs = (
        pl.concat([pl.read_parquet(file, columns=columns) for file in files])
        if files
        else pl.DataFrame(schema={"replay_id": pl.String, "first_frame": pl.Int32, "num_rows": pl.Int32})
    )
    runs = runs.rename({"first_frame": "run_first"})
    covered = segments.join(runs, on="replay_id").filter(
        (pl.col("run_first") <= pl.col("first_frame"))
        & (pl.col("run_first") + pl.col("num_rows") - 1 > pl.col("last_frame"))
    )
    bare = segments.join(covered, on=["replay_id", "port", "first_frame"], how="anti")
    found.count(len(segments), [f"{row['replay_id']} port {row['port']}" for row in bare.to_dicts()])
    return found
