"""docs/views.md: what a query may name beside the tables of the store, from the definitions themselves."""

from collections.abc import Iterator
from typing import Final

from exphil.schema import Table
from exphil.sql.macros import MACROS
from exphil.sql.tables import FIXED_ROWS, PEOPLE
from exphil.sql.views import VIEWS

_TYPES: Final = {"timestamp[us]": "timestamp", "date32": "date"}
"""What SQL calls types that go by another name in Arrow."""


def views_page(how: str) -> str:
    """The page; `how` says that it is generated."""
    fixed = [PEOPLE, *(table for table, _ in FIXED_ROWS if table.name != "features")]
    lines = [
        "# Views, functions and names",
        "",
        how,
        "",
        "What a query may name beside the tables of [store.md](store.md). How to ask: [sql.md](sql.md); worked",
        "examples: [queries.md](queries.md).",
        "",
        "| view | a row is |",
        "|---|---|",
        *(f"| [`{view.name}`](#{view.name}) | {_cell(view.doc)} |" for view in VIEWS),
        *(f"| [`{table.name}`](#{table.name}) | {_cell(table.doc)} |" for table in fixed),
        "",
        "## Functions",
        "",
        "| function | meaning |",
        "|---|---|",
        *(f"| `{macro.call}` | {_cell(macro.doc)} |" for macro in MACROS),
    ]
    for table in (*(view.table for view in VIEWS), *fixed):
        lines += ["", *_columns(table)]
    return "\n".join(lines) + "\n"


def _columns(table: Table) -> Iterator[str]:
    yield f"## {table.name}"
    yield ""
    yield f"{table.doc} Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | type | unit | meaning |"
    yield "|---|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {_TYPES.get(column.type, column.type)} | {column.unit} | {_cell(column.doc)} |"


def _cell(text: str) -> str:
    return text.replace("|", "&#124;")
