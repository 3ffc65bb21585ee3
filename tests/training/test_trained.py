"""A trained policy back from its run."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from exphil.errors import FingerprintError, StoreError, UsageError
from exphil.features import V1
from exphil.policy.build import build_policy
from exphil.training.checkpoint import save_weights
from exphil.training.config import TrainConfig
from exphil.training.runs import WEIGHTS, Run, create_run
from exphil.training.trained import load_policy

CONFIG = TrainConfig().with_flags({"backbone": "gru", "hidden_size": 8, "num_layers": 1, "head_units": 2})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(tmp_path, "run", CONFIG, {}, {})


def test_it_is_the_policy_that_was_saved_ready_for_use(run: Run) -> None:
    policy = build_policy(CONFIG.policy)
    save_weights(run.folder, policy.state_dict())
    found = load_policy(run)
    assert not found.training
    assert found.state_dict().keys() == policy.state_dict().keys()
    assert all(torch.equal(found.state_dict()[name], t) for name, t in policy.state_dict().items())


def test_a_run_without_weights_says_so(run: Run) -> None:
    with pytest.raises(StoreError, match="has no weights"):
        load_policy(run)


def test_damaged_weights_are_one_line(run: Run) -> None:
    save_weights(run.folder, build_policy(CONFIG.policy).state_dict())
    path = run.folder / WEIGHTS
    for content in (path.read_bytes()[:-100], b"torn"):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="cannot be read") as caught:
            load_policy(run)
        assert "\n" not in str(caught.value)


def test_weights_of_another_shape_are_one_line(run: Run) -> None:
    other = CONFIG.with_flags({"hidden_size": 16})
    save_weights(run.folder, build_policy(other.policy).state_dict())
    with pytest.raises(StoreError, match="cannot be read") as caught:
        load_policy(run)
    assert "\n" not in str(caught.value)


def test_another_feature_table_is_refused_by_the_rows_that_differ(run: Run) -> None:
    table = json.loads(V1.canonical)
    name = table["features"].pop()["name"]
    weights = build_policy(CONFIG.policy).state_dict()
    safetensors.torch.save_file(weights, run.folder / WEIGHTS, {"features": json.dumps(table)})
    with pytest.raises(FingerprintError, match=rf"another feature table \(added: {name}"):
        load_policy(run)


def test_a_device_that_is_not_there_is_named(run: Run) -> None:
    save_weights(run.folder, build_policy(CONFIG.policy).state_dict())
    with pytest.raises(UsageError, match="device cuda:97 cannot be used here"):
        load_policy(run, "cuda:97")
