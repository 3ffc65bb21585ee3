"""The policy on the real feature set: what the table says and what the policy embeds must agree."""

import numpy as np
import pytest
import torch

from exphil.backbones.config import backbone_config
from exphil.errors import UsageError
from exphil.features import FEATURE_SETS, FeatureSet
from exphil.loading.batch import Batch
from exphil.melee.controller import NUM_HEADS
from exphil.policy.build import build_policy, id_kinds
from exphil.policy.config import PolicyConfig
from exphil.policy.decode import rows_as_bytes
from exphil.policy.inputs import NUM_IDS


def blank_rows(features: FeatureSet, batch: int, frames: int) -> torch.Tensor:
    """Rows in which both players stand at the origin with neutral controllers."""
    rows = np.zeros((batch, frames), features.row_dtype)
    rows["players"]["ids"][..., features.slots["action"].column] = 14
    return torch.from_numpy(rows_as_bytes(rows))


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=FEATURE_SETS.keys())
def test_the_policy_embeds_the_ids_that_the_table_declares(features: FeatureSet) -> None:
    kinds = id_kinds(features)
    assert len(kinds) == 6
    assert tuple(NUM_IDS[kind] + 1 for kind in kinds) == features.id_sizes


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=FEATURE_SETS.keys())
@pytest.mark.parametrize("delay", [0, 2])
def test_rows_in_nats_out(features: FeatureSet, delay: int) -> None:
    backbone = backbone_config("mamba", hidden_size=16, num_layers=1)
    config = PolicyConfig(backbone=backbone, feature_set=features.name, delay=delay)
    policy = build_policy(config).eval()
    batch = Batch(
        blank_rows(features, 2, 5 + 1 + delay),
        torch.tensor([0, 1]),
        torch.ones(2, 5, dtype=torch.bool),
        torch.arange(2),
    )
    found = policy.nll(batch)
    assert found.num_frames.item() == 10
    assert found.by_head.shape == (NUM_HEADS,)
    assert found.mean.isfinite()
    state, queue = policy.initial_state(2), policy.initial_queue(2)
    window = policy(batch.rows[:, :5], batch.viewpoint, queue)
    for t in range(5):
        hidden, state = policy.step(batch.rows[:, t], batch.viewpoint, queue, state)
        torch.testing.assert_close(hidden, window[:, t], rtol=1e-5, atol=1e-5)


def test_the_decoder_adds_nothing_to_the_saved_weights() -> None:
    policy = build_policy(PolicyConfig(backbone=backbone_config("mlp", hidden_size=8, num_layers=1)))
    assert {name.partition(".")[0] for name in policy.state_dict()} == {"inputs", "backbone", "heads"}


def test_an_unknown_feature_set_is_named() -> None:
    with pytest.raises(UsageError, match="'v0'"):
        build_policy(PolicyConfig(feature_set="v0"))
