"""Options are checked where they are made, and named in the error."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from exphil.backbones.config import (
    CONFIGS,
    BackboneConfig,
    JambaConfig,
    backbone_config,
    layer_pattern,
    option_rows,
)
from exphil.errors import UsageError

PAGES = Path(__file__).resolve().parents[2] / "docs" / "backbones"


def test_a_misspelt_backbone_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'mmaba'; did you mean mamba\? Known: mlp, lstm"):
        backbone_config("mmaba")


def test_a_misspelt_option_names_the_known_ones() -> None:
    with pytest.raises(
        UsageError, match=r"backbone mamba has no option 'state_sise'; did you mean state_size\?"
    ):
        backbone_config("mamba", state_sise=8)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("mlp", "hidden_size", 0),
        ("mlp", "num_layers", -1),
        ("mlp", "dropout", 1.0),
        ("mlp", "dropout", float("nan")),
        ("mlp", "expand_factor", 1.5),
        ("lstm", "dropout", True),
        ("gru", "pre_norm", 1),
        ("attention", "num_heads", 0),
        ("attention", "head_dim", 7),
        ("attention", "head_dim", 0),
        ("attention", "attention_window", 0),
        ("sliding_window", "attention_dropout", 1.0),
        ("sliding_window", "flash_attention", "yes"),
        ("jamba", "attention_every", 1),
        ("jamba", "num_layers", 2),
        ("jamba", "qk_layernorm", None),
        ("jamba", "state_size", 0),
        ("mamba", "state_size", 0),
        ("mamba", "expand_factor", True),
        ("mamba", "conv_size", 0),
    ],
)
def test_a_bad_value_names_its_field(name: str, option: str, value: object) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: {option} "):
        backbone_config(name, **{option: value})


@pytest.mark.parametrize("kind", CONFIGS.values())
def test_every_option_is_documented_and_frozen(kind: type[BackboneConfig]) -> None:
    assert kind.summary
    for field in fields(kind):
        assert field.metadata["help"], field.name
    with pytest.raises(FrozenInstanceError):
        kind().hidden_size = 1  # type: ignore[misc]


@pytest.mark.parametrize("kind", CONFIGS.values())
def test_the_page_lists_every_option_with_its_default(kind: type[BackboneConfig]) -> None:
    page = (PAGES / f"{kind.name}.md").read_text(encoding="utf-8")
    section = page.partition("\n## Options\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| `")]
    assert table == [f"| `{name}` | `{default}` | {doc} |" for name, default, doc in option_rows(kind)]


@pytest.mark.parametrize(
    ("num_layers", "attention_every", "attention"),
    [(6, 3, [3, 6]), (6, 2, [2, 4, 6]), (8, 4, [4, 8]), (7, 3, [3, 6]), (2, 2, [2])],
)
def test_every_nth_layer_of_jamba_is_attention(
    num_layers: int, attention_every: int, attention: list[int]
) -> None:
    pattern = JambaConfig(num_layers=num_layers, attention_every=attention_every).layer_pattern
    assert pattern == layer_pattern(num_layers, attention_every)
    assert len(pattern) == num_layers
    assert [number for number, layer in enumerate(pattern, start=1) if layer == "attention"] == attention
    assert set(pattern) == {"mamba", "attention"}


def test_jamba_without_an_attention_layer_says_why() -> None:
    with pytest.raises(UsageError, match="no layer would be attention"):
        JambaConfig(num_layers=2)


def test_attention_has_one_set_of_options_under_both_names() -> None:
    assert option_rows(CONFIGS["attention"]) == option_rows(CONFIGS["sliding_window"])


def test_options_load_no_torch() -> None:
    modules = "exphil.backbones.registry, exphil.policy.config"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
