"""What an augmentation does to rows: the mirror that numpy knows, and noise on measurements alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from exphil.backbones.config import backbone_config
from exphil.features import V1
from exphil.features.mirror import column_places, reflection
from exphil.loading.batch import Augmentation, Batch
from exphil.policy.augment import Augmenter, gaussian, is_noisy
from exphil.policy.build import build_policy
from exphil.policy.config import PolicyConfig
from exphil.policy.decode import rows_as_bytes
from tests.policy.small import make, make_batch

BATTLEFIELD = 31
AUGMENTER = Augmenter(V1)


def noise_rows(batch: int, length: int, stage: int = BATTLEFIELD, seed: int = 3) -> torch.Tensor:
    """(B, n, R) uint8: rows of any legal content, on one stage, untransformed."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((batch, length), V1.row_dtype)
    for part in ("players", "shared"):
        scalars = rows[part]["scalars"]
        scalars[...] = rng.integers(-9000, 9000, scalars.shape)
    ids = rows["players"]["ids"]
    ids[..., V1.slots["action"].column] = rng.integers(0, 527, ids.shape[:-1])
    ids[..., V1.slots["follower.action"].column] = rng.integers(0, 527, ids.shape[:-1])
    ids[..., V1.slots["character"].column] = rng.integers(0, 34, ids.shape[:-1])
    codes = rows["players"]["codes"]
    codes[...] = rng.integers(0, 141, codes.shape)
    for name in ("facing", "follower.facing"):
        codes[..., V1.slots[name].column] = rng.integers(0, 3, ids.shape[:-1])
    rows["shared"]["codes"][..., V1.slots["stage"].column] = stage
    winds = rows["shared"]["codes"][..., V1.slots["whispy.left"].column]
    winds[...] = rng.integers(0, 8, winds.shape)
    return torch.from_numpy(rows_as_bytes(rows))


def augmentation(mirror: list[int], noise: list[int], scale: float = 0.01) -> Augmentation:
    return Augmentation(torch.tensor(mirror).bool(), torch.tensor(noise), scale)


def test_the_chosen_windows_are_reflected_as_numpy_reflects_them() -> None:
    rows = noise_rows(3, 20)
    before = rows.clone()
    found = AUGMENTER(rows, augmentation([1, 0, 1], [0, 0, 0]))
    assert torch.equal(rows, before)
    expected = torch.from_numpy(reflection(V1).rows(rows.numpy()))
    assert torch.equal(found, torch.stack([expected[0], rows[1], expected[2]]))
    assert not torch.equal(expected[0], rows[0])


def test_a_window_is_mirrored_only_where_its_stage_is_symmetric_all_along() -> None:
    rows = noise_rows(2, 20)
    place = column_places(V1)
    rows[1, 7, place["stadium.fire"][0]] |= 1 << (V1.slots["stadium.fire"].bit or 0)
    found = AUGMENTER(rows, augmentation([1, 1], [0, 0]))
    assert not torch.equal(found[0], rows[0])
    assert torch.equal(found[1], rows[1])
    brinstar = noise_rows(2, 20, stage=6)
    assert torch.equal(AUGMENTER(brinstar, augmentation([1, 1], [0, 0])), brinstar)


@pytest.mark.parametrize("delay", [0, 2])
def test_the_policy_sees_and_learns_the_mirrored_window(delay: int) -> None:
    backbone = backbone_config("mlp", hidden_size=16, num_layers=1)
    torch.manual_seed(0)
    policy = build_policy(PolicyConfig(backbone=backbone, delay=delay)).eval()
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    length = 10
    batch = Batch(
        noise_rows(2, length + 1 + delay),
        torch.tensor([0, 1]),
        torch.ones(2, length, dtype=torch.bool),
        torch.arange(2),
    )
    asked = policy.nll(replace(batch, augmentation=augmentation([1, 1], [0, 0])))
    turned = torch.from_numpy(reflection(V1).rows(batch.rows.numpy()))
    assert torch.equal(asked.by_head, policy.nll(replace(batch, rows=turned)).by_head)
    assert not torch.equal(asked.by_head, policy.nll(batch).by_head)
    assert asked.num_frames == policy.nll(batch).num_frames


def test_a_policy_without_an_augmenter_says_so() -> None:
    policy = make("mlp")
    with pytest.raises(ValueError, match="without an augmenter"):
        policy.nll(replace(make_batch(), augmentation=augmentation([1, 0, 0], [0, 0, 0])))


def test_a_batch_without_windows_is_augmented_too() -> None:
    rows = noise_rows(1, 5)[:0]
    none = torch.zeros(0, dtype=torch.int64)
    assert AUGMENTER(rows, Augmentation(none.bool(), none, 0.01)).shape == rows.shape


def dims(rows: torch.Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(T, 287) of the first window, seen by the first player."""
    return V1.decode(rows[0].numpy().view(V1.row_dtype)[:, 0], 0)


def test_noise_has_the_stated_deviation_and_spares_what_is_no_measurement() -> None:
    rows = noise_rows(1, 4000)
    found = AUGMENTER(rows, augmentation([0], [77], scale=0.02))
    change = dims(found) - dims(rows)
    stored = {name for name in V1.slots if is_noisy(next(f for f in V1.features if f.name == name))}
    assert {"x", "percent", "shield", "follower.velocity_y", "item2.timer", "fountain.left_height"} <= stored
    for index, (name, feature) in enumerate(V1.dims):
        if feature.name in stored:
            assert abs(change[:, index].std() - 0.02) < 0.002, name
            assert abs(change[:, index].mean()) < 0.002, name
        elif feature.name in V1.slots:
            assert not change[:, index].any(), name
    assert np.array_equal(V1.actions(rows[0].numpy().view(V1.row_dtype)[:, 0], 0),
                          V1.actions(found[0].numpy().view(V1.row_dtype)[:, 0], 0))  # fmt: skip
    # What derives from a noisy position sees the same noise: nothing contradicts itself.
    x, left = V1.names.index("self.x"), V1.names.index("self.blast_left")
    np.testing.assert_allclose(change[:, left], change[:, x], atol=1e-6)


def test_what_follows_from_the_frame_id_or_is_the_players_own_input_is_exact() -> None:
    exact = {"randall.x", "randall.y", "clock.time", "input.main_x", "input.c_y", "stocks", "facing", "stage"}
    by_name = {feature.name: feature for feature in V1.features}
    assert not any(is_noisy(by_name[name]) for name in exact)


def test_windows_without_a_key_and_zeros_stay() -> None:
    rows = noise_rows(2, 50)
    place = column_places(V1)["item0.x"][0]
    rows[:, ::2, place : place + 2] = 0
    found = AUGMENTER(rows, augmentation([0, 0], [0, 5]))
    assert torch.equal(found[0], rows[0])
    assert not found[1, ::2, place : place + 2].any()
    assert not torch.equal(found[1, 1::2, place : place + 2], rows[1, 1::2, place : place + 2])


def test_noise_stops_at_what_a_column_holds() -> None:
    rows = torch.zeros(1, 100, V1.row_dtype.itemsize, dtype=torch.uint8)
    column = column_places(V1)["y"][0]
    wide = rows.view(torch.int16)
    wide[..., column // 2] = 32767
    found = AUGMENTER(rows, augmentation([0], [9])).view(torch.int16)[..., column // 2]
    assert (found > 32000).all()
    assert (found < 32767).any()


def test_a_windows_noise_hangs_on_its_key_alone() -> None:
    rows = noise_rows(4, 30)
    keys = [11, 12, 13, 14]
    together = AUGMENTER(rows, augmentation([0] * 4, keys))
    for index, key in enumerate(keys):
        alone = AUGMENTER(rows[index : index + 1], augmentation([0], [key]))
        assert torch.equal(alone[0], together[index])


def test_mixed_precision_changes_no_bit() -> None:
    rows = noise_rows(2, 30)
    asked = augmentation([1, 0], [3, 4])
    plain = AUGMENTER(rows, asked)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(AUGMENTER(rows, asked), plain)


def test_normal_numbers_are_normal_and_independent() -> None:
    found = gaussian(torch.tensor([1, 2, 2**62 + 5]), 200, 59)
    assert found.shape == (3, 200, 59)
    assert abs(float(found.mean())) < 0.02
    assert abs(float(found.std()) - 1) < 0.02
    assert abs(float((found.abs() < 1).float().mean()) - 0.6827) < 0.01
    assert 3 < float(found.abs().max()) < 6
    for one, other in (
        (found[0], found[1]),  # keys
        (found[:, 1:], found[:, :-1]),  # rows
        (found[..., 1:], found[..., :-1]),  # columns
    ):
        assert abs(float((one * other).mean())) < 0.02


def test_the_numbers_stay_what_they_are() -> None:
    """A release that changed these would break the resuming of runs begun before it."""
    expected = [
        [[1.0642008, 0.0617717, -0.7151213], [0.0798554, 0.2290745, -0.0870032]],
        [[1.7564588, -0.9688359, -1.1420231], [-1.4332995, -1.1180924, -0.6869810]],
    ]
    found = gaussian(torch.tensor([1, 123456789]), 2, 3)
    torch.testing.assert_close(found, torch.tensor(expected), rtol=0, atol=1e-6)
