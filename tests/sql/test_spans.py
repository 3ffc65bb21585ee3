"""`--windows`: a query of spans chooses stretches of segments, as a plain loop over frames would."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.sql.segments import select_segments
from exphil.sql.spans import find_spans
from tests.sql.part_files import PartFiles, Rows

Span = tuple[str, int, int, int]

SEGMENTS: Sequence[tuple[str, int, int, int, float]] = (
    ("aa", 1, -39, 100, 1.0),
    ("aa", 2, -39, 100, 1.0),
    ("bb", 2, -39, 40, 0.2),
    ("bb", 4, -39, 40, 0.2),
    ("cc", 1, 10, 60, 0.7),
)
"""(game, port, first frame, last frame, quality); port 2 of game `cc` is no person's."""

OTHER_GAMES = ("dd",)
"""In the store, and without a segment."""


def tables() -> dict[str, Rows]:
    segments: Rows = [
        {
            "replay_id": game, "port": port, "opponent_port": 3 - port if port < 3 else 2, "first_frame": first,
            "last_frame": last, "num_frames": last - first + 1, "context_frame": -123,
            "character": "FOX" if port == 1 else "MARTH", "opponent_character": "FALCO", "stage": "BATTLEFIELD",
            "won": port == 1, "split": "train", "split_key": 0.25, "quality": quality, "excluded": quality < 0.5,
        }
        for game, port, first, last, quality in SEGMENTS
    ]  # fmt: skip
    games = sorted({game for game, *_ in SEGMENTS} | set(OTHER_GAMES))
    replays: Rows = [{"replay_id": game, "path": f"{game}.slp", "status": "ok"} for game in games]
    replays.append({"replay_id": "ee", "path": "broken.slp", "status": "quarantined"})
    return {"segments": segments, "replays": replays}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PartFiles:
    return PartFiles(tmp_path_factory.mktemp("spans"), tables())


def values(spans: Sequence[Span]) -> str:
    """A query that gives these spans."""
    rows = ", ".join(f"('{game}', {port}, {first}, {last})" for game, port, first, last in spans)
    return f"FROM (VALUES {rows}) AS span(replay_id, port, first_frame, last_frame)"


@pytest.fixture(scope="module")
def database(store: PartFiles) -> Iterator[Database]:
    """Opening one takes longer than any of these queries."""
    with Database(store) as opened:
        yield opened


def stretches(found: pa.Table) -> list[Span]:
    columns = (found[name].to_pylist() for name in ("replay_id", "port", "first_frame", "last_frame"))
    return list(zip(*columns, strict=True))


def spans_of(database: Database, query: str, good: str = "true") -> list[Span]:
    return stretches(
        find_spans(database, query, f"SELECT *, true AS chosen, {good} AS good FROM segments").stretches
    )


def slowly(spans: Sequence[Span], least: float) -> list[Span]:
    """The same, frame by frame."""
    found: list[Span] = []
    for game, port, first, last, quality in SEGMENTS:
        if quality < least:
            continue
        frames = [
            frame
            for frame in range(first, last + 1)
            if any(span[:2] == (game, port) and span[2] <= frame <= span[3] for span in spans)
        ]
        for frame in frames:
            if found and found[-1][:2] == (game, port) and found[-1][3] == frame - 1:
                found[-1] = (*found[-1][:3], frame)
            else:
                found.append((game, port, frame, frame))
    return found


FRAMES = st.integers(-150, 130)
SPANS = st.lists(
    st.tuples(st.sampled_from(["aa", "bb", "cc", "dd", "zz"]), st.integers(0, 5), FRAMES, FRAMES), min_size=1
)


@settings(max_examples=40)
@given(spans=SPANS, least=st.sampled_from([0.0, 0.7]))
def test_stretches_are_those_of_a_loop_over_frames(
    database: Database, spans: list[Span], least: float
) -> None:
    assert spans_of(database, values(spans), f"quality >= {least}") == slowly(spans, least)


@pytest.mark.parametrize("min_quality", [None, 0.0, 0.7, 1.0])
def test_segments_are_chosen_by_quality_too(store: PartFiles, min_quality: float | None) -> None:
    spans = [("aa", 1, 0, 9), ("bb", 2, -100, 100), ("cc", 1, 0, 20)]
    found = select_segments(store, spans=values(spans), min_quality=min_quality)
    assert stretches(found) == slowly(spans, 0.5 if min_quality is None else min_quality)


def test_a_stretch_keeps_the_columns_of_its_segment(store: PartFiles) -> None:
    (row,) = select_segments(store, spans=values([("aa", 2, 20, 29)])).to_pylist()
    [segment] = [row for row in tables()["segments"] if (row["replay_id"], row["port"]) == ("aa", 2)]
    assert row == {**segment, "first_frame": 20, "last_frame": 29, "num_frames": 10}


def test_what_is_left_out_is_counted_by_reason(store: PartFiles) -> None:
    told: list[str] = []
    spans = [
        ("aa", 1, 0, 9), ("aa", 1, 5, 19), ("aa", 1, -200, -30), ("aa", 1, 101, 300), ("aa", 1, 50, 40),
        ("aa", 3, 0, 9), ("bb", 2, 0, 9), ("dd", 1, 0, 9), ("ee", 1, 0, 9), ("zz", 1, 0, 9), ("cc", 2, 0, 99),
    ]  # fmt: skip
    select_segments(store, spans=values(spans), min_quality=None, note=told.append)
    assert told == [
        "--windows: 3 of 11 rows, 2 stretches, 30 frames; left out: 2 of games that the store does not have;"
        " 3 of players without a segment (not a complete 1v1 game, or no person plays on that port);"
        " 1 that end before they begin; 1 outside the frames that may be scored;"
        " 1 of games left out by their quality (--min-quality 0 takes them)"
    ]


def test_a_condition_chooses_among_segments(store: PartFiles) -> None:
    spans = values([("aa", 1, 0, 9), ("aa", 2, 0, 9)])
    found = select_segments(store, "segments.character = 'MARTH'", spans=spans)
    assert stretches(found) == [("aa", 2, 0, 9)]
    with pytest.raises(
        UsageError, match=r"^--windows chooses nothing: .* 2 left out by --character or --stage"
    ):
        select_segments(store, "stage = 'FINAL_DESTINATION'", spans=spans)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'aa' AS replay_id, 1::{kind} AS port, 5::{kind} AS first_frame, 9::{kind} AS last_frame",
        "SELECT 9::{kind} AS LAST_FRAME, 5::{kind} AS \"First_Frame\", 'more' AS more, 1 AS port, 'aa' AS replay_id;",
        "WITH one AS (SELECT 1) SELECT 'aa' AS replay_id, 1 AS port, 5::{kind} AS first_frame, 9 AS last_frame -- end",
        "SELECT 'aa' AS replay_id, 1 AS port, 5::{kind} AS first_frame, 9 AS last_frame; -- the semicolon; is gone",
        "SELECT 'aa' AS replay_id, 1 AS port, 5 AS first_frame, sum(x::{kind}) AS last_frame FROM range(4, 6) AS t(x)",
    ],
)
@pytest.mark.parametrize("kind", ["UTINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT"])
def test_any_whole_numbers_in_any_order_will_do(database: Database, query: str, kind: str) -> None:
    assert spans_of(database, query.replace("{kind}", kind)) == [("aa", 1, 5, 9)]


def test_ends_beyond_any_frame_mean_as_far_as_there_is(database: Database) -> None:
    least, most = -(2**127) + 1, 2**127 - 1
    query = (
        f"SELECT 'aa' AS replay_id, 1 AS port, {least}::HUGEINT AS first_frame, {most}::HUGEINT AS last_frame"
    )
    assert spans_of(database, query) == [("aa", 1, -39, 100)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "the query is empty"),
        ("SELECT replay_id, port FROM segments", "no column first_frame"),
        ("SELECT port, first_frame, last_frame FROM segments", "gives port, first_frame, last_frame"),
        ("SELECT * REPLACE (first_frame::DOUBLE AS first_frame) FROM segments", "first_frame::INT"),
        ("SELECT * REPLACE (last_frame::VARCHAR AS last_frame) FROM segments", "last_frame must be whole numbers"),
        ("SELECT * REPLACE (1 AS replay_id) FROM segments", "replay_id must be text"),
        ("SELECT * REPLACE (NULL::INT AS port) FROM segments", "port is null in 5 rows; add WHERE port IS NOT NULL"),
        ("SELECT * REPLACE (NULLIF(replay_id, 'aa') AS replay_id) FROM segments", "replay_id is null in 2 rows"),
        ("SELECT * FROM segment", "did you mean segments?"),
        ("SELECT * FROM segments) AS a, (SELECT 1", "syntax error"),
        ("SELECT * FROM segments; SELECT 1", "one query at a time"),
        ("DROP VIEW segments", "DROP is no query"),
        ("COPY segments TO 'stolen.csv'", "COPY is no query"),
        ("FROM read_csv('/etc/passwd')", "not read_csv()"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_is_one_line(database: Database, query: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"^--windows: ") as error:
        spans_of(database, query)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_no_row_from_a_store_without_statistics_says_how_to_get_them(
    store: PartFiles, tmp_path: Path
) -> None:
    query = "SELECT replay_id, port, frame AS first_frame, frame AS last_frame FROM techs"
    with pytest.raises(UsageError, match=r"the query gives no row .*`exphil materialize stats`"):
        select_segments(store, spans=query)
    with_statistics = PartFiles(tmp_path, {**tables(), "overall": [{"replay_id": "aa", "port": 1}]})
    with pytest.raises(UsageError, match=r"the query gives no row$"):
        select_segments(with_statistics, spans=query)


def test_chance_is_drawn_once(database: Database) -> None:
    """The stretches and the count of rows are of one draw."""
    query = """
        SELECT replay_id, port, -39 AS first_frame, (random() * 130)::INT AS last_frame
        FROM segments, range(3) WHERE replay_id <> 'cc'
    """
    for _ in range(5):
        found = find_spans(database, query, "SELECT *, last_frame > 50 AS chosen, true AS good FROM segments")
        assert found.num_rows == 12
        assert found.left_out == {"unchosen": 6}
        frames = sum(found.stretches["num_frames"].to_pylist())
        assert found.describe().startswith(f"6 of 12 rows, 2 stretches, {frames} frames; ")
