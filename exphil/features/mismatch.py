"""What differs between two feature tables: for the error that a stale artefact raises."""

import json
from typing import Any

from exphil.features.catalog import V1
from exphil.features.layout import FeatureSet

_SHOWN = 6


def describe_mismatch(stored: str, feature_set: FeatureSet = V1) -> str:
    """One line that names the rows in which a stored canonical JSON differs from the table at hand."""
    try:
        there: dict[str, Any] = json.loads(stored)
        old = {row["name"]: row for row in there["features"]}
    except (ValueError, KeyError, TypeError):
        return "the stored feature table cannot be read"
    here: dict[str, Any] = json.loads(feature_set.canonical)
    new = {row["name"]: row for row in here["features"]}
    parts = []
    changed = [
        f"{name} ({', '.join(sorted(_differing(old[name], new[name])))})"
        for name in new
        if name in old and old[name] != new[name]
    ]
    groups = (
        ("changed", changed),
        ("added", [name for name in new if name not in old]),
        ("removed", [name for name in old if name not in new]),
        ("other values in table", sorted(_differing(there.get("tables", {}), here["tables"]))),
        ("other formulas in group", sorted(_differing(there.get("formulas", {}), here["formulas"]))),
    )
    for title, names in groups:
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            parts.append(f"{title}: {', '.join(names[:_SHOWN])}{more}")
    if not parts and there != here:
        parts.append("the rows are the same, their storage differs")
    return "; ".join(parts) if parts else "the tables are the same"


def _differing(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
