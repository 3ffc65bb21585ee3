"""One step: the gradient of the loss over every scored frame, however the frames are dealt."""

import copy
import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil.backbones.registry import BACKBONES
from exphil.loading.batch import Batch
from exphil.policy.policy import Policy
from exphil.training.config import TrainConfig
from exphil.training.distributed import ALONE
from exphil.training.learner import Learner
from tests.policy.small import ALIVE, make, make_batch

CPU = torch.device("cpu")


def learner(policy: Policy | None = None, **options: Any) -> Learner:
    policy = policy or make("gru", dropout=0.0)
    return Learner(policy.train(), TrainConfig(**options), CPU, ALONE)


def part(batch: Batch, first: int, stop: int) -> Batch:
    return Batch(*(getattr(batch, name)[first:stop] for name in ("rows", "viewpoint", "mask", "replay")))


def gradients(one: Learner) -> dict[str, torch.Tensor]:
    return {n: p.grad.clone() for n, p in one.policy.named_parameters() if p.grad is not None}


def uneven() -> Batch:
    """Windows that score few frames, and many."""
    batch = make_batch()
    mask = batch.mask.clone()
    mask[0, :9] = False
    rows = batch.rows.clone()
    rows[1, 3:6, ALIVE] = 0
    return replace(batch, mask=mask, rows=rows)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), max_size=2).map(sorted))
def test_it_does_not_matter_how_windows_are_dealt_to_batches(cuts: list[int]) -> None:
    batch = uneven()
    whole, dealt = learner(), learner()
    expected = whole.gradients([batch], [1])
    edges = [0, *cuts, 3]
    batches = [part(batch, a, b) for a, b in itertools.pairwise(edges)]
    found = dealt.gradients(batches, [1] * len(batches))
    assert expected.num_frames == found.num_frames == 3 + (12 - 3) + 12
    assert found.num_shown == 36
    assert found.nats == pytest.approx(expected.nats, rel=1e-5)
    assert found.grad_norm == pytest.approx(expected.grad_norm, rel=1e-4)
    for name, gradient in gradients(whole).items():
        torch.testing.assert_close(gradient, gradients(dealt)[name], rtol=1e-3, atol=1e-6)


def test_the_gradient_is_that_of_the_mean_over_scored_frames() -> None:
    one, batch = learner(), uneven()
    found = one.gradients([batch], [1])
    policy = make("gru", dropout=0.0).train()
    mean = policy.nll(batch).mean
    torch.autograd.backward(mean)
    assert found.loss == pytest.approx(float(mean.detach()), rel=1e-5)
    for name, parameter in policy.named_parameters():
        torch.testing.assert_close(gradients(one)[name], parameter.grad, rtol=1e-3, atol=1e-6)


def test_a_step_that_scores_nothing_is_finite() -> None:
    batch = make_batch()
    found = learner().gradients([replace(batch, mask=torch.zeros_like(batch.mask))], [1])
    assert (found.loss, found.nats, found.num_frames, found.grad_norm) == (0, 0, 0, 0)


def test_long_gradients_are_shortened_and_short_ones_left() -> None:
    for longest in (0.01, 1e9):
        one = learner(max_grad_norm=longest)
        found = one.gradients([uneven()], [1])
        before = gradients(one)
        one.step(1.0, found.grad_norm)
        scale = min(1.0, longest / found.grad_norm)
        for name, gradient in gradients(one).items():
            torch.testing.assert_close(gradient, before[name] * scale, rtol=1e-4, atol=1e-9)


def test_dropout_hangs_on_the_seed_of_the_batch_alone() -> None:
    one = learner(make("gru", dropout=0.5))
    losses = []
    for seed in (1, 1, 2):
        torch.rand(7)  # what was drawn before does not matter
        losses.append(one.gradients([uneven()], [seed]).loss)
    assert losses[0] == losses[1] != losses[2]
    again = [float(compute().detach()) for compute in one.again([uneven()], [2])]
    assert sum(again) / 24 == pytest.approx(losses[2], rel=1e-5)


@pytest.mark.parametrize("name", BACKBONES)
def test_bfloat16_gives_nearly_the_same_step(name: str) -> None:
    policies = [make(name, dropout=0.0) for _ in range(2)]
    exact, rough = (
        learner(policy, precision=p).gradients([uneven()], [1])
        for policy, p in zip(policies, ("float32", "bf16"), strict=True)
    )
    assert rough.nats == pytest.approx(exact.nats, rel=0.02)
    assert rough.grad_norm == pytest.approx(exact.grad_norm, rel=0.1)
    assert rough.nats != exact.nats
    assert all(p.grad is None or p.grad.dtype == torch.float32 for p in policies[1].parameters())


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_a_saved_learner_takes_the_same_next_step(ema_decay: float) -> None:
    one, other = (learner(ema_decay=ema_decay) for _ in range(2))
    for step in range(3):
        one.step(0.5, one.gradients([uneven()], [step]).grad_norm)
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for each in (one, other):
        each.step(0.25, each.gradients([uneven()], [9]).grad_norm)
    pairs = zip(one.weights().values(), other.weights().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert one.learning_rate == other.learning_rate == pytest.approx(0.25 * one.config.learning_rate)


def test_label_smoothing_bends_the_loss_and_not_the_nats() -> None:
    plain, bent = (learner(label_smoothing=s).gradients([uneven()], [1]) for s in (0.0, 0.2))
    assert math.isclose(plain.nats, bent.nats, rel_tol=1e-6)
    assert plain.loss == pytest.approx(plain.nats, rel=1e-5) != bent.loss


def test_the_policy_in_use_drops_nothing_and_learns_on_afterwards() -> None:
    one = learner(make("gru", dropout=0.5), ema_decay=0.5)
    one.step(1.0, one.gradients([uneven()], [1]).grad_norm)
    trained = {name: tensor.clone() for name, tensor in one.policy.state_dict().items()}
    with one.in_use() as policy:
        assert not policy.training
        assert torch.equal(policy.nll(uneven()).by_head, policy.nll(uneven()).by_head)
        assert any(not torch.equal(trained[name], t) for name, t in policy.state_dict().items())
    assert one.policy.training
    assert all(torch.equal(trained[name], tensor) for name, tensor in one.policy.state_dict().items())
