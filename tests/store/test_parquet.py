"""Tables on disk: any reader opens them without our code, and a row that went in comes out."""

import errno
import os
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil import schema
from exphil.errors import StoreError
from exphil.replays.frames import frame_tables
from exphil.store import parquet
from exphil.store.parquet import TableWriter, write_rows
from tests.replays import recorded

FRAME_TABLES = (schema.FRAMES, schema.ITEMS, schema.STAGE_FRAMES)


def _game(number: int, num_frames: int) -> dict[str, pa.Table]:
    """The three tables of a made game with arbitrary values in every column."""
    rng = np.random.default_rng(number)
    ports = {
        f"P{port}": pa.StructArray.from_arrays([recorded.character(rng, num_frames)], names=["leader"])
        for port in (1, 2)
    }
    item = {column.name: pa.type_for_alias(column.type) for column in schema.ITEMS.columns[3:]}
    counters = [
        pa.array(rng.integers(0, 2**32, num_frames), pa.uint32()),
        pa.array(range(num_frames), pa.uint32()),
    ]
    frames = {
        "id": pa.array(range(-123, num_frames - 123), pa.int32()),
        "ports": pa.StructArray.from_arrays(list(ports.values()), names=list(ports)),
        "start": pa.StructArray.from_arrays(counters, names=["random_seed", "scene_frame_counter"]),
        "item": recorded.lists(rng, num_frames, 2, **item),
    }
    tables = frame_tables(recorded.game(frames, content_id=f"{number:032x}"))
    return {"frames": tables.frames, "items": tables.items, "stage_frames": tables.stage_frames}


@pytest.fixture
def part(tmp_path: Path) -> tuple[Path, dict[str, pa.Table]]:
    """A folder with the three tables of two games, and what went in."""
    games = [_game(1, 40), _game(2, 25)]
    for table in FRAME_TABLES:
        with TableWriter(tmp_path / f"{table.name}.parquet", table) as writer:
            for game in games:
                writer.append(game[table.name])
    return tmp_path, {
        table.name: pa.concat_tables([game[table.name] for game in games]).cast(schema.arrow_schema(table))
        for table in FRAME_TABLES
    }


@pytest.mark.parametrize("table", FRAME_TABLES, ids=lambda table: table.name)
def test_every_reader_sees_the_same_rows(part: tuple[Path, dict[str, pa.Table]], table: schema.Table) -> None:
    folder, expected = part
    path, rows = folder / f"{table.name}.parquet", expected[table.name]
    assert pq.read_table(path).equals(rows)
    assert pl.read_parquet(path).equals(pl.DataFrame(rows))
    with duckdb.connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    assert found == [tuple(row.values()) for row in rows.to_pylist()]
    pd.testing.assert_frame_equal(pd.read_parquet(path), rows.to_pandas())


@pytest.mark.parametrize("table", FRAME_TABLES, ids=lambda table: table.name)
def test_readers_see_plain_types(part: tuple[Path, dict[str, pa.Table]], table: schema.Table) -> None:
    """Strings, not dictionaries: `replay_id` joins with that of any other table."""
    path = part[0] / f"{table.name}.parquet"
    assert pq.read_schema(path).equals(schema.arrow_schema(table))
    assert pl.read_parquet_schema(path)["replay_id"] == pl.String


def test_encodings_name_columns_that_exist_and_fit() -> None:
    columns = {column.name: column for table in FRAME_TABLES for column in table.columns}
    assert columns.keys() >= parquet.SPLIT_BYTES | parquet.DELTAS | parquet.DICTIONARIES
    assert {columns[name].type for name in parquet.SPLIT_BYTES} == {"float"}
    assert not {columns[name].type for name in parquet.DELTAS} & {"float", "string", "bool"}
    assert not parquet.DICTIONARIES & (parquet.SPLIT_BYTES | parquet.DELTAS)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 60), max_size=8), st.integers(1, 80))
def test_games_stay_whole_in_row_groups(tmp_path: Path, lengths: list[int], limit: int) -> None:
    path = tmp_path / "frames.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "ROW_GROUP_ROWS", limit)
        with TableWriter(path, schema.FRAMES) as writer:
            for number, length in enumerate(lengths):
                writer.append(_game(number, length)["frames"])
    assert writer.num_rows == 2 * sum(lengths)
    file = pq.ParquetFile(path)
    groups = [file.read_row_group(index) for index in range(file.num_row_groups)]
    assert [group.num_rows >= limit for group in groups[:-1]] == [True] * len(groups[:-1])
    ids = [set(group["replay_id"].to_pylist()) for group in groups]
    assert sum(len(found) for found in ids) == len(set().union(*ids)) == len(lengths)
    assert file.metadata.num_rows == 2 * sum(lengths)


def test_a_part_without_rows_has_the_columns(tmp_path: Path) -> None:
    with TableWriter(tmp_path / "items.parquet", schema.ITEMS):
        pass
    empty = pl.read_parquet(tmp_path / "items.parquet")
    assert (empty.height, tuple(empty.columns)) == (0, schema.ITEMS.names)


def test_rows_of_small_tables_come_back(tmp_path: Path) -> None:
    rows = [
        {"path": "a.slp", "status": "ok", "replay_id": "ab" * 16, "complete": True, "stage": 31},
        {"path": "b.slp", "status": "quarantined", "reason": "not a Slippi file", "reason_offset": 0},
    ]
    assert write_rows(tmp_path / "replays.parquet", schema.REPLAYS, rows) == 2
    blank = dict.fromkeys(schema.REPLAYS.names)
    assert pl.read_parquet(tmp_path / "replays.parquet").to_dicts() == [blank | row for row in rows]
    assert write_rows(tmp_path / "players.parquet", schema.PLAYERS, []) == 0
    assert pl.read_parquet(tmp_path / "players.parquet").height == 0


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with (
        TableWriter(tmp_path / "frames.parquet", schema.FRAMES) as writer,
        pytest.raises(ValueError, match="frames has columns"),
    ):
        writer.append(_game(1, 5)["items"])


def test_a_writer_left_by_an_error_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"

    def read_games() -> None:
        with TableWriter(path, schema.FRAMES) as writer:
            writer.append(_game(1, 5)["frames"])
            raise RuntimeError("while reading")

    with pytest.raises(RuntimeError, match="while reading"):
        read_games()
    assert not path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"
    path.symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"the disk is full: .* free some space"):
        TableWriter(path, schema.FRAMES)
    assert not path.is_symlink()


def test_a_file_in_the_way_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "frames").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(StoreError, match="frames"):
        TableWriter(tmp_path / "frames" / "part.parquet", schema.FRAMES)


def test_closing_makes_the_file_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def record(handle: int) -> None:
        synced.append(os.fstat(handle).st_size)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", record)
    path = tmp_path / "frames.parquet"
    with TableWriter(path, schema.FRAMES) as writer:
        writer.append(_game(1, 5)["frames"])
    assert synced == [path.stat().st_size]


def test_a_failing_flush_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "frames.parquet"
    writer = TableWriter(path, schema.FRAMES)
    writer.append(_game(1, 5)["frames"])
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="the disk is full"):
        writer.close()
    assert not path.exists()
    writer.close()  # as a caller's finally clause does
    assert not path.exists()
