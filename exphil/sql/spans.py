"""Which stretches of segments a query of spans chooses: clipped to the segments, merged where they overlap.

A span is a row of four columns: `replay_id`, `port`, `first_frame`, `last_frame`, both ends within. What a span
asks for beyond its segment cannot be scored and is left out; what is left out is counted by reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from exphil import schema
from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.sql.guard import readable, require_query
from exphil.sql.masking import without_quotes

COLUMNS: Final = ("replay_id", "port", "first_frame", "last_frame")
"""What a query of spans must give; it may give more."""

REASONS: Final = {
    "unknown": "of games that the store does not have",
    "ineligible": "of players without a segment (not a complete 1v1 game, or no person plays on that port)",
    "reversed": "that end before they begin",
    "outside": "outside the frames that may be scored",
    "unchosen": "left out by --character or --stage",
    "excluded": "of games left out by their quality (--min-quality 0 takes them)",
}
"""Why a row of the query gives nothing, in words that follow a number."""

_FRAME_LIMIT: Final = 2**31 - 1
"""Frames are 32-bit numbers; a query may compute with wider ones."""


@dataclass(frozen=True, slots=True)
class Spans:
    """What a query of spans came to.

    Attributes:
        stretches: columns of `schema.SEGMENTS`, a row a stretch, sorted by its key.
        num_rows: of the query's answer.
        left_out: rows by reason, a name of `REASONS`; none of them zero.
    """

    stretches: pa.Table
    num_rows: int
    left_out: Mapping[str, int]

    def describe(self) -> str:
        """One line for people."""
        frames = pc.sum(self.stretches["num_frames"]).as_py() or 0
        kept = self.num_rows - sum(self.left_out.values())
        text = f"{kept:,} of {self.num_rows:,} rows, {self.stretches.num_rows:,} stretches, {frames:,} frames"
        reasons = "; ".join(f"{count:,} {REASONS[name]}" for name, count in self.left_out.items())
        return f"{text}; left out: {reasons}" if reasons else text


def find_spans(database: Database, text: str, candidates: str) -> Spans:
    """Clip the spans of a query to segments.

    Args:
        text: the query.
        candidates: another query: columns of `schema.SEGMENTS`, and `chosen` and `good`, whether the condition and
            the quality filter take the segment.

    Raises:
        UsageError: the query cannot be answered, or lacks a column, or one is of another type or null; the message
            names --windows.
    """
    try:
        query = _one_query(text)
        _check_columns(database.query(f"SELECT * FROM (\n{query}\n) AS asked LIMIT 0").schema)
        found = database.query(_query(query, candidates)).read_all()
    except UsageError as error:
        raise UsageError(f"--windows: {error}") from error
    is_tally = pc.is_valid(found["tally"])
    tallies = found.filter(is_tally)
    counts: dict[str, int] = dict(
        zip(tallies["verdict"].to_pylist(), tallies["tally"].to_pylist(), strict=True)
    )
    for name in COLUMNS:
        if rows := counts.get(f"no {name}"):
            raise UsageError(f"--windows: {name} is null in {rows:,} rows; add WHERE {name} IS NOT NULL")
    stretches = found.filter(pc.invert(is_tally)).select(list(schema.SEGMENTS.names))
    return Spans(
        stretches.cast(schema.arrow_schema(schema.SEGMENTS)),
        sum(counts.values()),
        {name: counts[name] for name in REASONS if name in counts},
    )


def _one_query(text: str) -> str:
    """The query, as it may stand in parentheses: checked by itself, lest it end them, and without its semicolon."""
    with duckdb.connect(":memory:") as connection:
        try:
            require_query(connection, text)
        except duckdb.Error as error:
            raise readable(error, ()) from error
    end = without_quotes(text).find(";")
    return text if end < 0 else text[:end]


def _check_columns(found: pa.Schema) -> None:
    types = {field.name.lower(): field.type for field in reversed(list(found))}
    missing = [name for name in COLUMNS if name not in types]
    if missing:
        raise UsageError(
            f"the query gives no column {missing[0]}: it must give {', '.join(COLUMNS[:-1])} and {COLUMNS[-1]},"
            f" and gives {', '.join(found.names)}"
        )
    for name in COLUMNS:
        fits = _is_text if name == "replay_id" else _is_whole
        if not fits(types[name]):
            wanted = "text" if name == "replay_id" else "whole numbers"
            cast = "" if name == "replay_id" else f"; cast it, as {name}::INT"
            raise UsageError(f"{name} must be {wanted}, not {types[name]}{cast}")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_whole(kind: pa.DataType) -> bool:
    # Arrow has no 128-bit integers: DuckDB's come as decimals without a fraction.
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0))


def _query(spans: str, candidates: str) -> str:
    """One statement, so that a query of chance is drawn once: stretches, and rows counted by verdict."""
    key = ", ".join(f'"{name}"' for name in schema.SEGMENTS.key)
    rest = ", ".join(
        f'segment."{name}"'
        for name in schema.SEGMENTS.names
        if name not in ("first_frame", "last_frame", "num_frames")
    )
    nulls = " ".join(f"WHEN asked.{name} IS NULL THEN 'no {name}'" for name in COLUMNS)
    return f"""
        WITH segment AS MATERIALIZED ({candidates}),
        asked AS (
            SELECT
                replay_id::VARCHAR AS replay_id,
                {_clamped("port")} AS port,
                {_clamped("first_frame")} AS first_frame,
                {_clamped("last_frame")} AS last_frame
            FROM (
            {spans}
            ) AS query
        ),
        judged AS MATERIALIZED (
            SELECT
                asked.replay_id,
                asked.port,
                segment.first_frame AS segment_frame,
                greatest(asked.first_frame, segment.first_frame) AS first_frame,
                least(asked.last_frame, segment.last_frame) AS last_frame,
                CASE
                    {nulls}
                    WHEN segment.good AND segment.chosen THEN 'kept'
                    WHEN segment.chosen THEN 'excluded'
                    WHEN segment.first_frame IS NOT NULL THEN 'unchosen'
                    WHEN asked.first_frame > asked.last_frame THEN 'reversed'
                    WHEN (asked.replay_id, asked.port) IN (SELECT (replay_id, port) FROM segment) THEN 'outside'
                    WHEN asked.replay_id IN (SELECT replay_id FROM replays WHERE status = 'ok') THEN 'ineligible'
                    ELSE 'unknown'
                END AS verdict
            FROM asked
            LEFT JOIN segment
                ON segment.replay_id = asked.replay_id
                AND segment.port = asked.port
                AND asked.first_frame <= asked.last_frame
                AND asked.first_frame <= segment.last_frame
                AND asked.last_frame >= segment.first_frame
        ),
        marked AS (
            SELECT
                *,
                first_frame <= 1 + max(last_frame) OVER (
                    PARTITION BY replay_id, port, segment_frame ORDER BY first_frame, last_frame
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) IS TRUE AS goes_on
            FROM judged
            WHERE verdict = 'kept'
        ),
        numbered AS (
            SELECT
                *,
                count_if(NOT goes_on) OVER (
                    PARTITION BY replay_id, port, segment_frame ORDER BY first_frame, last_frame
                    ROWS UNBOUNDED PRECEDING
                ) AS stretch
            FROM marked
        ),
        merged AS (
            SELECT
                replay_id, port, segment_frame, min(first_frame) AS first_frame, max(last_frame) AS last_frame
            FROM numbered
            GROUP BY replay_id, port, segment_frame, stretch
        )
        SELECT
            NULL::VARCHAR AS verdict,
            NULL::BIGINT AS tally,
            merged.first_frame::INTEGER AS first_frame,
            merged.last_frame::INTEGER AS last_frame,
            (merged.last_frame - merged.first_frame + 1)::UINTEGER AS num_frames,
            {rest}
        FROM merged
        JOIN segment
            ON segment.replay_id = merged.replay_id
            AND segment.port = merged.port
            AND segment.first_frame = merged.segment_frame
        UNION ALL BY NAME
        SELECT verdict, count(*) AS tally FROM judged GROUP BY verdict
        ORDER BY {key}
    """


def _clamped(name: str) -> str:
    """The column as BIGINT; null stays null, which `least` alone would pass over."""
    wide = f"{name}::HUGEINT"
    return f"CASE WHEN {name} IS NOT NULL THEN greatest(least({wide}, {_FRAME_LIMIT}), -{_FRAME_LIMIT})::BIGINT END"
