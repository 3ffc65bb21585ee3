"""What the prompt does with a line: queries, and lines of its own that begin with a dot."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exphil.cli import formats, output
from exphil.cli.failures import explain
from exphil.cli.formats import Format
from exphil.cli.prompt.hints import missing_statistics
from exphil.cli.prompt.text import BARE_WORDS, queries
from exphil.errors import UsageError

if TYPE_CHECKING:
    from exphil.sql.database import Database
    from exphil.store.store import Store

FORMATS: Final = ("table", "csv", "json", "parquet")

COMMANDS: Final[dict[str, str]] = {
    ".tables": "the views and tables, and what a row of each is",
    ".schema NAME": "columns of a view or table, or how to call a function",
    ".functions": "the functions that are not DuckDB's own",
    ".format NAME": "print answers as table, csv, json or parquet",
    ".limit N": "rows that a table shows",
    ".output FILE": "write the next answer to a file, in the format that its name ends in",
    ".help": "these lines",
    ".quit": "leave; Ctrl-D does too",
}

HELP_TAIL: Final = (
    "A query ends with a semicolon, and may have many lines. Tab completes, arrow up brings back earlier queries.",
    "Ctrl-C drops the line, or stops the query.",
)


@dataclass(slots=True)
class Session:
    """A conversation with a store: how to answer, and the newest snapshot to answer from.

    `run` never raises for a mistake: it is told in a line. Close it in the end.
    """

    store: "Store"
    format: Format = "table"
    limit: int = formats.TABLE_ROWS
    file: Path | None = None
    _database: "Database | None" = field(default=None)
    _snapshot: object = field(default=None)
    _hinted: bool = field(default=False)

    def run(self, text: str) -> bool:
        """Do what a text says; False when it says to leave."""
        line = text.strip()
        bare = line.lower().rstrip("; ")
        try:
            if line.startswith("."):
                return self._command(line)
            if bare in BARE_WORDS:
                return self._command(f".{bare}")
            for query in queries(text):
                self._answer(query)
        except KeyboardInterrupt:
            output.note("stopped by Ctrl-C")
        except Exception as error:
            output.note(explain(error)[0])
        return True

    def database(self, *, newest: bool = True) -> "Database":
        """A database over the newest snapshot, a new one where somebody wrote to the store since; else the last one."""
        from exphil.sql.database import Database
        from exphil.store import paths

        if self._database is not None and not newest:
            return self._database
        files = [self.store.root / name for name in (paths.MANIFEST, paths.PEOPLE)]
        found = [(file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None for file in files]
        if self._database is None or found != self._snapshot:
            if self._database is not None:
                output.note("the store has changed; answers are of its newest state")
                self.store.refresh()
            self.close()
            self._database = Database(self.store)
            self._snapshot = found
        return self._database

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _answer(self, query: str) -> None:
        database = self.database()  # opening it is no part of the query's time
        begun = time.perf_counter()
        answer = database.query(query)
        if not self._hinted and (hint := missing_statistics(self.store, query)):
            self._hinted = True
            output.note(hint)
        file, format = self.file, self.format
        if file is None and format == "parquet":
            raise UsageError("Parquet is binary: name a file with .output, or choose another .format")
        if file is not None:
            self.file = None
            format = _format_of(file, format)
            count, more = formats.write(answer.schema, answer, format, file), False
        elif format == "table":
            count, more = formats.show(answer.schema, answer, self.limit)
        else:
            count, more = formats.write(answer.schema, answer, format, None), False
        where = f"{file}: " if file is not None else ""
        rest = " are shown; .limit N shows more, .output FILE writes all" if more else ""
        first = "the first " if more else ""
        rows = "1 row" if count == 1 else f"{count:,} rows"
        output.note(f"{where}{first}{rows}{rest} ({_spent(time.perf_counter() - begun)})")

    def _command(self, line: str) -> bool:
        name, _, argument = line.rstrip("; ").partition(" ")
        argument = argument.strip()
        if name in (".quit", ".exit"):
            return False
        found = _COMMANDS.get(name)
        if found is None:
            import difflib

            close = difflib.get_close_matches(name, [*_COMMANDS, ".quit"], n=1)
            hint = f"did you mean {close[0]}?" if close else ".help tells what there is"
            raise UsageError(f"no command {name}: {hint}")
        found(self, argument)
        return True


def _tell_tables(session: Session, argument: str) -> None:
    from exphil.sql.listing import LISTED

    output.table(("name", "a row is"), [(found.name, found.doc) for found in LISTED])


def _tell_schema(session: Session, argument: str) -> None:
    import difflib

    from exphil.sql.listing import LISTED
    from exphil.sql.macros import MACROS
    from exphil.sql.tables import told

    if not argument:
        raise UsageError(".schema needs a name; .tables and .functions list them")
    for table in LISTED:
        if table.name == argument.lower():
            output.say(table.doc)
            output.table(("column", "type", "meaning"), [(c.name, c.type, told(c)) for c in table.columns])
            return
    for macro in MACROS:
        if macro.name == argument.lower():
            output.say(f"{macro.call}: {macro.doc}")
            return
    names = [*(table.name for table in LISTED), *(macro.name for macro in MACROS)]
    close = difflib.get_close_matches(argument.lower(), names, n=1)
    raise UsageError(f"no table {argument}: {f'did you mean {close[0]}?' if close else '.tables lists them'}")


def _tell_functions(session: Session, argument: str) -> None:
    from exphil.sql.macros import MACROS

    output.table(("function", "meaning"), [(macro.call, macro.doc) for macro in MACROS])


def _set_format(session: Session, argument: str) -> None:
    match argument.lower():
        case "table" | "csv" | "json" | "parquet" as format:
            session.format = format
        case _:
            raise UsageError(f".format {argument}: choose {', '.join(FORMATS)}")


def _set_limit(session: Session, argument: str) -> None:
    if not argument.isdecimal() or int(argument) < 1:
        raise UsageError(f".limit {argument}: give a number of rows, at least 1")
    session.limit = int(argument)


def _set_output(session: Session, argument: str) -> None:
    if not argument:
        session.file = None
        return
    file = Path(argument.strip("'\"")).expanduser()
    _format_of(file, session.format)
    session.file = file


def _tell_help(session: Session, argument: str) -> None:
    output.table(("", ""), list(COMMANDS.items()))
    output.say()
    for line in HELP_TAIL:
        output.say(line)


def _format_of(file: Path, chosen: Format) -> Format:
    """What the file's name ends in, else what was chosen with .format."""
    format = formats.by_name(file) or chosen
    if format == "table":
        raise UsageError(
            f".output {file}: end the name in .csv, .json or .parquet, or choose a .format first"
        )
    return format


def _spent(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


_COMMANDS: Final[dict[str, Callable[[Session, str], None]]] = {
    ".tables": _tell_tables,
    ".schema": _tell_schema,
    ".functions": _tell_functions,
    ".format": _set_format,
    ".limit": _set_limit,
    ".output": _set_output,
    ".help": _tell_help,
}
