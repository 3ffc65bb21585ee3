"""The report of a run that diverged: the first place that is no number, and advice that can be followed."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from exphil.backbones.config import CONFIGS
from exphil.policy.policy import Policy
from exphil.training.advice import advice
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure
from exphil.training.diagnose import Place, diagnose, first_place
from exphil.training.runs import DIVERGENCE
from tests.policy.small import make, make_batch

Loss = Callable[[], Tensor]


@pytest.fixture
def policy() -> Policy:
    return make("jamba", attention_every=2, num_layers=3).train()


def loss_of(policy: Policy) -> Loss:
    return lambda: policy.losses(make_batch()).optimised


def times(factor: float) -> Callable[..., Tensor]:
    """A hook that multiplies what a module gives."""
    return lambda module, given, output: output * factor


def test_a_healthy_step_shows_nothing(policy: Policy) -> None:
    assert first_place(policy, [loss_of(policy)]) == Place("unseen")
    assert first_place(policy, []) == Place("unseen")


def test_a_weight_that_is_no_number_is_named(policy: Policy) -> None:
    name = "backbone.mixers.1.to_out.weight"
    names = dict(policy.named_parameters())
    name = name if name in names else list(names)[len(names) // 2]
    with torch.no_grad():
        names[name].view(-1)[0] = float("inf")
    assert first_place(policy, [loss_of(policy)]) == Place("weights", name)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["inputs", "backbone.embed", *(f"backbone.mixers.{i}" for i in range(4))])
def test_the_first_module_that_gives_no_numbers_is_named(policy: Policy, name: str, value: float) -> None:
    policy.get_submodule(name).register_forward_hook(times(value))
    policy.backbone.last_norm.register_forward_hook(times(value))
    assert first_place(policy, [loss_of(policy)]) == Place("forward", name)


class Summing(nn.Module):
    """Modules in a list, and a sum beside them that is too large for a number."""

    def __init__(self) -> None:
        super().__init__()
        self.mixers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.mixers[0](x) + 3e38
        out: Tensor = self.mixers[1](x + 3e38)
        return out


def test_what_arises_between_modules_is_put_down_to_the_one_around_them() -> None:
    net = nn.ModuleDict({"backbone": Summing()})
    place = first_place(net, [lambda: net["backbone"](torch.ones(1, 2)).sum()])
    assert place == Place("forward", "backbone", "backbone.mixers.1")


def test_features_that_are_no_numbers_are_told_apart(policy: Policy) -> None:
    policy.decoder.register_forward_hook(lambda module, given, output: (output[0] * float("nan"), output[1]))
    assert first_place(policy, [loss_of(policy)]) == Place("input")


def test_a_loss_that_alone_is_no_number_is_the_heads(policy: Policy) -> None:
    healthy = loss_of(policy)
    assert first_place(policy, [healthy, lambda: healthy() * float("nan")]) == Place("forward", "heads")


@pytest.mark.parametrize("name", ["backbone.embed.weight", "backbone.last_norm.bias"])
def test_the_weight_whose_gradient_is_no_number_is_named(policy: Policy, name: str) -> None:
    healthy, parameter = loss_of(policy), dict(policy.named_parameters())[name]

    def loss() -> Tensor:  # a root has no slope at zero
        return healthy() + (parameter * 0).sum().sqrt()

    assert loss().isfinite()
    assert first_place(policy, [healthy, loss]) == Place("backward", name)


def test_looking_leaves_no_hook_behind(policy: Policy, tmp_path: Path) -> None:
    diagnose(policy, TrainConfig(), tmp_path, step=3, epoch=0, what="loss", losses=[loss_of(policy)])
    for module in policy.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    for parameter in policy.parameters():
        assert not parameter._backward_hooks


def test_the_report_is_a_file_and_one_line(policy: Policy, tmp_path: Path) -> None:
    policy.get_submodule("backbone.mixers.1").register_forward_hook(times(float("inf")))
    config = configure({"backbone": "jamba", "qk_layernorm": False})
    found = diagnose(policy, config, tmp_path, step=8, epoch=0, what="loss", losses=[loss_of(policy)])
    assert found.kind == "attention"
    assert found.sentence.startswith(
        "it begins in the forward pass of backbone.mixers.1 (attention); try --qk-lay"
    )
    assert "\n" not in found.sentence
    saved = json.loads((tmp_path / DIVERGENCE).read_text(), parse_constant=lambda word: pytest.fail(word))
    assert saved["place"] == {"phase": "forward", "name": "backbone.mixers.1", "before": None}
    assert (saved["step"], saved["what"], saved["kind"]) == (8, "loss", "attention")
    assert saved["layers"]["backbone.embed"]["weight"] > 0
    assert saved["advice"] == list(found.advice)


@pytest.mark.parametrize("place", [
    Place("weights", "backbone.embed.weight"), Place("input"), Place("forward", "heads"),
    Place("forward", "backbone", "backbone.norms.1"), Place("backward", "heads.to_logits.weight"), Place("unseen"),
])  # fmt: skip
def test_every_place_reads_as_a_sentence(policy: Policy, tmp_path: Path, place: Place) -> None:
    found = diagnose(policy, TrainConfig(), tmp_path, step=1, epoch=0, what="loss", losses=[])
    sentence = dataclasses.replace(found, place=place).sentence
    assert "; try " in sentence
    assert "None" not in sentence
    assert place.name is None or place.name in sentence


EVERY_FIX: dict[str, Any] = {"pre_norm": True, "init": "scaled", "precision": "float32"}


@pytest.mark.parametrize("backbone", CONFIGS)
@pytest.mark.parametrize("phase", ["weights", "forward", "backward", "unseen"])
@pytest.mark.parametrize(("step", "epoch"), [(1, 0), (40, 0), (400, 2)])
def test_what_is_advised_can_be_typed_and_changes_the_run(
    backbone: str, phase: str, step: int, epoch: int
) -> None:
    config = configure({"backbone": backbone})
    for kind in (None, "attention", "mamba"):
        for text in advice(config, phase, kind, step=step, epoch=epoch):
            flag, _, value = text.partition(" ")
            name = flag.removeprefix("--").replace("-", "_")
            kept = type(configure({"backbone": backbone}).flat().get(name))
            typed: Any = True if not value else value if kept is str else json.loads(value)
            if name == "backbone":
                typed = value
            changed = configure({"backbone": backbone, name: typed})
            assert changed != config, text


def test_a_first_batch_points_at_the_initialisation_and_a_later_one_at_the_rate() -> None:
    config = configure({"backbone": "mamba", "learning_rate": 0.01})
    assert advice(config, "forward", None, step=1, epoch=0)[0] == "--init scaled"
    assert advice(config, "forward", None, step=200, epoch=0)[0] == "--learning-rate 0.0033"
    assert advice(config, "forward", None, step=900, epoch=3)[0] == "--learning-rate 0.001"


@pytest.mark.parametrize("step", [1, 500])
def test_what_always_holds_comes_first(step: int) -> None:
    config = configure({"backbone": "jamba", "pre_norm": False, "precision": "bf16"})
    found = advice(config, "backward", "attention", step=step, epoch=0)
    assert found[:2] == ("--pre-norm", "--precision float32")


def test_clipping_is_never_advised_above_its_usual_length() -> None:
    config = configure({"max_grad_norm": 1e30, "hidden_size": 16})
    found = advice(config, "forward", None, step=5, epoch=0)
    assert "--max-grad-norm 1" in found
    assert not any(text.startswith("--hidden-size") for text in found)


def test_nothing_is_advised_that_the_run_has() -> None:
    config = configure(
        {"backbone": "jamba", "attention_learning_rate": 1e-5, "attention_dropout": 0.2, **EVERY_FIX}
    )
    flags = {text.split(" ")[0] for text in advice(config, "backward", "attention", step=50, epoch=0)}
    assert not flags & {"--pre-norm", "--qk-layernorm", "--attention-learning-rate", "--attention-dropout"}
    assert "--precision" not in flags


def test_broken_features_are_not_blamed_on_the_rate() -> None:
    assert "features --audit" in advice(TrainConfig(), "input", None, step=9, epoch=0)[0]


def test_a_compiled_policy_is_watched_all_the_same(policy: Policy) -> None:
    def eager(graph: Any, inputs: Any) -> Any:
        pytest.fail("the compiled policy was called, not its modules")

    mixer: nn.Module = policy.get_submodule("backbone.mixers.0")
    mixer.register_forward_hook(times(float("nan")))
    policy.backbone.compile(backend=eager)
    with torch.compiler.set_stance("force_eager"):
        assert first_place(policy, [loss_of(policy)]) == Place("forward", "backbone.mixers.0")
