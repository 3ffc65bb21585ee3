"""Options: checked with the flag's name, saved and read back, what is typed wins."""

import json
from pathlib import Path
from typing import Any

import pytest

from exphil.errors import UsageError
from exphil.training.config import TrainConfig, load_config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_size": 0}, "--window-size 0 must be at least 1"),
        ({"batch_size": -3}, "--batch-size -3 must be at least 1"),
        ({"epochs": 0}, "--epochs 0 must be at least 1"),
        ({"max_steps": 0}, "--max-steps 0"),
        ({"learning_rate": 0.0}, "--learning-rate 0.0 must be above 0"),
        ({"learning_rate": float("nan")}, "--learning-rate nan must be above 0"),
        ({"learning_rate": float("inf")}, "--learning-rate inf"),
        ({"weight_decay": -0.1}, "--weight-decay -0.1"),
        ({"max_grad_norm": 0}, "--max-grad-norm 0"),
        ({"warmup_steps": -1}, "--warmup-steps -1"),
        ({"context": 60}, "--context 60 must be below --window-size"),
        ({"supervise": "first"}, "--supervise first"),
        ({"windows_per_epoch": 5}, "--windows-per-epoch needs --supervise last"),
        ({"threads": 0}, "--threads 0"),
        ({"checkpoint_minutes": 0}, "--checkpoint-minutes 0"),
        ({"seed": -1}, "--seed -1"),
        ({"split": "80/20"}, "--split 80/20: give three shares"),
        ({"split": "80/10/20"}, "--split 80/10/20: the three shares must make 100"),
        ({"split": "a/b/c"}, "--split a/b/c"),
        ({"split": "100/0/0"}, "--split 100/0/0: training and validation need a share"),
        ({"split": "110/-5/-5"}, "--split 110/-5/-5"),
    ],
)
def test_what_is_out_of_range_names_its_flag(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainConfig(**options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_saved_options_read_back_the_same(tmp_path: Path) -> None:
    config = TrainConfig(where="character = 'FOX'", max_steps=7, split="70/20/10").with_flags(
        {"backbone": "mlp", "hidden_size": 48}, ["backbone.expand_factor=3", "policy.head_units=9"]
    )
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**config.to_dict(), "run": {"git": "abc"}}))
    assert load_config(path) == config
    assert config.policy.backbone.hidden_size == 48
    assert config.policy.head_units == 9


def test_typed_flags_outweigh_the_file_which_outweighs_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"epochs": 9, "batch_size": 17}))
    config = load_config(path).with_flags({"epochs": 2}, [])
    assert (config.epochs, config.batch_size, config.window_size) == (2, 17, 60)


def test_another_backbone_keeps_what_all_backbones_share() -> None:
    config = TrainConfig().with_flags({"backbone": "mamba", "hidden_size": 48}, ["backbone.state_size=32"])
    same = config.with_flags({"num_layers": 1}, [])
    assert (same.policy.backbone.hidden_size, same.policy.backbone.num_layers) == (48, 1)
    assert same.policy.to_dict()["backbone"]["state_size"] == 32
    other = config.with_flags({"backbone": "mlp"}, [])
    assert other.policy.backbone.name == "mlp"
    assert other.policy.backbone.hidden_size == 48
    assert "state_size" not in other.policy.to_dict()["backbone"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"epohcs": 3}', "unknown training option 'epohcs'; did you mean epochs?"),
        ('{"epochs": "3"}', "epochs must be of type int, not '3'"),
        ('{"epochs": true}', "epochs must be of type int"),
        ('{"epochs": 0}', "--epochs 0 must be at least 1"),
        ('{"where": 5}', "where must be of type"),
        ('{"policy": {"backbone": {"name": "mmaba"}}}', "did you mean mamba?"),
        ("[1]", "holds no options"),
        ("{", "cannot be read as JSON"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "options.json"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"--config {path}: ")
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--config .*no such file"):
        load_config(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("flags", "settings", "message"),
    [
        ({"backbone": "mmaba"}, [], "--backbone mmaba: no backbone is called 'mmaba'; did you mean mamba?"),
        ({}, ["backbone.state=3"], "--set backbone.state=3: backbone mamba has no option 'state'"),
        ({}, ["backbone.state_size"], "--set backbone.state_size: give backbone.NAME=VALUE"),
        ({}, ["epochs=3"], "--set epochs=3: give backbone.NAME=VALUE"),
        ({}, ["policy.hands=3"], "--set policy.hands=3: the policy has no option 'hands'"),
        ({"delay": -1}, [], "--delay -1"),
        (
            {},
            ["backbone.state_size=many"],
            "--set backbone.state_size=many: mamba: state_size must be a whole number",
        ),
        ({"hidden_size": 0}, [], "--hidden-size 0: mamba: hidden_size must be a whole number of at least 1"),
        ({"dropout": 1.0}, [], "--dropout 1.0: mamba: dropout must be at least 0 and below 1"),
    ],
)
def test_bad_flags_say_what_is_wrong(flags: dict[str, Any], settings: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainConfig().with_flags(flags, settings)
    assert str(caught.value).startswith(message)
