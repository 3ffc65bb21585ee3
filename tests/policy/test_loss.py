"""Nats a frame: which positions count, and that batches add up."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import UsageError
from exphil.policy.loss import first_scored, nll


@settings(max_examples=40, deadline=None)
@given(batch=st.integers(1, 6), length=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_equals_a_loop_over_the_scored_frames(batch: int, length: int, seed: int) -> None:
    torch.manual_seed(seed)
    log_probs, scored = -torch.rand(batch, length, 13), torch.rand(batch, length) < 0.5
    found = nll(log_probs, scored)
    by_hand = [-log_probs[b, t] for b in range(batch) for t in range(length) if scored[b, t]]
    assert found.num_frames.item() == len(by_hand)
    if by_hand:
        torch.testing.assert_close(found.mean_by_head, torch.stack(by_hand).mean(0))
        torch.testing.assert_close(found.mean, torch.stack(by_hand).sum(1).mean())


def test_batches_add_up_by_frames_not_by_batches() -> None:
    many, few = -torch.full((1, 9, 13), 1.0), -torch.full((1, 1, 13), 3.0)
    both = nll(many, torch.ones(1, 9).bool()) + nll(few, torch.ones(1, 1).bool())
    assert both.mean.item() == pytest.approx(13 * (9 * 1 + 3) / 10)


def test_a_batch_without_a_scored_frame_is_zero_and_harmless() -> None:
    log_probs = torch.full((2, 3, 13), -1.0, requires_grad=True)
    found = nll(log_probs, torch.zeros(2, 3).bool())
    found.mean.backward()
    assert found.mean.item() == 0
    assert log_probs.grad is not None
    assert not log_probs.grad.any()


def test_what_is_not_scored_may_be_no_number() -> None:
    log_probs = torch.tensor([[[-1.0] * 13, [math.nan] * 13]], requires_grad=True)
    found = nll(log_probs, torch.tensor([[True, False]]))
    found.mean.backward()
    assert found.mean.item() == pytest.approx(13)
    assert log_probs.grad is not None
    assert log_probs.grad.isfinite().all()


def test_where_scoring_starts() -> None:
    assert first_scored(60) == 0
    assert first_scored(60, warmup=20) == 20
    assert first_scored(60, supervise="last") == 59
    assert first_scored(60, supervise="last", warmup=20) == 59


@pytest.mark.parametrize("warmup", [-1, 60, 61])
def test_a_warm_up_that_leaves_nothing_is_refused(warmup: int) -> None:
    with pytest.raises(UsageError, match=r"warm-up must leave a frame"):
        first_scored(60, warmup=warmup)


def test_an_unknown_supervision_is_refused() -> None:
    with pytest.raises(UsageError, match="--supervise"):
        first_scored(60, supervise="first")  # type: ignore[arg-type]
