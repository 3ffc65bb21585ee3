"""Presets: each valid with every backbone, saying only what differs, and one that builds and learns."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from exphil.backbones.config import CONFIGS
from exphil.errors import UsageError
from exphil.features import V1
from exphil.loading.batch import Batch
from exphil.melee.characters import find_character
from exphil.policy.build import build_policy
from exphil.policy.decode import rows_as_bytes
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure
from exphil.training.presets import PRESETS, find_preset

TINY: dict[str, Any] = {"hidden_size": 8, "head_units": 2}
ATTENTION: dict[str, Any] = {"num_heads": 2, "head_dim": 4}


def test_every_backbone_has_its_own_preset_first_and_in_their_order() -> None:
    assert list(PRESETS)[: len(CONFIGS)] == list(CONFIGS)
    for name in CONFIGS:
        assert PRESETS[name].options["backbone"] == name


def test_the_default_backbones_preset_is_the_defaults() -> None:
    """What the library uses without presets and what the command uses without flags are one."""
    assert configure() == TrainConfig()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_holds_for_every_backbone(name: str) -> None:
    own = find_preset(name).options.get("backbone")
    assert own is None or configure(preset=name).policy.backbone.name == own
    for backbone in CONFIGS:
        config = configure({"backbone": backbone}, preset=name)
        assert config.policy.backbone.name == backbone
        assert TrainConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_only_what_differs(name: str) -> None:
    preset = PRESETS[name]
    below = configure(preset=preset.base) if preset.base else TrainConfig()
    if "backbone" in preset.values:
        below = TrainConfig().with_flags({"backbone": preset.values["backbone"]})
    before = below.flat()
    same = [item for item, value in preset.values.items() if item != "backbone" and value == before[item]]
    assert same == []
    assert preset.summary
    assert "\n" not in preset.summary


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_options_do_something(name: str) -> None:
    """Typed by hand they would not be refused as idle."""
    configure(find_preset(name).options)


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_policy_learns_at_a_tiny_size(name: str) -> None:
    config = configure(preset=name)
    backbone = config.policy.backbone
    shrunk = {**TINY, **(ATTENTION if hasattr(backbone, "num_heads") else {})}
    config = dataclasses.replace(config.with_flags(shrunk), window_size=6, context=0)
    torch.manual_seed(0)
    policy = build_policy(config.policy)
    rows = np.zeros((4, 7), V1.row_dtype)
    rows["players"]["ids"][..., V1.slots["action"].column] = 14  # standing: the dead are not scored
    batch = Batch(
        torch.from_numpy(rows_as_bytes(rows)),
        torch.tensor([0, 1, 0, 1]),
        torch.ones(4, 6, dtype=torch.bool),
        torch.arange(4),
    )
    optimizer = torch.optim.AdamW(policy.parameters(), lr=config.learning_rate)
    losses = []
    for _ in range(4):
        found = policy.losses(batch, objective=config.objective, supervise=config.supervise)
        optimizer.zero_grad()
        found.optimised.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), config.max_grad_norm)
        optimizer.step()
        losses.append(float(found.optimised.detach()))
    assert all(torch.isfinite(torch.tensor(losses)))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("name", "window"), [("mewtwo", 90), ("ganondorf", 60), ("link", 75), ("gameandwatch", 45), ("zelda", 60)]
)
def test_character_presets_are_production_with_their_window(name: str, window: int) -> None:
    config, production = configure(preset=name), configure(preset="production")
    assert config.window_size == window
    assert config.character is not None
    assert find_character(config.character)
    assert dataclasses.replace(config, window_size=60, character=None) == production


def test_a_misspelt_preset_is_guessed() -> None:
    with pytest.raises(UsageError, match=r"--preset producton: .*did you mean production\?"):
        configure(preset="producton")
    with pytest.raises(UsageError, match="--list-presets"):
        configure(preset="xyzzy")
