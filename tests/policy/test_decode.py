"""The torch decoder gives what the numpy decoder gives."""

import numpy as np
import pytest
import torch

from exphil.features import V1
from exphil.melee.controller import HEAD_SIZES, STICK_UNIT
from exphil.policy.decode import FeatureDecoder, rows_as_bytes


@pytest.fixture(scope="module")
def decoder():
    return FeatureDecoder(V1)


def random_rows(num, seed=0):
    """Rows of any bytes that are legal where a table is looked up or a unit has a range."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, 256, (num, V1.row_dtype.itemsize), np.uint8).view(V1.row_dtype).reshape(num)
    sizes = V1.id_sizes[:3]
    for index, size in enumerate(sizes):
        rows["players"]["ids"][..., index] = random.integers(0, size, (num, 2))
    columns = V1.columns["player_scalars"]
    for name in ("input.main_x", "input.main_y", "input.c_x", "input.c_y"):
        rows["players"]["scalars"][..., columns.index(name)] = random.integers(
            -STICK_UNIT, STICK_UNIT + 1, (num, 2)
        )
    rows["players"]["codes"][..., V1.columns["player_codes"].index("input.shoulder")] %= 141
    return rows


@pytest.mark.parametrize("viewpoint", [0, 1])
def test_dims_equal_numpys(decoder, viewpoint):
    rows = random_rows(64)
    batch = torch.from_numpy(rows_as_bytes(rows).reshape(4, 16, -1).copy())
    dense, ids = decoder(batch, torch.full((4,), viewpoint))
    expected = V1.decode(rows, viewpoint)
    assert dense.shape == (4, 16, 281)
    assert dense.dtype == torch.float32
    assert ids.shape == (4, 16, 6)
    assert ids.dtype == torch.int64
    np.testing.assert_allclose(
        dense.flatten(0, 1).numpy(), expected[:, list(V1.dense_dims)], rtol=1e-6, atol=1e-5
    )
    np.testing.assert_array_equal(ids.flatten(0, 1).numpy(), expected[:, list(V1.id_dims)])


def test_actions_equal_numpys(decoder):
    rows = random_rows(64, seed=1)
    batch = torch.from_numpy(rows_as_bytes(rows).reshape(4, 16, -1).copy())
    viewpoint = torch.tensor([0, 1, 1, 0])
    actions = decoder.actions(batch, viewpoint)
    assert actions.shape == (4, 16, 13)
    for index, view in enumerate(viewpoint.tolist()):
        np.testing.assert_array_equal(
            actions[index].numpy(), V1.actions(rows[16 * index : 16 * index + 16], view)
        )
    assert (actions.amax(dim=(0, 1)) < torch.tensor(HEAD_SIZES)).all()
    assert (actions >= 0).all()


def test_viewpoints_of_a_batch_are_independent(decoder):
    """Each window is read as its own viewpoint says, whatever its neighbours are."""
    batch = torch.from_numpy(rows_as_bytes(random_rows(32, seed=2)).reshape(2, 16, -1).copy())
    mixed = decoder(batch, torch.tensor([0, 1]))
    for index in (0, 1):
        alone = decoder(batch[index : index + 1], torch.tensor([index]))
        torch.testing.assert_close(mixed[0][index : index + 1], alone[0], rtol=0, atol=0)
        torch.testing.assert_close(mixed[1][index : index + 1], alone[1], rtol=0, atol=0)


def test_alive_means_past_the_way_back(decoder):
    rows = random_rows(4)
    rows["players"]["ids"][:, 0, 0] = [0, 13, 14, 345]
    rows["players"]["ids"][:, 1, 0] = [14, 14, 12, 12]
    batch = torch.from_numpy(rows_as_bytes(rows)[None].copy()).expand(2, -1, -1)
    alive = decoder.alive(batch, torch.tensor([0, 1]))
    assert alive.tolist() == [[False, False, True, True], [True, True, False, False]]


def test_slices_of_a_longer_batch_decode_alike(decoder):
    """A loader hands over views: strides must not matter."""
    batch = torch.from_numpy(rows_as_bytes(random_rows(48, seed=3)).reshape(2, 24, -1).copy())
    whole = decoder(batch, torch.tensor([1, 0]))
    part = decoder(batch[:, 5:20], torch.tensor([1, 0]))
    torch.testing.assert_close(part[0], whole[0][:, 5:20], rtol=0, atol=0)
    torch.testing.assert_close(part[1], whole[1][:, 5:20], rtol=0, atol=0)


def test_decoder_has_nothing_to_learn_and_nothing_to_save(decoder):
    assert list(decoder.parameters()) == []
    assert decoder.state_dict() == {}
    assert decoder.row_bytes == V1.row_dtype.itemsize


def test_real_games_decode_alike(decoder, full_replays):
    from exphil.replays.frames import frame_tables
    from exphil.replays.reader import read_game

    game = read_game(full_replays[-1].read_bytes())
    tables = frame_tables(game)
    ports = sorted(tables.frames["port"].unique().to_pylist())
    encoded = V1.encode(
        tables.frames,
        tables.items,
        tables.stage_frames,
        stage=game.start["stage"],
        ports=(ports[0], ports[1]),
    )
    rows = V1.to_rows(encoded.blocks)[:2000]
    batch = torch.from_numpy(rows_as_bytes(rows)[None].copy())
    for view in (0, 1):
        dense, ids = decoder(batch, torch.tensor([view]))
        expected = V1.decode(rows, view)
        np.testing.assert_allclose(dense[0].numpy(), expected[:, list(V1.dense_dims)], rtol=1e-6, atol=1e-5)
        np.testing.assert_array_equal(ids[0].numpy(), expected[:, list(V1.id_dims)])
        np.testing.assert_array_equal(
            decoder.actions(batch, torch.tensor([view]))[0].numpy(), V1.actions(rows, view)
        )
