"""The comparison is fair: what decides data and budget is the same for all, the rest each one's own."""

from dataclasses import fields

import pytest

from exphil.backbones.config import CONFIGS
from exphil.benchmark.contest import BUDGET, SHARED_GROUPS, STAGES, Contest, chosen, parsed_settings
from exphil.errors import UsageError
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure
from exphil.training.presets import PRESETS, Preset


def test_all_share_data_windows_and_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where a preset would have it otherwise."""
    greedy = {"epochs": 9, "window_size": 90, "batch_size": 8, "mirror": 0.5, "accumulate": 2, "patience": 1}
    monkeypatch.setitem(
        PRESETS,
        "gru",
        Preset(name="gru", summary="", values={"backbone": "gru", "learning_rate": 0.5, **greedy}),
    )
    contest = Contest(shared={"window_size": 30, "max_steps": 7})
    configs = [contest.config(name) for name in CONFIGS]
    for item in fields(TrainConfig):
        if item.metadata.get("group") in SHARED_GROUPS or item.name in BUDGET:
            assert len({getattr(config, item.name) for config in configs}) == 1, item.name
    assert configs[0].window_size == 30
    assert configs[0].max_steps == 7
    assert contest.config("gru").learning_rate == 0.5


@pytest.mark.parametrize("backbone", CONFIGS)
def test_shape_and_learning_rates_are_the_presets_own(backbone: str) -> None:
    own, config = configure({"backbone": backbone}), Contest().config(backbone)
    assert config.policy == own.policy
    for name in (
        "learning_rate",
        "attention_learning_rate",
        "warmup_steps",
        "max_grad_norm",
        "init",
        "schedule",
    ):
        assert getattr(config, name) == getattr(own, name)


def test_a_backbones_option_goes_to_those_that_have_it() -> None:
    contest = Contest(shared={"state_size": 4, "hidden_size": 8})
    assert contest.config("mamba").flat()["state_size"] == 4
    assert "state_size" not in contest.config("gru").flat()
    assert contest.config("gru").flat()["hidden_size"] == 8


@pytest.mark.parametrize(
    ("backbones", "shared", "message"),
    [
        (tuple(CONFIGS), {"hiden_size": 8}, "hidden_size"),
        (("mlp", "gru"), {"state_size": 4}, "--set state_size: none of mlp, gru has it"),
        (tuple(CONFIGS), {"seed": 4}, "--seeds"),
    ],
)
def test_an_option_that_nothing_would_read_is_refused(
    backbones: tuple[str, ...], shared: dict[str, int], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Contest(backbones=backbones, shared=shared)


def test_names_are_chosen_in_the_order_of_the_known() -> None:
    assert chosen("--stages", "train, speed", STAGES) == ("speed", "train")
    assert chosen("--stages", None, STAGES) == STAGES
    with pytest.raises(UsageError, match="did you mean mamba"):
        chosen("--backbones", "mmaba", tuple(CONFIGS))
    with pytest.raises(UsageError, match="at least one"):
        chosen("--backbones", " , ", tuple(CONFIGS))


def test_settings_are_numbers_where_they_read_as_such() -> None:
    assert parsed_settings(["hidden-size=8", "precision=bf16"]) == {"hidden_size": 8, "precision": "bf16"}
    query = "SELECT * FROM segments WHERE port = 1"
    assert parsed_settings([f"windows={query}", "min-quality=0"]) == {"windows": query, "min_quality": 0}
    with pytest.raises(UsageError, match="NAME=VALUE"):
        parsed_settings(["hidden_size"])
