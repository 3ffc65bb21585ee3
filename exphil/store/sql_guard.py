"""Which SQL is a query, and what a person reads when it is not.

The type of a statement alone does not tell: from DuckDB 2.0 on, `WITH x AS (COPY ... TO 'file')` is a SELECT
statement, and EXPLAIN ANALYZE runs what it explains. So a text that contains a writing word anywhere, be it
in a string, must also have a syntax tree of nothing but query nodes.
"""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb

from exphil.errors import ExphilError, StoreError, UsageError

_WRITING_WORDS: Final = ("copy", "delete", "insert", "merge", "truncate", "update")
_PIVOT_WORDS: Final = (
    *_WRITING_WORDS,
    "attach",
    "create",
    "database",
    "execute",
    "export",
    "import",
    "prepare",
)
_SETTING_FUNCTIONS: Final = ("enable_logging", "enable_profil")
_QUERY_NODES: Final = frozenset({"CTE_NODE", "RECURSIVE_CTE_NODE", "SELECT_NODE", "SET_OPERATION_NODE"})

_EXPLAIN_OPTIONS: Final = re.compile(r"\s*(analyze\b|verbose\b|\([^()]*\)(?=\s*\w))", re.IGNORECASE)
_NO_TABLE: Final = re.compile(r"Table with name (.+?) does not exist", re.DOTALL)

_KIND: Final = re.compile(r"^([A-Za-z ]+?) ?Error: ")
_STORE_AT_FAULT: Final = frozenset({"IO", "HTTP", "INTERNAL", "FATAL", "Serialization", "Constraint"})


def require_query(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    """Refuse, before anything runs, a text that is not exactly one query.

    Raises:
        UsageError: it writes, changes settings, is several statements or none, or cannot be parsed.
    """
    statements = connection.extract_statements(text)
    types = [statement.type.name for statement in statements]
    if not types:
        raise UsageError("the query is empty")
    if function := _mentions(
        text, _SETTING_FUNCTIONS
    ):  # 1.4 would log to a closed file, and abort the process
        raise UsageError(f"{function.upper()} changes settings, which are locked")
    if types == ["EXPLAIN"]:
        require_query(connection, _explained(text))
    elif types == ["SELECT"]:
        if _mentions(text, _WRITING_WORDS):
            _require_query_nodes(connection, text)
    elif types in (["MULTI"], ["CREATE", "SELECT"]) and "pivot" in text.lower():
        # DuckDB makes a temporary type for PIVOT's columns first; its syntax tree cannot be looked at.
        if word := _mentions(text, _PIVOT_WORDS):
            raise UsageError(f"a PIVOT query may not contain the word {word.upper()}, be it in a string")
    elif len(types) > 1:
        raise UsageError(f"one query at a time: these are {len(types)} statements")
    else:
        raise UsageError(
            f"{types[0].replace('_', ' ')} is no query: the store is read with SELECT, FROM, WITH, ..."
        )


def require_expression(text: str) -> None:
    """Refuse a text that is not one SQL expression (no list, no clause after it, no second statement).

    Raises:
        UsageError: the message names --where.
    """
    try:
        duckdb.SQLExpression(text)
    except duckdb.Error as error:
        raise UsageError(f"--where {text!r} is no SQL condition: {_folded(error)}") from error


def readable(error: Exception, tables: Sequence[str]) -> ExphilError:
    """DuckDB's error as one line for people, with its own hint; `tables` are the names that do exist.

    While an answer streams, DuckDB's errors arrive as OSError with the same text.
    """
    found = _KIND.match(str(error))
    kind = found[1] if found else ""
    line = _folded(error)
    if kind == "Permission":
        return UsageError(f"a query reads the tables of the store and nothing else ({line})")
    if kind == "Out of Memory":
        return ExphilError(f"the query needs more memory than it may have ({line})")
    if kind in _STORE_AT_FAULT:
        return StoreError(f"the store could not be read: {line}")
    if missing := _NO_TABLE.search(line):
        name = missing[1].strip('"')
        close = difflib.get_close_matches(name.lower(), tables, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(tables))}"
        return UsageError(f"no table {name}: {hint}")
    return UsageError(line)


def _folded(error: BaseException) -> str:
    """The message on one line, without the echo of the query that DuckDB adds."""
    text = re.split(r"\n+LINE \d+:", str(error), maxsplit=1)[0]
    return " ".join(_KIND.sub("", text).split())


def _mentions(text: str, words: Sequence[str]) -> str | None:
    """The first of the words that occurs anywhere in the text, in strings and comments too."""
    lowered = text.lower()
    return next((word for word in words if word in lowered), None)


def _explained(text: str) -> str:
    """What follows EXPLAIN and its options."""
    rest = re.sub(r"^\s*explain\b", "", text, count=1, flags=re.IGNORECASE)
    if rest == text:
        raise UsageError("EXPLAIN must be the first word")
    while (option := _EXPLAIN_OPTIONS.match(rest)) and not _mentions(option[0], _WRITING_WORDS):
        rest = rest[option.end() :]
    return rest


def _require_query_nodes(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    [row] = connection.execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    tree = json.loads(row[0])
    if tree.get("error", True):
        raise UsageError("a query whose syntax tree cannot be looked at may not contain a writing word")
    for node in _node_types(tree):
        if node not in _QUERY_NODES:
            raise UsageError(f"{node.split('_')[0]} is no query: the store is only read")


def _node_types(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if isinstance(kind := tree.get("type"), str) and kind.endswith("_NODE"):
            yield kind
        for value in tree.values():
            yield from _node_types(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _node_types(value)
