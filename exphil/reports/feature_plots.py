"""Plots of the dims that a policy sees, from the audit beside the embeddings."""

from collections.abc import Sequence
from typing import Final

from exphil.assets.checks import merged_audit
from exphil.features import V1
from exphil.features.audit import AuditRow
from exphil.features.encodings import Id
from exphil.reports.plot import Bars, Ranges
from exphil.store.store import Store

MINE: Final = "self."
"""Both viewpoints are in the audit, so the opponent's dims have the ranges of one's own."""


def audit_rows(store: Store, batch: str | None = None) -> list[AuditRow]:
    """What each dim did over the store, or one batch of it; none where there are no current embeddings."""
    audit = merged_audit(store, batch)
    return audit.rows() if audit.num_frames else []


def feature_states(rows: Sequence[AuditRow]) -> Bars | None:
    """How many dims move, never move, or lack their source."""
    found: dict[str, float] = {}
    for row in rows:
        found[row.state] = found.get(row.state, 0.0) + 1
    order = [state for state in ("alive", "dead", "unobserved") if state in found]
    title = "Dims that move (alive), never move (dead), or whose source no replay had (unobserved)."
    return Bars(title, "dims", [(state, found[state]) for state in order]) if found else None


def feature_ranges(rows: Sequence[AuditRow]) -> Ranges | None:
    """Range and mean of every dim that measures something; ids and flags are left out."""
    names = {name for name, feature in V1.dims if not isinstance(feature.encoding, Id)}
    drawn = [
        (row.name.removeprefix(MINE), row.min, row.mean, row.max)
        for row in rows
        if row.name in names
        and not row.name.startswith("opponent.")
        and row.min is not None
        and row.mean is not None
        and row.max is not None
        and (row.min, row.max) not in ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0))
    ]
    title = "Lowest, mean and highest value of dims, as the policy sees them; flags and ids are left out."
    return Ranges(title, "value", drawn) if drawn else None
