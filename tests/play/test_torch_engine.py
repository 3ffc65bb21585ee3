"""A policy stepped in a game is the policy that was trained: all seven backbones, with and without a delay."""

from typing import Any

import numpy as np
import pytest
import torch

from exphil.live.messages import LiveFrame
from exphil.melee.controller import NUM_HEADS
from exphil.play.runner import PolicyRunner, step_together
from exphil.play.torch_engine import TorchEngine
from exphil.policy.policy import Policy
from tests.play.policies import OPTIONS, engine, frames, rows_of_a_game, tiny

BACKBONES = sorted(OPTIONS)


def soon(rows: Any) -> list[LiveFrame]:
    """A game that is seen from shortly before the start of play on."""
    return frames(rows, first=-45)


def whole_game(policy: Policy, rows: Any, viewpoint: int) -> Any:
    """(T, 13): one forward over the whole game, its log-probability of what was pressed."""
    delay, count = policy.config.delay, len(rows) - 1 - policy.config.delay
    seen, side = torch.from_numpy(rows).unsqueeze(0), torch.tensor([viewpoint])
    with torch.inference_mode():
        actions = policy.decoder.actions(seen, side)  # type: ignore[operator, union-attr]
        queue = actions[:, count : count + delay] if delay else None
        hidden = policy(seen[:, :count], side, queue)
        return policy.heads.log_prob(hidden, actions[:, 1 + delay :])[0].numpy()


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("delay", [0, 2])
def test_steps_over_a_game_are_one_forward_over_it(backbone: str, delay: int) -> None:
    policy, rows = tiny(backbone, delay), rows_of_a_game(24)
    stepped, expected = TorchEngine(policy), whole_game(policy, rows, 1)
    with torch.inference_mode():
        pressed = policy.decoder.actions(torch.from_numpy(rows)[None], torch.tensor([1]))[0].numpy()  # type: ignore[operator, union-attr]
    state, side = stepped.initial_state(1), np.array([1])
    for t in range(len(expected)):
        queue, target = pressed[None, t + 1 : t + 1 + delay], pressed[None, t + 1 + delay]
        scored, past = stepped.score(rows[t : t + 1], side, queue, target, state)
        np.testing.assert_allclose(scored[0], expected[t], atol=1e-4)
        noise = np.full((1, NUM_HEADS), 0.5, np.float32)
        drawn, log_prob, after = stepped.step(rows[t : t + 1], side, queue, noise, 0.7, 0.9, state)
        if t % 4 == 0:
            again, _ = stepped.score(rows[t : t + 1], side, queue, drawn, state)
            np.testing.assert_allclose(log_prob, again, atol=1e-6)
        for part, other in zip(after, past, strict=True):
            np.testing.assert_array_equal(part, other)
        state = after


@pytest.mark.parametrize("backbone", BACKBONES)
def test_rollbacks_leave_the_memory_of_a_game_without(backbone: str) -> None:
    one = engine(backbone, delay=1)
    right, wrong = soon(rows_of_a_game(24)), soon(rows_of_a_game(24, seed=1))
    straight, rolled = PolicyRunner(one, seed=3), PolicyRunner(one, seed=3)
    rng = np.random.default_rng(5)
    expected = [straight.step(seen) for seen in right]
    found, at = {}, 0
    while at < len(right):
        stop = min(len(right), at + int(rng.integers(1, 8)))
        for seen in wrong[at:stop]:
            rolled.step(seen)
        for seen in right[max(0, stop - 7) : stop]:
            found[seen.frame] = rolled.step(seen)
        at = stop
    assert list(found.values()) == expected
    for ours, theirs in zip(rolled.snapshot().state, straight.snapshot().state, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_games_side_by_side_are_games_alone(backbone: str) -> None:
    one = engine(backbone)
    games = [soon(rows_of_a_game(20, seed)) for seed in range(3)]
    alone = [PolicyRunner(one, viewpoint=which % 2, seed=which) for which in range(3)]
    together = [PolicyRunner(one, viewpoint=which % 2, seed=which) for which in range(3)]
    for seen in zip(*games, strict=True):
        expected = [runner.step(frame) for runner, frame in zip(alone, seen, strict=True)]
        assert step_together(together, seen) == expected
    for ours, theirs in zip(together, alone, strict=True):
        assert ours.decision is not None
        assert theirs.decision is not None
        np.testing.assert_allclose(ours.decision.log_prob, theirs.decision.log_prob, atol=1e-4)


def test_the_arrays_that_are_given_stay_as_they_were() -> None:
    one, rows = engine("jamba", delay=1), rows_of_a_game(2)
    rows.setflags(write=False)
    queue = np.zeros((2, 1, NUM_HEADS), np.int64)
    state = one.initial_state(2)
    copies = [array.copy() for array in state]
    noise = np.zeros((2, NUM_HEADS), np.float32)
    _, _, after = one.step(rows, np.array([0, 1]), queue, noise, 1.0, 1.0, state)
    assert all(np.array_equal(array, copy) for array, copy in zip(state, copies, strict=True))
    assert not any(np.shares_memory(new, old) for new, old in zip(after, state, strict=True))


def test_argmax_depends_on_no_noise() -> None:
    one, seen = engine("gru"), soon(rows_of_a_game(60))
    drawn = []
    for seed in (1, 2):
        runner = PolicyRunner(one, temperature=0.0, seed=seed)
        drawn.append([runner.step(frame) for frame in seen])
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 3
