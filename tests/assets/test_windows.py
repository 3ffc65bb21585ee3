"""Segments: which stretches may be scored, and the split that keeps a set on one side."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil import schema
from exphil.assets import windows
from exphil.assets.versions import made_by
from exphil.assets.windows import split_key, split_of
from exphil.errors import StoreError
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import write_rows
from exphil.store.store import Store


def _replay(replay_id: str, **changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(schema.REPLAYS.names) | {
        "path": f"/r/{replay_id}.slp",
        "replay_id": replay_id,
        "status": "ok",
        "mode": "1v1",
        "complete": True,
        "first_frame": -123,
        "last_frame": 5000,
        "stage_name": "BATTLEFIELD",
        "set_key": "A#1 B#2 2022-12-27",
    }
    return row | changes


def _players(
    replay_id: str, types: tuple[str, ...] = ("human", "human"), ports: tuple[int, ...] = (2, 4)
) -> list[dict[str, Any]]:
    return [
        dict.fromkeys(schema.PLAYERS.names)
        | {
            "replay_id": replay_id,
            "port": port,
            "type": kind,
            "character_name": f"C{port}",
            "won": port == ports[0],
        }
        for port, kind in zip(ports, types, strict=True)
    ]


def _store(
    tmp_path: Path,
    replays: list[dict[str, Any]],
    players: list[dict[str, Any]],
    quality: list[dict[str, Any]] | None = None,
) -> Store:
    """A store of one part; every game has a score of 1 unless `quality` says otherwise."""
    if quality is None:
        quality = [_quality(row["replay_id"]) for row in replays]
    store = Store.create(tmp_path)
    with store.writing() as transaction:
        for table, rows in ((schema.REPLAYS, replays), (schema.PLAYERS, players)):
            write_rows(paths.table_part(transaction.staging, "replays", table.name, "b00001-x"), table, rows)
        made = Part(
            name="b00001-x",
            batch="b00001",
            rows={"replays": len(replays), "players": len(players)},
            num_bytes=1,
            made_by=made_by("replays"),
        )
        transaction.change("replays", add=[made])
        if quality:
            file = paths.table_part(transaction.staging, "stats", "quality", "b00001-y")
            write_rows(file, schema.QUALITY, quality)
            scored = Part(
                name="b00001-y", batch="b00001", rows={"quality": len(quality)}, num_bytes=1, made_by="test"
            )
            transaction.change("stats", add=[scored])
        transaction.commit()
    return store


def _quality(replay_id: str, score: float = 1.0, excluded: bool = False) -> dict[str, Any]:
    row = dict.fromkeys(schema.QUALITY.names)
    return row | {"replay_id": replay_id, "score": score, "excluded": excluded, "flags": ""}


def _segments(
    tmp_path: Path,
    replays: list[dict[str, Any]],
    players: list[dict[str, Any]],
    quality: list[dict[str, Any]] | None = None,
) -> pl.DataFrame:
    store = _store(tmp_path, replays, players, quality)
    report = windows.materialize(store, "b00001")
    files = store.table_paths("segments")
    found = pl.concat([pl.read_parquet(file) for file in files]) if files else pl.DataFrame()
    assert report.made["segments"] == len(found)
    return found


def test_both_human_viewpoints_from_the_start_of_play_to_the_last_frame_with_a_target(tmp_path: Path) -> None:
    found = _segments(tmp_path, [_replay("a")], _players("a")).sort("port")
    assert found.select("port", "opponent_port", "first_frame", "last_frame", "num_frames").rows() == [
        (2, 4, -39, 4999, 5039),
        (4, 2, -39, 4999, 5039),
    ]
    assert found["context_frame"].to_list() == [-123, -123]
    assert found.select("character", "opponent_character", "won").rows() == [
        ("C2", "C4", True),
        ("C4", "C2", False),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"complete": False},
        {"mode": "doubles"},
        {"mode": None},
        {"status": "duplicate"},
        {"status": "quarantined"},
        {"last_frame": -39},
    ],
)
def test_what_is_no_complete_1v1_has_no_segment(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert len(_segments(tmp_path, [_replay("a", **changes)], _players("a"))) == 0


def test_a_cpu_is_an_opponent_but_no_viewpoint(tmp_path: Path) -> None:
    found = _segments(tmp_path, [_replay("a")], _players("a", ("human", "cpu")))
    assert found["port"].to_list() == [2]


def test_what_quality_excludes_has_segments_that_say_so(tmp_path: Path) -> None:
    """Which games training takes is for training to say: the store leaves none out."""
    judged = [_quality("a", 0.25, excluded=True), _quality("b", 0.75)]
    found = _segments(tmp_path, [_replay("a"), _replay("b")], [*_players("a"), *_players("b")], judged)
    assert found.sort("replay_id", "port").select("replay_id", "quality", "excluded").rows() == [
        ("a", 0.25, True),
        ("a", 0.25, True),
        ("b", 0.75, False),
        ("b", 0.75, False),
    ]


def test_a_game_without_statistics_is_an_error_that_names_the_way_out(tmp_path: Path) -> None:
    store = _store(tmp_path, [_replay("a"), _replay("b")], [*_players("a"), *_players("b")], [_quality("a")])
    with pytest.raises(
        StoreError, match=r"games of batch b00001 without any: 1\. .*exphil materialize stats"
    ):
        windows.materialize(store, "b00001")


def test_a_recording_that_begins_late_is_scored_from_its_first_frame(tmp_path: Path) -> None:
    found = _segments(tmp_path, [_replay("a", first_frame=100)], _players("a"))
    assert found["first_frame"].unique().to_list() == [100]


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_a_set_falls_on_one_side_for_ever(keys: list[str]) -> None:
    for key in keys:
        assert 0.0 <= split_key(key) < 1.0
        assert split_key(key) == split_key(key)
        assert split_of(split_key(key)) in {"train", "validation", "test"}


def test_sides_have_their_shares() -> None:
    sides = [split_of(split_key(f"set {number}")) for number in range(20_000)]
    assert abs(sides.count("train") / 20_000 - 0.8) < 0.01
    assert abs(sides.count("validation") / 20_000 - 0.1) < 0.01


def test_a_known_key_stays_where_it_was() -> None:
    """Pins the hash: another one would move games between sides of existing stores."""
    assert split_key("A#1 B#2 2022-12-27") == pytest.approx(0.9990186727941225, abs=1e-15)
