"""Which segments a WHERE clause chooses."""

from typing import Final

import pyarrow as pa

from exphil import schema
from exphil.errors import UsageError
from exphil.schema import Table
from exphil.sql.database import Database, TablePaths
from exphil.sql.guard import require_expression

_LISTED_VALUES: Final = 12
"""How many values of a column an error names."""


def select_segments(store: TablePaths, where: str | None = None) -> pa.Table:
    """The segments that a condition holds for, sorted by (replay_id, port, first_frame).

    The condition may name columns of `segments`, `replays` and `players` (the segment's own player). A plain name
    means the first of them that has it; `segments.`, `replays.`, `players.` and `opponent.` (the other player's
    row of `players`) choose one.

    Returns:
        Columns of `schema.SEGMENTS`, with their Arrow types.

    Raises:
        UsageError: the condition cannot be read, or no segment meets it; the message names --where.
    """
    if where is not None:
        require_expression(where)
    with Database(store) as database:
        try:
            found = database.query(_query(where)).read_all()
        except UsageError as error:
            raise UsageError(f"--where {_shown(where)}: {error}") from error
        if not found.num_rows:
            raise UsageError(_why_empty(database, where))
    return found.cast(schema.arrow_schema(schema.SEGMENTS))


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
