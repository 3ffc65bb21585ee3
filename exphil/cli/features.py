"""`exphil features`: the dims that a policy sees."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from exphil.cli.options import JsonFlag, StoreOption

if TYPE_CHECKING:
    from exphil.features.audit import AuditRow
    from exphil.store.store import Store


def features(
    *,
    audit: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    store: StoreOption = None,
    json: JsonFlag = False,
) -> None:
    """List the dims that a policy sees, or audit them on a store.

    The audit prints for each dim its minimum, maximum, mean, share of non-default values, and state: `alive`,
    `dead` (it never moves although its source is in the store) or `unobserved` (no file brought its source).

    For example:

        exphil features
        exphil features --audit --json

    Parameters
    ----------
    audit
        What the dims did in the store, rather than what they are.
    """
    from exphil.cli.output import json_document, note, table
    from exphil.features import V1

    if audit:
        from exphil.config.roots import store_root
        from exphil.store.store import Store

        _print_audit(audit_rows(Store.open(store_root(store))), json)
        return
    from exphil.sql.tables import FEATURES, feature_rows

    rows = list(feature_rows())
    if json:
        json_document([dict(zip(FEATURES.names, row, strict=True)) for row in rows])
        return
    shown = ("index", "name", "encoding", "unit", "since", "doc")
    places = [FEATURES.names.index(name) for name in shown]
    table(shown, [[row[place] for place in places] for row in rows], right=("index",))
    note(f"{V1.name}: {V1.width} dims, fingerprint {V1.fingerprint}")


def audit_rows(store: "Store") -> "list[AuditRow]":
    """What each dim did over the whole store, from the statistics beside each part of `embeddings`.

    Raises:
        StoreError: there are no embeddings of today's feature table.
    """
    from exphil.assets.checks import merged_audit
    from exphil.errors import StoreError

    audit = merged_audit(store)
    if not audit.num_frames:
        raise StoreError(f"{store.root} has no current embeddings: run `exphil materialize embeddings`")
    return audit.rows()


def _print_audit(rows: "list[AuditRow]", json: bool) -> None:
    from dataclasses import asdict

    from exphil.cli.output import json_document, note, table

    if json:
        json_document([asdict(row) for row in rows])
        return
    columns = ("name", "min", "max", "mean", "share", "state")
    table(columns, [[getattr(row, name) for name in columns] for row in rows], right=columns[1:5])
    states: dict[str, Any] = {}
    for row in rows:
        states[row.state] = states.get(row.state, 0) + 1
    note(", ".join(f"{count} {state}" for state, count in sorted(states.items())))
