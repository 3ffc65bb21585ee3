"""`exphil features`: the dims that a policy sees."""

from exphil.cli.options import JsonFlag


def features(*, json: JsonFlag = False) -> None:
    """List the dims that a policy sees, and audit them on a store.

    A line a dim: index, name, encoding, unit, the replay format that brought its source, meaning.

    Examples:

        exphil features
        exphil features --json
    """
    from exphil.cli.output import json_document, note, table
    from exphil.features import V1
    from exphil.store.sql_tables import FEATURES, feature_rows

    rows = list(feature_rows())
    if json:
        json_document([dict(zip(FEATURES.names, row, strict=True)) for row in rows])
        return
    shown = ("index", "name", "encoding", "unit", "since", "doc")
    places = [FEATURES.names.index(name) for name in shown]
    table(shown, [[row[place] for place in places] for row in rows], right=("index",))
    note(f"{V1.name}: {V1.width} dims, fingerprint {V1.fingerprint}")
