"""The decoded dataset: every window once, what the packed rows hold, and workers that map for themselves."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from exphil.errors import UsageError
from exphil.features import V1
from exphil.loading.windows import WindowDataset
from exphil.store.packs import Packs
from exphil.store.store import Store
from tests.stores import make_store

GAMES, FRAMES = 3, 150


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder: Path = tmp_path_factory.mktemp("windows") / "store"
    return Store.open(make_store(folder, num_games=GAMES, num_frames=FRAMES))


@pytest.mark.parametrize(("length", "delay"), [(10, 0), (60, 3)])
def test_items_are_the_rows_of_the_pack_decoded(store: Store, length: int, delay: int) -> None:
    windows = WindowDataset(store, None, length, delay)
    eligible = FRAMES - 84 - 1 - delay
    per_segment = eligible - length + 1
    assert len(windows) == 2 * GAMES * per_segment
    rows = Packs.open(store).parts[0].view(V1.row_dtype)[:, 0]
    for segment in range(2 * GAMES):
        game, side = divmod(segment, 2)
        for place in (0, 1, per_segment - 1):
            item = windows[segment * per_segment + place]
            start = game * FRAMES + 84 + place
            seen = rows[start : start + length]
            answered = rows[start + 1 + delay : start + 1 + delay + length]
            assert np.array_equal(item["features"].numpy(), V1.decode(seen, side))  # type: ignore[arg-type]
            assert np.array_equal(item["actions"].numpy(), V1.actions(answered, side))  # type: ignore[arg-type]


def test_negative_indices_count_from_the_end_and_others_are_refused(store: Store) -> None:
    windows = WindowDataset(store, None, 10)
    assert torch.equal(windows[-1]["features"], windows[len(windows) - 1]["features"])
    for index in (len(windows), -len(windows) - 1):
        with pytest.raises(IndexError):
            windows[index]


def test_it_travels_by_file_name(store: Store) -> None:
    windows = WindowDataset(store, None, 10)
    sent = pickle.dumps(windows)
    assert len(sent) < Packs.open(store).parts[0].nbytes / 4
    assert torch.equal(pickle.loads(sent)[7]["features"], windows[7]["features"])


@pytest.mark.slow
def test_spawned_workers_give_the_same_items(store: Store) -> None:
    windows = WindowDataset(store, None, 30)
    shared = DataLoader(windows, batch_size=16, num_workers=1, multiprocessing_context="spawn")
    together = torch.cat([batch["actions"] for batch in shared])
    assert torch.equal(together, torch.stack([windows[index]["actions"] for index in range(len(windows))]))


def test_a_condition_chooses(store: Store) -> None:
    some = WindowDataset(store, "character = 'FOX' AND stage = 'FINAL_DESTINATION'", 10)
    assert len(some) * 3 == len(WindowDataset(store, None, 10))


def test_windows_longer_than_every_game_are_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="has 500 frames"):
        WindowDataset(store, None, 500)
