"""`exphil.open_store`: SQL, frames, embeddings and windows from Python."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import exphil
from exphil.errors import StoreError, UsageError
from exphil.features import V1


@pytest.fixture(scope="module")
def opened(small_store: Path) -> exphil.OpenStore:
    return exphil.open_store(small_store)


@pytest.fixture(scope="module")
def replay_id(opened: exphil.OpenStore) -> str:
    return str(opened.sql("SELECT replay_id FROM segments ORDER BY ALL LIMIT 1").item())


def test_sql_gives_a_data_frame(opened: exphil.OpenStore) -> None:
    found = opened.sql("SELECT status, count(*) AS n FROM replays GROUP BY ALL ORDER BY ALL")
    assert found.rows() == [("ok", 3), ("quarantined", 1)]
    assert opened.sql("FROM replays LIMIT 0").width > 30


def test_frames_are_lazy_and_equal_sql(opened: exphil.OpenStore) -> None:
    lazy = opened.frames()
    assert isinstance(lazy, pl.LazyFrame)
    by_hand = lazy.group_by("port").agg(pl.len().alias("n")).sort("port").collect().rows()
    assert by_hand == opened.sql("SELECT port, count(*) AS n FROM frames GROUP BY ALL ORDER BY ALL").rows()


def test_a_table_without_parts_has_its_columns(tmp_path: Path) -> None:
    from exphil.store.store import Store

    Store.create(tmp_path)
    empty = exphil.open_store(tmp_path)
    assert empty.frames().collect().is_empty()
    assert empty.frames().collect_schema().names() == empty.sql("FROM frames").columns


def test_an_embedding_is_each_players_own_view(opened: exphil.OpenStore, replay_id: str) -> None:
    ports = opened.sql(f"SELECT port FROM players WHERE replay_id = '{replay_id}' ORDER BY port")[
        "port"
    ].to_list()
    frames = opened.sql(
        f"SELECT port, post_percent FROM frames WHERE replay_id = '{replay_id}' AND NOT follower ORDER BY port, frame"
    )
    own, other = V1.names.index("self.percent"), V1.names.index("opponent.percent")
    views = [opened.embedding(replay_id, port) for port in ports]
    for port, view, opposite in zip(ports, views, reversed(views), strict=True):
        expected = frames.filter(pl.col("port") == port)["post_percent"].to_numpy() / 100
        assert view.shape == (len(expected), V1.width)
        assert view.dtype == np.float32
        np.testing.assert_allclose(view[:, own], expected, atol=0.001)
        np.testing.assert_array_equal(view[:, own], opposite[:, other])


@pytest.mark.parametrize(("port", "told"), [(4, "its ports are"), (0, "its ports are")])
def test_an_embedding_of_an_empty_port(
    opened: exphil.OpenStore, replay_id: str, port: int, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        opened.embedding(replay_id, port)


def test_an_embedding_of_no_replay(opened: exphil.OpenStore) -> None:
    with pytest.raises(UsageError, match="no embedding of replay 'none'"):
        opened.embedding("none", 1)


def test_windows_are_slices_of_the_embedding(opened: exphil.OpenStore, replay_id: str) -> None:
    row = opened.sql(f"FROM segments WHERE replay_id = '{replay_id}' ORDER BY port LIMIT 1").row(
        0, named=True
    )
    length, delay = 30, 2
    where = f"replay_id = '{replay_id}' AND port = {row['port']}"
    windows = opened.windows(where, length, delay)
    whole = opened.embedding(replay_id, row["port"])
    first = row["first_frame"] - row["context_frame"]
    assert len(windows) == row["num_frames"] - delay - length + 1
    for index in (0, 1, len(windows) // 2, len(windows) - 1):
        expected = whole[first + index : first + index + length]
        np.testing.assert_array_equal(windows[index]["features"].numpy(), expected)
    assert torch.equal(windows[-1]["features"], windows[len(windows) - 1]["features"])
    with pytest.raises(IndexError):
        windows[len(windows)]


def test_actions_are_the_inputs_that_follow(opened: exphil.OpenStore, replay_id: str) -> None:
    where = f"replay_id = '{replay_id}'"
    now, later = opened.windows(where, 20, 0), opened.windows(where, 20, 1)
    assert torch.equal(now[1]["actions"][:-1], now[0]["actions"][1:])
    assert torch.equal(later[0]["actions"], now[1]["actions"])


def test_windows_feed_a_data_loader(opened: exphil.OpenStore) -> None:
    batch = next(iter(torch.utils.data.DataLoader(opened.windows(length=15), batch_size=4, shuffle=True)))
    assert batch["features"].shape == (4, 15, V1.width)
    assert batch["actions"].shape == (4, 15, 13)
    assert batch["actions"].dtype == torch.int64


@pytest.mark.parametrize(("length", "delay"), [(0, 0), (10, -1), (100_000, 0)])
def test_windows_that_cannot_be(opened: exphil.OpenStore, length: int, delay: int) -> None:
    with pytest.raises(UsageError):
        opened.windows(length=length, delay=delay)


def test_a_missing_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no feature store"):
        exphil.open_store(tmp_path / "nowhere")
