"""The delay: inputs on their way are told to the policy, in the order in which they fall due."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from exphil.errors import UsageError
from exphil.features import V1
from exphil.loading.batch import Batch
from exphil.melee.controller import HEAD_SIZES, NEUTRAL, NUM_HEADS
from exphil.policy.config import HEADS, HeadsKind
from exphil.policy.heads import NUM_LOGITS, encode
from exphil.policy.policy import Policy
from exphil.policy.queue import neutral_queue, push
from tests.policy.small import ALIVE, BATCH, FIRST_HEAD, LENGTH, BytesDecoder, make, make_batch, queue_beside


def whole_window(policy: Policy, batch: Batch) -> Tensor:
    """Hidden (B, L, ...) of the observed frames."""
    queue = queue_beside(policy, batch, LENGTH - 1)
    return policy(batch.rows[:, :LENGTH], batch.viewpoint, queue)


@given(delay=st.integers(0, 20), frames=st.integers(1, 50))
def test_what_is_decided_falls_due_after_the_delay_and_in_order(delay: int, frames: int) -> None:
    queue = neutral_queue(2, delay)
    due = []
    for frame in range(frames):
        now, queue = push(queue, torch.full((2, NUM_HEADS), 100 + frame))
        assert queue.shape == (2, delay, NUM_HEADS)
        due.append(now[1].tolist())
    decided = [[100 + frame] * NUM_HEADS for frame in range(frames)]
    assert due == ([list(NEUTRAL)] * delay + decided)[:frames]


def test_a_push_leaves_the_queue_that_it_is_given_as_it_was() -> None:
    queue = neutral_queue(1, 3)
    due, after = push(queue, torch.ones(1, NUM_HEADS, dtype=torch.int64))
    assert torch.equal(queue, neutral_queue(1, 3))
    assert due[0].tolist() == list(NEUTRAL)
    assert after[0, -1].tolist() == [1] * NUM_HEADS


def test_neutral_is_the_controller_that_nobody_touches() -> None:
    assert V1.actions(np.zeros(1, V1.row_dtype), 0)[0].tolist() == list(NEUTRAL)


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("delay", [0, 1, 3])
def test_playing_its_own_samples_is_what_a_window_of_them_shows(delay: int, heads: HeadsKind) -> None:
    """What is drawn at t is pressed at t + 1 + delay, and the game shows it there; a batch of that scores it."""
    policy, batch = make(delay=delay, heads=heads), make_batch(delay)
    generator = torch.Generator().manual_seed(3)
    state, queue = policy.initial_state(BATCH), policy.initial_queue(BATCH)
    nats = []
    for t in range(LENGTH):
        hidden, state = policy.step(batch.rows[:, t], batch.viewpoint, queue, state)
        drawn = policy.sample(hidden, generator=generator)
        nats.append(policy.heads.log_prob(hidden, drawn))
        due, queue = push(queue, drawn)
        batch.rows[:, t + 1, FIRST_HEAD:ALIVE] = due.byte()
    for ahead in range(delay):
        batch.rows[:, LENGTH + 1 + ahead, FIRST_HEAD:ALIVE] = queue[:, ahead].byte()
    torch.testing.assert_close(policy.log_probs(batch), torch.stack(nats, dim=1), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("waiting", range(3))
def test_each_input_on_its_way_shows(waiting: int) -> None:
    policy, batch = make(delay=3), make_batch(3)
    state, queue = policy.initial_state(BATCH), policy.initial_queue(BATCH)
    other = queue.clone()
    other[:, waiting, 0] = 1
    before, _ = policy.step(batch.rows[:, 0], batch.viewpoint, queue, state)
    after, _ = policy.step(batch.rows[:, 0], batch.viewpoint, other, state)
    assert (before != after).any(dim=1).all()


def test_inputs_on_their_way_are_told_apart_by_when_they_fall_due() -> None:
    policy, batch = make(delay=3), make_batch(3)
    queue = torch.stack([torch.randint(size, (BATCH, 3)) for size in HEAD_SIZES], dim=-1)
    args = batch.rows[:, :LENGTH], batch.viewpoint
    hidden, turned = policy(*args, queue), policy(*args, queue[:, [1, 0, 2]])
    assert torch.equal(hidden[:, : LENGTH - 3], turned[:, : LENGTH - 3])
    assert (hidden[:, LENGTH - 2 :] != turned[:, LENGTH - 2 :]).any(dim=-1).all()


@pytest.mark.parametrize("delay", [0, 3])
def test_fresh_heads_guess_that_the_newest_input_known_stays(delay: int) -> None:
    policy, batch = make(delay=delay), make_batch(delay)
    newest = BytesDecoder().actions(batch.rows[:, delay : delay + LENGTH], batch.viewpoint)
    hidden = whole_window(policy, batch)
    assert torch.equal(hidden[..., -NUM_LOGITS:], encode(newest, torch.float32))
    assert policy.heads.log_prob(hidden, newest).exp().mean() > 0.9


@pytest.mark.parametrize("delay", [1, 4])
def test_an_input_on_its_way_is_known_from_its_decision_on_and_not_before(delay: int) -> None:
    """The input of frame t + delay is the target at t - 1, and known at t."""
    policy, batch = make(delay=delay), make_batch(delay)
    before = whole_window(policy, batch)
    t = 5
    changed = batch.rows.clone()
    changed[:, t + delay, FIRST_HEAD:ALIVE] += 1
    after = whole_window(policy, replace(batch, rows=changed))
    assert torch.equal(before[:, :t], after[:, :t])
    assert (before[:, t] != after[:, t]).any(dim=-1).all()


def test_without_a_delay_no_queue_and_an_empty_one_are_the_same() -> None:
    policy, batch = make(), make_batch()
    assert policy.initial_queue(BATCH).shape == (BATCH, 0, NUM_HEADS)
    hidden = policy(batch.rows, batch.viewpoint)
    assert torch.equal(hidden, policy(batch.rows, batch.viewpoint, policy.initial_queue(BATCH)))


@pytest.mark.parametrize(("delay", "waiting"), [(0, 1), (3, None), (3, 2)])
def test_a_queue_of_another_length_is_refused(delay: int, waiting: int | None) -> None:
    policy, batch = make(delay=delay), make_batch()
    queue = None if waiting is None else neutral_queue(BATCH, waiting)
    with pytest.raises(UsageError, match=f"queue of {waiting or 0} inputs for a policy of delay {delay}"):
        policy.step(batch.rows[:, 0], batch.viewpoint, queue, policy.initial_state(BATCH))


def test_windows_of_another_delay_are_refused() -> None:
    with pytest.raises(UsageError, match="windows of delay 2 for a policy of delay 1"):
        make(delay=1).nll(make_batch(2))
