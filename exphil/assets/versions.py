"""What made a part: a fingerprint of the code's contracts, asset by asset. A part made by another is stale."""

import hashlib
import json
from functools import cache

from exphil import schema

READER = 1
"""Raised when reading the same bytes gives other rows."""
STATS = 1
"""Raised when the same frames give other statistics."""
SEGMENTS = 1
"""Raised when the same games give other segments."""
PACKS = 1
"""Raised when the same rows are packed otherwise."""


@cache
def made_by(asset: str) -> str:
    """Fingerprint of what makes the asset's parts today: 16 hex digits."""
    if asset in ("replays", "frames"):
        tables = [
            [t.name, [[c.name, c.type] for c in t.columns]]
            for t in schema.TABLES
            if t.asset in ("replays", "frames")
        ]
        return _digest(["reader", READER, tables])
    if asset == "windows":
        return _digest(
            [made_by("replays"), "segments", SEGMENTS, [[c.name, c.type] for c in schema.SEGMENTS.columns]]
        )
    if asset == "stats":
        tables = [[t.name, [[c.name, c.type] for c in t.columns]] for t in schema.STATS_TABLES]
        return _digest([made_by("frames"), "stats", STATS, tables])
    from exphil.features import V1

    if asset == "embeddings":
        return _digest([made_by("frames"), V1.fingerprint])
    return _digest([made_by("embeddings"), made_by("windows"), "packs", PACKS])


def _digest(content: object) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()
