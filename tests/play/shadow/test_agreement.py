"""Agreement against a count by hand; likelihood against the evaluation of the same games."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.rollout import Rollout
from exphil.evaluation.scored import scored_frames as evaluated
from exphil.evaluation.streams import chunks
from exphil.features import V1
from exphil.melee.controller import HEAD_SIZES, HEADS
from exphil.play.shadow.agreement import agreement, alive, likelihood, nats, recorded_inputs, scored_frames
from exphil.policy.decode import FeatureDecoder
from exphil.training.baselines import count_pairs, guesses
from tests.evaluation.conftest import make_games, make_packs
from tests.play.policies import engine, rows_of_a_game, tiny

__all__ = ["make_games", "make_packs"]

ROWS = rows_of_a_game(140, seed=4)
FRAMES = np.arange(-123, -123 + len(ROWS))


@given(
    viewpoint=st.sampled_from([0, 1]),
    delay=st.integers(0, 3),
    right=st.sets(st.integers(-123, 16)),
    missing=st.sets(st.integers(-123, 16)),
)
def test_agreement_is_what_a_count_gives(
    viewpoint: int, delay: int, right: set[int], missing: set[int]
) -> None:
    inputs = recorded_inputs(ROWS, viewpoint)
    answers = {}
    for place, frame in enumerate(FRAMES.tolist()):
        if place + 1 + delay < len(ROWS) and frame not in missing:
            wrong = (inputs[place + 1 + delay] + 1) % np.array(HEAD_SIZES)
            answers[frame] = inputs[place + 1 + delay] if frame in right else wrong
            if frame % 2 and frame not in right:
                answers[frame][0] = inputs[place + 1 + delay][0]  # one head of thirteen is right
    found = agreement(ROWS, viewpoint, FRAMES, answers, delay)

    lives = alive(ROWS, viewpoint)
    counted = [
        (place, frame)
        for place, frame in enumerate(FRAMES.tolist())
        if frame >= -39 and lives[place] and frame in answers
    ]
    assert found["frames"] == len(counted)
    held = [(inputs[place + delay] == inputs[place + 1 + delay]) for place, _ in counted]
    if counted:
        assert found["exact"] == pytest.approx(np.mean([frame in right for _, frame in counted]))
        first = [frame in right or frame % 2 == 1 for _, frame in counted]
        assert found["by_head"][HEADS[0]] == pytest.approx(np.mean(first))
        assert found["by_head"][HEADS[5]] == pytest.approx(np.mean([frame in right for _, frame in counted]))
        assert found["repeat"]["exact"] == pytest.approx(np.mean([same.all() for same in held]))
        assert list(found["repeat"]["by_head"].values()) == pytest.approx(np.mean(held, axis=0))
    for head in (0, 5, 9):
        moved = [
            frame in right or (head == 0 and frame % 2 == 1)
            for (_, frame), same in zip(counted, held, strict=True)
            if not same[head]
        ]
        expected = pytest.approx(np.mean(moved)) if moved else None
        assert found["changed"]["by_head"][HEADS[head]] == expected
    changes = [frame in right for (_, frame), same in zip(counted, held, strict=True) if not same.all()]
    assert found["changed"]["frames"] == len(changes)
    assert found["changed"]["exact"] == (pytest.approx(np.mean(changes)) if changes else None)


def test_where_nothing_counts_there_are_no_shares() -> None:
    found = agreement(ROWS, 0, FRAMES, {}, 0)
    assert (found["frames"], found["exact"]) == (0, None)
    assert set(found["by_head"].values()) == {None}
    assert nats(np.zeros((5, 13), np.float32), np.array([], np.int64)) == {
        "frames": 0, "nats": None, "by_head": dict.fromkeys(HEADS),
    }  # fmt: skip


def test_the_dead_and_the_last_frames_are_not_scored() -> None:
    lives = alive(ROWS, 1)
    assert 0 < lives.mean() < 1
    scored = scored_frames(ROWS, 1, FRAMES, 2)
    assert scored[-1] <= len(ROWS) - 4
    assert FRAMES[scored[0]] >= -39
    assert lives[scored].all()
    assert len(scored) == lives[84:-3].sum()


@pytest.mark.parametrize(("backbone", "delay"), [("gru", 0), ("mamba", 2), ("sliding_window", 1), ("mlp", 0)])
def test_likelihood_is_that_of_the_evaluation(
    make_games: Callable[..., Any], backbone: str, delay: int
) -> None:
    packs, places = make_games(112, delay=delay)
    policy = tiny(backbone, delay)
    known = guesses(count_pairs(packs, places, FeatureDecoder(V1), delay))
    rollout, found = Rollout(policy, ()), []
    for chunk in chunks(packs, places, delay=delay, side_by_side=2, num_frames=50):
        found.append(evaluated(policy, V1, chunk, rollout.play(chunk), known))
    rows = packs.parts[0]
    steps: list[int] = []
    told = likelihood(engine(backbone, delay), rows, np.array([0, 1]), lambda: steps.append(1))
    assert len(steps) == len(rows) - 1 - delay
    for viewpoint in (0, 1):
        expected = np.concatenate([part.nats["policy"][part.stream == viewpoint] for part in found])
        scored = scored_frames(rows, viewpoint, np.arange(-123, -123 + len(rows)), delay)
        assert len(scored) == len(expected) > 20
        np.testing.assert_allclose(-told[viewpoint][scored], expected, rtol=1e-4, atol=1e-5)
        summary = nats(told[viewpoint], scored)
        assert summary["nats"] == pytest.approx(expected.sum(axis=1).mean(), rel=1e-5)
        assert list(summary["by_head"].values()) == pytest.approx(expected.mean(axis=0), rel=1e-3, abs=1e-6)
