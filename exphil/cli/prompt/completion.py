"""What Tab offers in the prompt: tables, columns of the tables that the query names, functions, keywords."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from exphil.cli.prompt.text import blanked, is_inside
from exphil.cli.prompt.values import known_values, value_begun
from exphil.sql.listing import LISTED

if TYPE_CHECKING:
    from exphil.sql.database import Database

KEYWORDS: Final = (
    "ALL", "AND", "ANTI", "AS", "ASC", "ASOF", "BETWEEN", "BY", "CASE", "CAST", "CROSS", "DESC", "DESCRIBE",
    "DISTINCT", "ELSE", "END", "EXCEPT", "EXCLUDE", "EXISTS", "EXPLAIN", "FALSE", "FILTER", "FROM", "FULL", "GROUP",
    "HAVING", "ILIKE", "IN", "INNER", "INTERSECT", "INTERVAL", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT",
    "NATURAL", "NOT", "NULL", "NULLS", "OFFSET", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PIVOT",
    "QUALIFY", "RANGE", "RECURSIVE", "REPLACE", "RIGHT", "ROWS", "SAMPLE", "SELECT", "SEMI", "SUMMARIZE", "THEN",
    "TRUE", "UNION", "UNPIVOT", "USING", "VALUES", "WHEN", "WHERE", "WINDOW", "WITH",
)  # fmt: skip
"""Words of queries; those of statements that write are not offered."""

_WORD: Final = re.compile(r"(?:(?P<owner>[A-Za-z_]\w*)\s*\.\s*)?(?P<word>[A-Za-z_]\w*)?\Z")
_WANTS_TABLE: Final = re.compile(
    r"\b(?:from|join|describe|summarize|table|pivot|unpivot|show)\s+(?:[\w\s]*,\s*)?\Z", re.IGNORECASE
)
_NAMED: Final = re.compile(
    r"\b(?P<table>[A-Za-z_]\w*)\b(?=\s+(?:as\s+)?(?P<alias>[A-Za-z_]\w*)|)", re.IGNORECASE
)
_SUBQUERY: Final = re.compile(
    r"\b([A-Za-z_]\w*)\s+as\s*(?:not\s+materialized\s*|materialized\s*)?\(", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a query may be made of.

    Attributes:
        tables: columns and what they mean, by table and column.
        docs: what a table is.
        functions: what a function is, by name.
        keywords: in capitals; none of them is an alias.
        values: what columns may hold, by the end of their names.
    """

    tables: Mapping[str, Mapping[str, str]]
    docs: Mapping[str, str]
    functions: Mapping[str, str]
    keywords: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def known_words(database: "Database") -> Words:
    """Ask the database itself."""

    def rows(query: str) -> list[Any]:
        return [tuple(row.values()) for row in database.query(query).read_all().to_pylist()]

    tables: dict[str, dict[str, str]] = {}
    for table, column, kind, doc in rows(
        "SELECT table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns()"
        " WHERE NOT internal ORDER BY table_name, column_index"
    ):
        tables.setdefault(table, {})[column] = f"{kind.lower()}  {doc}".rstrip()
    docs = rows(
        "SELECT view_name, coalesce(comment, '') FROM duckdb_views() WHERE NOT internal"
        " UNION ALL SELECT table_name, coalesce(comment, '') FROM duckdb_tables() WHERE NOT internal"
    )
    functions = rows(
        "SELECT function_name, coalesce(any_value(comment), any_value(description), '') FROM duckdb_functions()"
        " WHERE function_type IN ('scalar', 'aggregate', 'macro')"
        " AND regexp_full_match(function_name, '[a-z][a-z0-9_]*') GROUP BY ALL ORDER BY ALL"
    )
    keywords = rows("SELECT upper(keyword_name) FROM duckdb_keywords() ORDER BY ALL")
    docs_of = dict(docs)
    known = [table.name for table in LISTED]
    order = [*known, *sorted(tables.keys() - set(known))]
    return Words(
        {name: tables[name] for name in order},
        {name: docs_of[name] for name in order},
        dict(functions),
        tuple(word for (word,) in keywords),
        known_values(database),
    )


class SqlCompleter(Completer):
    """Completes queries and the prompt's own lines. `words` is asked at the first Tab, and when the store changed."""

    def __init__(
        self, words: Callable[[], Words], commands: Mapping[str, str], formats: Iterable[str]
    ) -> None:
        self._words = words
        self._commands = commands
        self._formats = tuple(formats)
        self._files = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        before = document.text_before_cursor
        if not before.lstrip().startswith("."):
            yield from self._of_query(before, document.text)
            return
        command, space, argument = before.lstrip().partition(" ")
        if not space:
            yield from _matching(command, self._commands)
        elif command == ".format":
            yield from _matching(argument, dict.fromkeys(self._formats, ""))
        elif command == ".schema":
            words = self._words()
            yield from _matching(argument, {**words.docs, **words.functions} if argument else words.docs)
        elif command == ".output":
            yield from self._files.get_completions(Document(argument), complete_event)

    def _of_query(self, before: str, text: str) -> Iterator[Completion]:
        if is_inside(before):
            if begun := value_begun(before, self._words().values):
                yield from _matching(begun[0], {value.replace("'", "''"): "" for value in begun[1]})
            return
        plain = blanked(before)
        begin = plain.rfind(";") + 1
        found = _WORD.search(plain, begin)
        if found is None:
            return
        word, owner = found["word"] or "", found["owner"]
        query = blanked(text)[begin:].partition(";")[0]
        words = self._words()
        named = _tables_named(query, words)
        if owner is not None:
            table = named.get(owner.lower(), owner.lower())
            yield from _matching(word, words.tables.get(table, {}))
            return
        own = dict.fromkeys((name for name in _SUBQUERY.findall(query)), "of this query")
        if _WANTS_TABLE.search(plain[begin : found.start()]):
            yield from _matching(word, {**own, **words.docs})
            return
        columns: dict[str, str] = {}
        for table in dict.fromkeys(named.values()) if named else (words.tables if word else ()):
            for column, doc in words.tables[table].items():
                columns.setdefault(column, f"{table}: {doc}")
        yield from _matching(word, columns)
        if not word:
            return
        yield from _matching(word, {**own, **words.docs})
        yield from _matching(word, words.functions, ending="(")
        keywords = KEYWORDS if word.isupper() else [keyword.lower() for keyword in KEYWORDS]
        yield from _matching(word, dict.fromkeys(keywords, ""))


def _tables_named(query: str, words: Words) -> dict[str, str]:
    """Tables of the query by name and by alias, in lower case."""
    found: dict[str, str] = {}
    keywords = set(words.keywords)
    for match in _NAMED.finditer(query):
        table = match["table"].lower()
        if table not in words.tables:
            continue
        found[table] = table
        if (alias := match["alias"]) and alias.upper() not in keywords:
            found[alias.lower()] = table
    return found


def _matching(word: str, offered: Mapping[str, str], ending: str = "") -> Iterator[Completion]:
    """What begins with the word, then what has it after an underscore."""
    wanted = word.lower()
    first = [name for name in offered if name.lower().startswith(wanted)]
    later = [name for name in offered if f"_{wanted}" in name.lower() and name not in first] if wanted else []
    for name in [*first, *later]:
        yield Completion(name + ending, -len(word), display=name, display_meta=offered[name])
