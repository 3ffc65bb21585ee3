"""The tables that a query may name: those of the schema, `people`, and those that the code fills."""

from collections.abc import Iterator
from typing import Final

from exphil import schema
from exphil.schema import Column, Table
from exphil.sql.names import NAMES
from exphil.stats.quality.rules import flag_rows

FEATURES: Final = Table(
    "features",
    "embeddings",
    ("index",),
    (
        Column("index", "uint16", "Place in a decoded row."),
        Column("name", "string", "Name of the dim, as `opponent.percent`."),
        Column("feature", "string", "Row of the feature table that it belongs to."),
        Column("scope", "string", "`player` (of each of the two), `self` or `shared`."),
        Column(
            "encoding",
            "string",
            "How it is stored: `number`, `flag`, `id`, `lookup` or `derived`, and by what.",
        ),
        Column("unit", "string", "Unit of the source; null for flags, ids and classes."),
        Column(
            "source",
            "string",
            "Columns of `frames`, `items` (as `item_...`) and `stage_frames` it is made of.",
        ),
        Column("since", "string", "Replay format that brought the source; null when every format has it."),
        Column("doc", "string", "What it says."),
    ),
    "A row a dim of feature set `v1`.",
)

PEOPLE: Final = Table(
    "people",
    "replays",
    ("connect_code",),
    (
        Column("person", "string", "Name of the person."),
        Column("connect_code", "string", "A connect code of theirs, as `ABC#123`."),
    ),
    "A row a connect code that is known to be a person's; `exphil people` writes it.",
)


def told(column: Column) -> str:
    """A column's doc, with its unit and the replay format that brought it."""
    unit = f" [{column.unit}]" if column.unit else ""
    since = f" Since {'.'.join(map(str, column.since))}." if column.since else ""
    return f"{column.doc}{unit}{since}"


def feature_rows() -> Iterator[tuple[str | int | None, ...]]:
    """The rows of `features`, in order of its columns."""
    from exphil.features.catalog import V1

    for index, (name, feature) in enumerate(V1.dims):
        settings = {key: value for key, value in feature.encoding.canonical().items() if value is not None}
        kind = settings.pop("kind")
        detail = ", ".join(f"{key} {value}" for key, value in settings.items())
        yield (
            index,
            name,
            feature.name,
            feature.scope,
            f"{kind}: {detail}" if detail else str(kind),
            feature.unit or None,
            ", ".join(feature.source) or None,
            ".".join(map(str, feature.since)) if feature.since > (0, 1, 0) else None,
            feature.doc,
        )


FIXED_ROWS: Final = ((FEATURES, feature_rows), (schema.QUALITY_FLAGS, flag_rows), *NAMES)
"""Tables that the code fills, each with what gives its rows."""

TABLES: Final = (*schema.TABLES, PEOPLE, *(table for table, _ in FIXED_ROWS))
"""Every table that a query may name; views stand beside them."""
