"""Which SQL is a query, and what a person reads when it is not.

The type of a statement does not tell: from DuckDB 2.0 on, `WITH x AS (COPY ... TO 'file')` is a SELECT statement,
EXPLAIN ANALYZE runs what it explains, and `json_execute_serialized_sql` and `query` run SQL that they are given as
text. So a query must have a syntax tree of nothing but query nodes, whose table functions are all known to be
harmless.
"""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb

from exphil.errors import ExphilError, StoreError, UsageError

_QUERY_NODES: Final = frozenset({"CTE_NODE", "RECURSIVE_CTE_NODE", "SELECT_NODE", "SET_OPERATION_NODE"})

_TABLE_FUNCTIONS: Final = frozenset(
    {
        "duckdb_columns",
        "duckdb_functions",
        "duckdb_keywords",
        "duckdb_settings",
        "duckdb_tables",
        "duckdb_types",
        "duckdb_views",
        "generate_series",
        "histogram",
        "histogram_values",
        "json_each",
        "json_tree",
        "pragma_table_info",
        "pragma_version",
        "range",
        "repeat",
        "repeat_row",
        "unnest",
    }
)
"""Functions that a query may name in FROM: they read no file, run no SQL, change no setting."""

_NOT_IN_PIVOT: Final = (
    "attach", "copy", "create", "database", "delete", "execute", "export", "import", "insert", "merge", "prepare",
    "truncate", "update",
)  # fmt: skip

_EXPLAIN_OPTIONS: Final = re.compile(r"\s*(analyze\b|verbose\b|\([^()]*\)(?=\s*\w))", re.IGNORECASE)
_NO_TABLE: Final = re.compile(r"Table with name (.+?) does not exist", re.DOTALL)

_KIND: Final = re.compile(r"^([A-Za-z ]+?) ?Error: ")
_STORE_AT_FAULT: Final = frozenset({"IO", "HTTP", "INTERNAL", "FATAL", "Serialization", "Constraint"})


def require_query(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    """Refuse, before anything runs, a text that is not exactly one query.

    Raises:
        UsageError: it writes, changes settings, is several statements or none, or cannot be parsed.
    """
    types = [statement.type.name for statement in connection.extract_statements(text)]
    if not types:
        raise UsageError("the query is empty")
    if types == ["EXPLAIN"]:
        require_query(connection, _explained(text))
    elif types == ["SELECT"]:
        _require_harmless_tree(connection, text)
    elif types in (["MULTI"], ["CREATE", "SELECT"]) and "pivot" in text.lower():
        _require_harmless_pivot(connection, text)
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
    if "schema mismatch" in line:
        return StoreError(
            "parts of the store were made by different versions of exphil: `exphil materialize all` renews them"
        )
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


def _explained(text: str) -> str:
    """What follows EXPLAIN and its options."""
    rest = re.sub(r"^\s*explain\b", "", text, count=1, flags=re.IGNORECASE)
    if rest == text:
        raise UsageError("EXPLAIN must be the first word")
    while option := _EXPLAIN_OPTIONS.match(rest):
        rest = rest[option.end() :]
    return rest


def _require_harmless_tree(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    [row] = connection.execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    tree = json.loads(row[0])
    if tree.get("error", True):
        raise UsageError(f"the query cannot be checked: {tree.get('error_message', 'no syntax tree')}")
    for part in _parts(tree):
        kind = part.get("type")
        if kind == "TABLE_FUNCTION":
            name = str(part["function"]["function_name"]).lower()
            if name not in _TABLE_FUNCTIONS:
                raise UsageError(f"a query reads the tables of the store and nothing else, not {name}()")
        elif isinstance(kind, str) and kind.endswith("_NODE") and kind not in _QUERY_NODES:
            raise UsageError(f"{kind.split('_')[0]} is no query: the store is only read")


def _require_harmless_pivot(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    """DuckDB makes a type for PIVOT's columns first, so it has no tree to look at: every name counts instead."""
    functions = connection.execute(
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type LIKE 'table%'"
    ).fetchall()
    lowered = text.lower()
    for name in sorted({*_NOT_IN_PIVOT, *(name for (name,) in functions)} - _TABLE_FUNCTIONS):
        if name in lowered:
            raise UsageError(f"a PIVOT query may not contain the word {name.upper()}, be it in a string")


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a syntax tree."""
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _parts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _parts(value)
