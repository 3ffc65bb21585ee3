"""What a view is: its columns, each with the SQL that makes it, and what they are taken from."""

from collections.abc import Sequence
from dataclasses import dataclass

from exphil.schema import Column, Table


@dataclass(frozen=True, slots=True)
class Derived:
    """A column of a view: `sql` makes it from what the view's source names."""

    column: Column
    sql: str


@dataclass(frozen=True, slots=True)
class View:
    """A view over tables of the store and earlier views. `source` is all that follows its SELECT list."""

    name: str
    key: tuple[str, ...]
    doc: str
    columns: tuple[Derived, ...]
    source: str

    @property
    def table(self) -> Table:
        """The view as a table: for listings, comments and docs."""
        return Table(self.name, "stats", self.key, tuple(made.column for made in self.columns), self.doc)


def made(name: str, type: str, sql: str, doc: str, unit: str = "") -> Derived:
    """A column of a view, written on one line."""
    return Derived(Column(name, type, doc, unit), sql)


def taken(
    table: Table, alias: str, *, only: Sequence[str] | None = None, but: Sequence[str] = ()
) -> tuple[Derived, ...]:
    """Columns of a table as they are, from where the source calls it `alias`; `only` also orders them."""
    columns = {column.name: column for column in table.columns}
    names = [name for name in columns if name not in but] if only is None else only
    return tuple(Derived(columns[name], f'{alias}."{name}"') for name in names)
