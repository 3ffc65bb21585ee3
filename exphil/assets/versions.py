"""What made a part: a fingerprint of the code's contracts, asset by asset. A part made by another is stale."""

import hashlib
import json
from functools import cache

from exphil import schema

READER = 2
"""Raised when reading the same bytes gives other rows."""
STATS = 1
"""Raised when the same frames give other statistics."""
SEGMENTS = 1
"""Raised when the same games give other segments."""
ELIGIBLE = 1
"""Raised when other games have segments: packs hold those games, whatever else a segment tells of them."""
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
        columns = [[c.name, c.type] for c in schema.SEGMENTS.columns]
        return _digest([made_by("replays"), made_by("stats"), "segments", SEGMENTS, ELIGIBLE, columns])
    if asset == "stats":
        tables = [[t.name, [[c.name, c.type] for c in t.columns]] for t in schema.STATS_TABLES]
        return _digest([made_by("frames"), "stats", STATS, tables, _quality_rules()])
    from exphil.features import V1

    if asset == "embeddings":
        return _digest([made_by("frames"), V1.fingerprint])
    return _digest([made_by("embeddings"), made_by("replays"), ELIGIBLE, "packs", PACKS])


def _quality_rules() -> list[object]:
    """What decides scores and flags: a changed threshold makes them stale."""
    from exphil.stats.quality.rules import RULES

    return [
        [
            rule.flag,
            rule.penalty,
            rule.excludes,
            [[limit.measure, limit.bad, limit.good] for limit in rule.limits],
        ]
        for rule in RULES
    ]


def _digest(content: object) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()
