"""What is optimised: against a plain slow twin, torch's own losses, and at the ends of the range."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from exphil.errors import UsageError
from exphil.melee.controller import HEAD_SIZES
from exphil.policy.heads import NUM_BUTTONS, NUM_LOGITS, groups, head_slices
from exphil.policy.loss import losses, objective_nats
from exphil.policy.objective import PLAIN, Objective

objectives = st.builds(
    Objective,
    label_smoothing=st.sampled_from([0.0, 0.05, 0.3]),
    focal_gamma=st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0]),
    button_weight=st.sampled_from([0.1, 1.0, 3.0]),
)


def random_actions(*shape: int) -> Tensor:
    return torch.stack([torch.randint(size, shape) for size in HEAD_SIZES], dim=-1)


def slow_twin(logits: Tensor, actions: Tensor, scored: Tensor, objective: Objective) -> Tensor:
    """() the optimised sum: a loop over frames, heads and classes, from the definitions."""
    total = logits.new_zeros(())
    for frame in scored.nonzero().tolist():
        for head, (_, place) in enumerate(head_slices()):
            own = logits[tuple(frame)][place]
            own = torch.cat((torch.zeros_like(own), own)) if own.numel() == 1 else own
            probability = own.exp() / own.exp().sum()
            true = int(actions[tuple(frame)][head])
            nats = logits.new_zeros(())
            for label in range(HEAD_SIZES[head]):
                target = objective.label_smoothing / HEAD_SIZES[head]
                target += (1 - objective.label_smoothing) * (label == true)
                pressed = head < NUM_BUTTONS and label == 1
                weight = objective.button_weight if pressed else 1.0
                nats = nats - target * weight * probability[label].log()
            total = total + (1 - probability[true]) ** objective.focal_gamma * nats
    return total


@settings(max_examples=25, deadline=None)
@given(objective=objectives, seed=st.integers(0, 10**6))
def test_value_and_gradient_equal_a_slow_twins(objective: Objective, seed: int) -> None:
    torch.manual_seed(seed)
    logits = (3 * torch.randn(2, 3, NUM_LOGITS, dtype=torch.float64)).requires_grad_()
    actions, scored = random_actions(2, 3), torch.rand(2, 3) < 0.7
    twin = slow_twin(logits, actions, scored, objective)
    (expected,) = torch.autograd.grad(twin + 0 * logits.sum(), logits)
    found = losses(logits, actions, scored, objective)
    (gradient,) = torch.autograd.grad(found.optimised, logits)
    torch.testing.assert_close(found.optimised.double(), twin, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(objective=objectives, seed=st.integers(0, 10**6))
def test_plain_nats_stand_beside_whatever_is_optimised(objective: Objective, seed: int) -> None:
    torch.manual_seed(seed)
    logits, actions, scored = torch.randn(2, 4, NUM_LOGITS), random_actions(2, 4), torch.rand(2, 4) < 0.7
    plain = losses(logits.requires_grad_(), actions, scored, PLAIN)
    found = losses(logits, actions, scored, objective)
    assert torch.equal(found.nll.by_head, plain.nll.by_head)
    assert torch.equal(found.nll.num_frames, plain.nll.num_frames)
    assert not found.nll.by_head.requires_grad
    assert found.optimised.requires_grad
    if objective.is_plain:
        assert torch.equal(found.optimised, plain.nll.by_head.sum())


def test_the_plain_loss_is_the_likelihood_to_the_bit_and_so_is_its_gradient() -> None:
    from exphil.policy.heads import score
    from exphil.policy.loss import nll

    torch.manual_seed(1)
    logits = torch.randn(4, 5, NUM_LOGITS, requires_grad=True)
    actions, scored = random_actions(4, 5), torch.rand(4, 5) < 0.8
    found, plain = losses(logits, actions, scored, Objective()), nll(score(logits, actions), scored)
    assert torch.equal(found.mean, plain.mean)
    assert torch.equal(torch.autograd.grad(found.mean, logits)[0], torch.autograd.grad(plain.mean, logits)[0])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weight", [1.0, 4.0])
def test_it_is_what_torch_calls_label_smoothing_and_pos_weight(smoothing: float, weight: float) -> None:
    torch.manual_seed(2)
    logits, actions = torch.randn(40, NUM_LOGITS), random_actions(40)
    found = objective_nats(logits, actions, Objective(label_smoothing=smoothing, button_weight=weight))
    buttons, sticks, shoulder = groups(logits)
    soft = actions[:, :NUM_BUTTONS] * (1 - smoothing) + smoothing / 2
    torch.testing.assert_close(
        found[:, :NUM_BUTTONS],
        binary_cross_entropy_with_logits(buttons, soft, pos_weight=torch.tensor(weight), reduction="none"),
    )
    for place, (own, head) in enumerate(
        [*((sticks[:, k], NUM_BUTTONS + k) for k in range(4)), (shoulder[:, 0], 12)]
    ):
        expected = cross_entropy(own, actions[:, head], label_smoothing=smoothing, reduction="none")
        torch.testing.assert_close(found[:, NUM_BUTTONS + place], expected)


def test_focal_is_the_share_that_was_missed_to_its_power() -> None:
    """At two evenly likely classes: (1/2)^gamma of log 2."""
    found = objective_nats(torch.zeros(1, NUM_LOGITS), random_actions(1), Objective(focal_gamma=2.0))
    torch.testing.assert_close(found[0, :NUM_BUTTONS], torch.full((NUM_BUTTONS,), math.log(2) / 4))
    torch.testing.assert_close(found[0, NUM_BUTTONS], torch.tensor((16 / 17) ** 2 * math.log(17)))


@settings(max_examples=60, deadline=None)
@given(
    objective=objectives,
    scale=st.sampled_from([1.0, 30.0, 200.0, 1e4, 1e30]),
    seed=st.integers(0, 10**6),
)
def test_any_finite_logits_have_a_finite_loss_and_gradient(
    objective: Objective, scale: float, seed: int
) -> None:
    """Certainty, right or wrong, is where log(1 - p) and powers of 0 would be no numbers."""
    torch.manual_seed(seed)
    logits = (scale * torch.randn(3, 2, NUM_LOGITS)).requires_grad_()
    found = losses(logits, random_actions(3, 2), torch.ones(3, 2).bool(), objective)
    (gradient,) = torch.autograd.grad(found.optimised, logits)
    assert found.optimised.isfinite()
    assert gradient.isfinite().all()


def test_frames_that_do_not_count_leave_no_trace() -> None:
    logits = torch.randn(1, 2, NUM_LOGITS)
    logits[0, 1] = math.nan
    found = losses(
        logits.requires_grad_(),
        random_actions(1, 2),
        torch.tensor([[True, False]]),
        Objective(focal_gamma=1.0),
    )
    found.optimised.backward()
    assert found.optimised.isfinite()
    assert logits.grad is not None
    assert logits.grad[0, 0].isfinite().all()
    assert logits.grad[0, 0].abs().sum() > 0


def test_a_batch_without_a_counting_frame_is_zero_and_harmless() -> None:
    logits = torch.randn(1, 2, NUM_LOGITS, requires_grad=True)
    found = losses(logits, random_actions(1, 2), torch.zeros(1, 2).bool(), Objective(label_smoothing=0.1))
    found.mean.backward()
    assert found.mean.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize(
    ("option", "value", "flag"),
    [
        ("label_smoothing", 1.0, "--label-smoothing 1.0"),
        ("label_smoothing", -0.1, "--label-smoothing -0.1"),
        ("focal_gamma", -1.0, "--focal-gamma -1.0"),
        ("focal_gamma", math.nan, "--focal-gamma"),
        ("button_weight", 0.0, "--button-weight 0.0"),
        ("button_weight", math.inf, "--button-weight"),
    ],
)
def test_an_option_out_of_range_names_its_flag(option: str, value: float, flag: str) -> None:
    with pytest.raises(UsageError, match=flag):
        Objective(**{option: value})


def test_only_the_defaults_are_plain() -> None:
    assert Objective().is_plain
    assert not Objective(label_smoothing=0.01).is_plain
    assert not Objective(focal_gamma=0.5).is_plain
    assert not Objective(button_weight=2.0).is_plain
