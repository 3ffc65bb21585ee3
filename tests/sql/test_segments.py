"""`--where`: which segments a condition chooses, and what a person reads when it chooses none."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil import schema
from exphil.errors import UsageError
from exphil.sql.segments import select_segments
from tests.sql.part_files import PartFiles

GAMES = (
    ("aa", "FINAL_DESTINATION", (1, "FOX", "FOX#1"), (2, "FALCO", "BIRD#2")),
    ("bb", "BATTLEFIELD", (2, "MARTH", "FOX#1"), (4, "FOX", "OTHER#3")),
)

QUALITY = {"aa": 0.9, "bb": 0.25}


def player(replay: str, port: int, name: str, code: str) -> dict[str, object]:
    return {
        "replay_id": replay,
        "port": port,
        "character_name": name,
        "character": port,
        "connect_code": code,
    }


def tables() -> dict[str, list[dict[str, object]]]:
    made: dict[str, list[dict[str, object]]] = {"replays": [], "players": [], "segments": []}
    for replay, stage, first, second in GAMES:
        row = {"replay_id": replay, "path": f"{replay}.slp", "status": "ok", "stage_name": stage}
        copy = {**row, "path": f"copy of {replay}.slp", "status": "duplicate"}
        made["replays"] += [row, copy]
        made["players"] += [player(replay, *first), player(replay, *second)]
        for own, other in ((second, first), (first, second)):
            made["segments"].append(
                {
                    "replay_id": replay,
                    "port": own[0],
                    "opponent_port": other[0],
                    "first_frame": -39,
                    "last_frame": 1000,
                    "num_frames": 1040,
                    "character": own[1],
                    "opponent_character": other[1],
                    "stage": stage,
                    "split": "train",
                    "split_key": 0.5,
                    "quality": QUALITY[replay],
                    "excluded": QUALITY[replay] < 0.5,
                }
            )
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PartFiles:
    return PartFiles(tmp_path_factory.mktemp("store"), tables())


def chosen(store: PartFiles, where: str | None) -> list[tuple[str, int]]:
    found = select_segments(store, where)
    return list(zip(found["replay_id"].to_pylist(), found["port"].to_pylist(), strict=True))


ALL = [("aa", 1), ("aa", 2), ("bb", 2), ("bb", 4)]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, ALL),
        ("true", ALL),
        ("character = 'FOX'", [("aa", 1), ("bb", 4)]),
        ("segments.character = 'FOX' -- a remark", [("aa", 1), ("bb", 4)]),
        ("players.character = 2", [("aa", 2), ("bb", 2)]),
        ("opponent.character_name = 'FOX'", [("aa", 2), ("bb", 2)]),
        ("opponent_character = 'FOX' OR stage = 'BATTLEFIELD'", [("aa", 2), ("bb", 2), ("bb", 4)]),
        ("stage_name = 'BATTLEFIELD'", [("bb", 2), ("bb", 4)]),
        ("replays.stage_name = 'BATTLEFIELD' AND character = 'FOX'", [("bb", 4)]),
        ("connect_code = 'FOX#1'", [("aa", 1), ("bb", 2)]),
        ("opponent.connect_code = 'FOX#1'", [("aa", 2), ("bb", 4)]),
        ("path LIKE 'aa%'", [("aa", 1), ("aa", 2)]),
        (
            "replay_id IN (SELECT replay_id FROM players WHERE character_name = 'MARTH')",
            [("bb", 2), ("bb", 4)],
        ),
        ("hash(replay_id) >= 0", ALL),
    ],
)
def test_a_condition_chooses(store: PartFiles, where: str | None, expected: list[tuple[str, int]]) -> None:
    assert chosen(store, where) == expected


def test_columns_and_types_are_those_of_the_schema(store: PartFiles) -> None:
    found = select_segments(store, "character = 'FOX'").schema
    assert found.names == list(schema.SEGMENTS.names)
    assert [str(kind) for kind in found.types] == [
        str(pa.type_for_alias(column.type)) for column in schema.SEGMENTS.columns
    ]


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("charcter = 'FOX'", "charcter"),
        ("character = ", "no SQL condition"),
        ("", "no SQL condition"),
        ("character = 'FOX', true", "no SQL condition"),
        ("true) UNION SELECT * FROM segments WHERE (true", "no SQL condition"),
        ("true; DROP VIEW segments", "no SQL condition"),
        ("true ORDER BY port", "ORDER BY"),
        ("EXISTS (FROM read_text('/etc/passwd'))", "nothing else"),
        ("true AS x", "--where"),
        ("character = 'FOXX'", "character is FOX, FALCO, MARTH"),
        ("stage = 'FD' AND character = 'FOX'", "stage is BATTLEFIELD, FINAL_DESTINATION"),
        ("port = 3", "none of 4 segments"),
    ],
)
def test_a_condition_that_cannot_be_met_is_told_with_its_name(
    store: PartFiles, where: str, told: str
) -> None:
    with pytest.raises(UsageError, match="--where") as error:
        select_segments(store, where)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no segment"):
        select_segments(PartFiles(tmp_path, {}), None)


@given(
    character=st.sampled_from(["FOX", "FALCO", "MARTH"]),
    stage=st.sampled_from(["FINAL_DESTINATION", "BATTLEFIELD"]),
    either=st.booleans(),
)
def test_conditions_equal_a_plain_loop(store: PartFiles, character: str, stage: str, either: bool) -> None:
    expected = [
        (segment["replay_id"], segment["port"])
        for segment in tables()["segments"]
        if (any if either else all)((segment["character"] == character, segment["stage"] == stage))
    ]
    where = f"character = '{character}' {'OR' if either else 'AND'} replays.stage_name = '{stage}'"
    if expected:
        assert chosen(store, where) == sorted(expected)
    else:
        with pytest.raises(UsageError):
            chosen(store, where)


@pytest.mark.parametrize(
    ("min_quality", "games"),
    [(0, {"aa", "bb"}), (0.0, {"aa", "bb"}), (None, {"aa"}), (0.25, {"aa", "bb"}), (0.5, {"aa"})],
)
def test_quality_chooses_games(store: PartFiles, min_quality: float | None, games: set[str]) -> None:
    told: list[str] = []
    found = select_segments(store, min_quality=min_quality, note=told.append)
    assert set(found["replay_id"].to_pylist()) == games
    left_out = ["2 of 4 segments are of games left out by their quality (--min-quality 0 takes them)"]
    assert told == ([] if len(games) == 2 else left_out)


def test_quality_that_leaves_nothing_is_told(store: PartFiles) -> None:
    with pytest.raises(UsageError, match=r"^2 of 2 segments .*--min-quality 0"):
        select_segments(store, "replay_id = 'bb'", min_quality=None)


def test_a_segment_without_a_score_is_taken_unless_one_is_asked_for(tmp_path: Path) -> None:
    rows = [
        {name: value for name, value in row.items() if name not in ("quality", "excluded")}
        for row in tables()["segments"]
    ]
    store = PartFiles(tmp_path, {"segments": rows})
    assert select_segments(store, min_quality=None).num_rows == len(rows)
    with pytest.raises(UsageError, match="quality"):
        select_segments(store, min_quality=0.1)
