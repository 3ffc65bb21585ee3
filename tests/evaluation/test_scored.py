"""Streaming and cold nats against the policy's own likelihood and the trainer's baselines."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.cold import cold_nats, num_batches, position_bins
from exphil.evaluation.likelihood import Likelihood
from exphil.evaluation.rollout import Rollout
from exphil.evaluation.scored import PREDICTORS, scored_frames
from exphil.evaluation.streams import chunks, name_streams
from exphil.features import V1
from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler
from exphil.melee.controller import HEADS
from exphil.policy.decode import FeatureDecoder
from exphil.training.baselines import baselines, count_pairs, guesses
from tests.evaluation.conftest import make_policy


@pytest.mark.parametrize("delay", [0, 2])
def test_streaming_nats_are_those_of_whole_games(make_games: Callable[..., Any], delay: int) -> None:
    packs, places = make_games(100, 108, delay=delay)
    policy = make_policy("mlp", delay)
    pairs = count_pairs(packs, places, FeatureDecoder(V1), delay)
    known, rollout, likelihood = guesses(pairs), Rollout(policy, ()), Likelihood(len(places))
    for chunk in chunks(packs, places, delay=delay, side_by_side=3, num_frames=20):
        likelihood.add(scored_frames(policy, V1, chunk, rollout.play(chunk), known))
    found = likelihood.report(name_streams(places, packs.segments, packs))

    with torch.inference_mode():
        loader = Loader(packs, Sampler(places, window_size=24, batch_size=64), delay=delay)
        total = sum((policy.nll(batch) for batch in loader.batches(1)), start=torch_zero())
    # a policy without memory predicts the same in any window
    assert found["num_frames"] == int(total.num_frames)
    assert found["policy"]["nats"] == pytest.approx(float(total.mean), rel=1e-4)
    assert list(found["policy"]["by_head"].values()) == pytest.approx(total.mean_by_head.tolist(), rel=1e-4)
    expected = baselines(pairs, pairs)
    for name in ("repeat", "marginal"):
        assert list(found[name]["by_head"].values()) == pytest.approx(getattr(expected, name).tolist())


def torch_zero() -> Any:
    from exphil.policy.loss import Nll

    return Nll(torch.zeros(len(HEADS)), torch.zeros((), dtype=torch.int64))


def test_what_is_scored_is_described(make_games: Callable[..., Any]) -> None:
    packs, places = make_games(110)
    policy = make_policy("mlp")
    known = guesses(count_pairs(packs, places, FeatureDecoder(V1), 0))
    rollout = Rollout(policy, ())
    (chunk,) = chunks(packs, places, delay=0, side_by_side=2, num_frames=110)
    frames = scored_frames(policy, V1, chunk, rollout.play(chunk), known)
    decoder = FeatureDecoder(V1)
    alive = decoder.alive(chunk.rows[:, :110], chunk.viewpoint).numpy() & chunk.scored
    assert 0 < alive.sum() < chunk.scored.sum()
    assert len(frames) == alive.sum()
    actions = decoder.actions(chunk.rows, chunk.viewpoint).numpy()
    np.testing.assert_array_equal(frames.held, actions[:, :110][alive])
    np.testing.assert_array_equal(frames.target, actions[:, 1:][alive])
    np.testing.assert_allclose(frames.analog[:, 0], (frames.target[:, 8] - 8) / 8, atol=1e-9)
    np.testing.assert_array_equal(frames.since, chunk.since[alive])
    for head, table in enumerate(frames.probabilities):
        np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-5)
        chosen = table[np.arange(len(frames)), frames.target[:, head]]
        np.testing.assert_allclose(-np.log(chosen), frames.nats["policy"][:, head], rtol=1e-3, atol=1e-5)
    assert set(frames.nats) == set(frames.likeliest) == set(PREDICTORS)


@pytest.mark.parametrize(("backbone", "delay"), [("gru", 0), ("mlp", 1)])
def test_cold_nats_are_the_validation_of_training(
    make_games: Callable[..., Any], backbone: str, delay: int
) -> None:
    packs, places = make_games(130, 150, delay=delay)
    policy = make_policy(backbone, delay)
    known = guesses(count_pairs(packs, places, FeatureDecoder(V1), delay))
    calls: list[int] = []
    found = cold_nats(policy, packs, places, known, window_size=12, advance=lambda: calls.append(1))
    with torch.inference_mode():
        loader = Loader(packs, Sampler(places, window_size=12, batch_size=64), delay=delay)
        total = sum((policy.nll(batch) for batch in loader.batches(0)), start=torch_zero())
    assert len(calls) == num_batches(places, 12)
    assert found["num_frames"] == int(total.num_frames)
    assert found["nats"] == pytest.approx(float(total.mean), rel=1e-5)
    rows = found["by_position"]
    assert sum(row["num_frames"] for row in rows) == found["num_frames"]
    weighed = sum(row["num_frames"] * row["policy"] for row in rows) / found["num_frames"]
    assert weighed == pytest.approx(found["nats"], rel=1e-5)
    repeated = sum(row["num_frames"] * row["repeat"] for row in rows) / found["num_frames"]
    pairs = count_pairs(packs, places, FeatureDecoder(V1), delay)
    assert repeated == pytest.approx(baselines(pairs, pairs).repeat.sum(), rel=1e-5)


@given(st.integers(1, 500))
def test_bins_of_positions_cover_a_window(window_size: int) -> None:
    bins = position_bins(window_size)
    assert [place for low, high in bins for place in range(low, high)] == list(range(window_size))
    assert bins[0] == (0, 1)
