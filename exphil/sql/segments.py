"""Which segments, or stretches of them, a WHERE clause or a query of spans chooses, and which games' quality does."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from exphil import schema
from exphil.errors import UsageError
from exphil.schema import Table
from exphil.sql.database import Database, TablePaths
from exphil.sql.guard import require_expression
from exphil.sql.spans import find_spans

_LISTED_VALUES: Final = 12
"""How many values of a column an error names."""


def select_segments(
    store: TablePaths,
    where: str | None = None,
    *,
    spans: str | None = None,
    min_quality: float | None = 0.0,
    note: Callable[[str], None] | None = None,
) -> pa.Table:
    """The segments that a condition holds for, sorted by (replay_id, port, first_frame).

    The condition may name columns of `segments`, `replays` and `players` (the segment's own player). A plain name
    means the first of them that has it; `segments.`, `replays.`, `players.` and `opponent.` (the other player's
    row of `players`) choose one.

    Args:
        spans: a query of `replay_id`, `port`, `first_frame`, `last_frame`: these stretches of the segments alone,
            merged where they overlap. A game's segment may then be there in several rows.
        min_quality: games of this score at least; None for those that no flag excludes, 0 for all.
        note: told in a line what was left out.

    Returns:
        Columns of `schema.SEGMENTS`, with their Arrow types.

    Raises:
        UsageError: the condition or the query cannot be read, or nothing meets it; the message names --where or
            --windows.
    """
    if where is not None:
        require_expression(where)
    with Database(store) as database:
        if spans is not None:
            return _stretches(database, store, spans, _candidates(where, min_quality), note)
        try:
            found = database.query(_query(where)).read_all()
        except UsageError as error:
            raise UsageError(f"--where {_shown(where)}: {error}") from error
        if not found.num_rows:
            raise UsageError(_why_empty(database, where))
    table = found.cast(schema.arrow_schema(schema.SEGMENTS))
    good = table.filter(_is_good(table, min_quality))
    if left_out := table.num_rows - good.num_rows:
        text = f"{left_out:,} of {table.num_rows:,} segments are of games left out by their quality"
        if not good.num_rows:
            raise UsageError(f"{text} (`exphil info` counts the flags); --min-quality 0 takes them")
        if note is not None:
            note(f"{text} (--min-quality 0 takes them)")
    return good


def _stretches(
    database: Database,
    store: TablePaths,
    spans: str,
    candidates: str,
    note: Callable[[str], None] | None,
) -> pa.Table:
    found = find_spans(database, spans, candidates)
    if not found.stretches.num_rows:
        without = (
            "" if store.table_paths("overall") else " (the store has no stats: `exphil materialize stats`)"
        )
        told = found.describe() if found.num_rows else f"the query gives no row{without}"
        raise UsageError(f"--windows chooses nothing: {told}")
    if note is not None:
        note(f"--windows: {found.describe()}")
    return found.stretches


def _is_good(table: pa.Table, min_quality: float | None) -> pa.ChunkedArray:
    """Whether the quality filter takes a segment; the same as the SQL of `_good`."""
    if min_quality is None:
        return pc.invert(pc.fill_null(table["excluded"], False))
    if min_quality <= 0:
        return pc.is_valid(table["replay_id"])
    return pc.fill_null(pc.greater_equal(table["quality"], pa.scalar(min_quality)), False)


def _good(min_quality: float | None) -> str:
    if min_quality is None:
        return "excluded IS NOT TRUE"
    return "true" if min_quality <= 0 else f"quality >= {min_quality!r} IS TRUE"


def _candidates(where: str | None, min_quality: float | None) -> str:
    """All segments, and whether the condition and the quality filter take them."""
    keys = ", ".join(schema.SEGMENTS.key)
    chosen = "true" if where is None else f"({keys}) IN (SELECT ({keys}) FROM ({_query(where)}))"
    names = ", ".join(f'"{name}"' for name in schema.SEGMENTS.names)
    return f"SELECT {names}, {chosen} AS chosen, {_good(min_quality)} AS good FROM segments"


def _query(where: str | None) -> str:
    chosen = ", ".join(f'"{name}"' for name in schema.SEGMENTS.names)
    order = ", ".join(f'"{name}"' for name in schema.SEGMENTS.key)
    if where is None:
        return f"SELECT {chosen} FROM segments ORDER BY {order}"
    # each table is there as columns and as a struct of its name: `stage_name` and `replays.stage_name` both bind
    taken = set(schema.SEGMENTS.names)
    columns = [f'segment."{name}"' for name in schema.SEGMENTS.names]
    for alias, table in (("replay", schema.REPLAYS), ("player", schema.PLAYERS)):
        columns += [f'{alias}."{name}"' for name in table.names if name not in taken]
        taken.update(table.names)
    columns += ["segment AS segments", "replay AS replays", "player AS players", "other AS opponent"]
    return f"""
        SELECT {chosen} FROM (
            SELECT {", ".join(columns)}
            FROM segments AS segment
            LEFT JOIN (FROM replays WHERE status = 'ok') AS replay ON replay.replay_id = segment.replay_id
            LEFT JOIN players AS player
                ON player.replay_id = segment.replay_id AND player.port = segment.port
            LEFT JOIN players AS other
                ON other.replay_id = segment.replay_id AND other.port = segment.opponent_port
        ) AS candidate
        WHERE ({where}
        ) ORDER BY {order}
    """


def _why_empty(database: Database, where: str | None) -> str:
    """The error's text: what was asked, and which values the columns that it names do have."""
    if where is None:
        return "no segment to cut windows from: the store holds no complete 1v1 game (see `exphil info`)"
    named = [column for column in _words_of(schema.SEGMENTS) if column in where]
    told = [text for column in named if (text := _values(database, column))]
    total = database.query("SELECT count(*) AS n FROM segments").read_all()["n"][0].as_py()
    values = f"; in the store: {'; '.join(told)}" if told else ""
    return f"--where {_shown(where)} holds for none of {total} segments{values}"


def _shown(where: str | None) -> str:
    return repr(" ".join((where or "").split()))


def _words_of(table: Table) -> list[str]:
    """Text columns of few values."""
    return [column.name for column in table.columns if column.type == "string" and column.name != "replay_id"]


def _values(database: Database, column: str) -> str:
    rows = database.query(
        f'SELECT "{column}" AS value FROM segments WHERE "{column}" IS NOT NULL'
        f" GROUP BY ALL ORDER BY count(*) DESC, value LIMIT {_LISTED_VALUES + 1}"
    ).read_all()
    values = rows["value"].to_pylist()
    more = ", ..." if len(values) > _LISTED_VALUES else ""
    return f"{column} is {', '.join(values[:_LISTED_VALUES])}{more}" if values else ""
