"""What `exphil sql` lists without a query: everything that one may name."""

from exphil.cli.output import json_document, say, table
from exphil.sql.listing import LISTED
from exphil.sql.macros import MACROS
from exphil.sql.tables import told


def print_tables(format: str) -> None:
    """Views and tables with their columns, then functions: as text, or as one JSON document."""
    if format == "json":
        json_document(
            [
                {
                    "table": found.name,
                    "doc": found.doc,
                    "columns": [{"name": c.name, "type": c.type, "doc": told(c)} for c in found.columns],
                }
                for found in LISTED
            ]
        )
        return
    for found in LISTED:
        say(f"{found.name}: {found.doc}")
        table(("column", "type", "meaning"), [(c.name, c.type, told(c)) for c in found.columns])
        say()
    say("Functions beside DuckDB's own:")
    table(("function", "meaning"), [(macro.call, macro.doc) for macro in MACROS])
