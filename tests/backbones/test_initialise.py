"""First weights have the spread that their scheme promises, and what must not be drawn is left alone."""

import math

import pytest
import torch

from exphil.backbones.base import Backbone, as_mixer
from exphil.backbones.initialise import SCHEMES, Scheme, initialise
from exphil.backbones.registry import BACKBONES, build_backbone
from exphil.errors import UsageError
from tests.backbones.small import small

RECURRENT = ("lstm", "gru")


def fresh(name: str, scheme: Scheme) -> Backbone:
    torch.manual_seed(5)
    model = build_backbone(small(name, hidden_size=96, **wide(name)), 40)
    initialise(model, scheme)
    return model


def wide(name: str) -> dict[str, int]:
    return {"head_dim": 32} if name in ("attention", "sliding_window", "jamba") else {}


def glorot_bound(rows: int, columns: int) -> float:
    return math.sqrt(6 / (rows + columns))


@pytest.mark.parametrize("name", BACKBONES)
def test_default_is_what_the_layers_come_with(name: str) -> None:
    torch.manual_seed(5)
    built = build_backbone(small(name, hidden_size=96, **wide(name)), 40).state_dict()
    assert all(torch.equal(value, built[key]) for key, value in fresh(name, "default").state_dict().items())


@pytest.mark.parametrize("name", BACKBONES)
def test_xavier_fills_its_bounds(name: str) -> None:
    """A uniform draw of thousands of numbers comes near its bound and never passes it."""
    model = fresh(name, "xavier")
    for mixer in model.mixers:
        for layer in (as_mixer(mixer).output_layer(), model.embed):
            if layer is not None:
                bound, most = glorot_bound(*layer.weight.shape), layer.weight.abs().max().item()
                assert 0.95 * bound < most <= bound


def test_xavier_takes_each_map_of_a_stacked_matrix_by_its_own_size() -> None:
    attention = fresh("attention", "xavier").mixers[0]
    parts = attention.get_parameter("qkv.weight").chunk(3)
    assert all(0.95 < part.abs().max() / glorot_bound(64, 96) <= 1 for part in parts)
    mamba = fresh("mamba", "xavier").mixers[0]
    step, write, read = mamba.get_parameter("x_proj.weight").split((6, 8, 8))
    for part, rows in ((step, 6), (write, 8), (read, 8)):
        assert 0.95 < part.abs().max() / glorot_bound(rows, 192) <= 1


@pytest.mark.parametrize(("name", "gates"), [("lstm", 4), ("gru", 3)])
def test_xavier_turns_a_recurrent_state_without_stretching_it(name: str, gates: int) -> None:
    for gate in fresh(name, "xavier").mixers[0].get_parameter("cell.weight_hh_l0").chunk(gates):
        torch.testing.assert_close(gate @ gate.T, torch.eye(96), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", BACKBONES)
def test_xavier_leaves_no_bias_but_that_of_the_time_steps(name: str) -> None:
    spared = ("dt_proj.bias", "conv1d.bias")
    biases = {key: value for key, value in fresh(name, "xavier").named_parameters() if "bias" in key}
    assert biases
    for key, bias in biases.items():
        assert bool(bias.any()) == key.endswith(spared), key


@pytest.mark.parametrize("scheme", SCHEMES)
def test_decays_and_time_steps_stay_those_of_the_paper(scheme: Scheme) -> None:
    kept = ("A_log", "D", "dt_proj.weight", "dt_proj.bias")
    plain = fresh("jamba", "default").state_dict()
    changed = fresh("jamba", scheme).state_dict()
    names = [name for name in plain if name.endswith(kept)]
    assert len(names) == 2 * len(kept)
    assert all(torch.equal(plain[name], changed[name]) for name in names)


@pytest.mark.parametrize("name", [name for name in BACKBONES if name not in RECURRENT])
def test_scaled_shrinks_what_is_written_to_the_residual_and_nothing_else(name: str) -> None:
    plain, scaled = fresh(name, "default"), fresh(name, "scaled")
    outputs = set()
    for before, after in zip(plain.mixers, scaled.mixers, strict=True):
        shares = len(plain.mixers) * (2 if as_mixer(before).kind == "mamba" else 1)
        first, second = (as_mixer(mixer).output_layer() for mixer in (before, after))
        assert first is not None
        assert second is not None
        torch.testing.assert_close(second.weight, first.weight / math.sqrt(shares))
        outputs.add(first.weight)
    for (key, before), after in zip(plain.named_parameters(), scaled.parameters(), strict=True):
        assert before in outputs or torch.equal(before, after), key


@pytest.mark.parametrize("name", RECURRENT)
def test_scaled_says_where_it_has_nothing_to_scale(name: str) -> None:
    with pytest.raises(UsageError, match=r"--init scaled: .* give default or xavier"):
        fresh(name, "scaled")


def test_an_unknown_scheme_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'glorot'; known: default, xavier, scaled"):
        fresh("mlp", "glorot")  # type: ignore[arg-type]
