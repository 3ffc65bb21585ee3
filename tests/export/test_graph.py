"""A step as one graph of tensors against `Policy.step` and its heads, in torch alone."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.backbones.registry import BACKBONES
from exphil.export.graph import StepGraph
from exphil.export.heads import is_free
from exphil.export.metadata import FREE
from exphil.export.sampling import Sampler
from exphil.melee.controller import NUM_HEADS
from exphil.policy.config import HEADS, HeadsKind
from exphil.policy.heads import pick
from tests.export.conftest import MakePolicy, random_actions, random_rows

FRAMES, BATCH = 9, 3
SETTINGS = ((1.0, 1.0), (0.6, 0.8), (0.0, 1.0), (3.0, 0.3))


@pytest.mark.parametrize(
    ("backbone", "delay", "heads"),
    [*((name, 2, "autoregressive") for name in BACKBONES), *(("gru", 0, kind) for kind in HEADS)],
)
@torch.no_grad()
def test_steps_are_those_of_the_policy(
    make_policy: MakePolicy, backbone: str, delay: int, heads: HeadsKind
) -> None:
    policy = make_policy(backbone, delay, heads)
    graph = StepGraph(policy)
    state, other = policy.initial_state(BATCH), graph.initial_state(BATCH)
    viewpoint = torch.tensor([0, 1, 0])
    for number, (temperature, top_p) in zip(range(FRAMES), itertools.cycle(SETTINGS)):
        rows = torch.from_numpy(random_rows(BATCH, number))
        queue = torch.from_numpy(random_actions((BATCH, delay), number))
        given_ = torch.from_numpy(random_actions((BATCH,), 50 + number))
        noise = torch.rand(BATCH, NUM_HEADS, generator=torch.Generator().manual_seed(number))
        how = (noise, torch.tensor(temperature), torch.tensor(top_p))
        hidden, after = policy.step(rows, viewpoint, queue if delay else None, state)
        drawn, log_prob, _, _ = graph(rows, viewpoint, queue, *how, torch.full_like(given_, FREE), other)
        wanted = policy.sample(hidden, temperature=temperature, top_p=top_p, noise=noise)
        assert torch.equal(drawn, wanted)
        torch.testing.assert_close(log_prob, policy.heads.log_prob(hidden, wanted), rtol=1e-4, atol=1e-4)
        chosen, log_prob, logits, next_other = graph(rows, viewpoint, queue, *how, given_, other)
        assert torch.equal(chosen, given_)
        torch.testing.assert_close(log_prob, policy.heads.log_prob(hidden, given_), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(logits, policy.heads.logits(hidden, given_), rtol=1e-4, atol=1e-4)
        state, other = after, next_other


@torch.no_grad()
def test_some_heads_may_be_given_and_others_drawn(make_policy: MakePolicy) -> None:
    policy = make_policy()
    graph = StepGraph(policy)
    state = graph.initial_state(1)
    rows, viewpoint = torch.from_numpy(random_rows(1, 5)), torch.tensor([0])
    queue, noise = torch.zeros(1, 0, NUM_HEADS, dtype=torch.int64), torch.full((1, NUM_HEADS), 0.4)
    one = torch.tensor(1.0)
    forced = torch.full((1, NUM_HEADS), FREE)
    drawn, *_ = graph(rows, viewpoint, queue, noise, one, one, forced, state)
    for head, choice in ((0, 1 - int(drawn[0, 0])), (8, 16), (9, 0), (12, 4)):
        forced[0, head] = choice
    mixed, *_ = graph(rows, viewpoint, queue, noise, one, one, forced, state)
    assert torch.equal(mixed[forced >= 0], forced[forced >= 0])
    assert not torch.equal(mixed, drawn)
    again, *_ = graph(rows, viewpoint, queue, noise, one, one, mixed, state)
    assert torch.equal(again, mixed)


@torch.no_grad()
def test_making_a_graph_leaves_the_policy_as_it_was(make_policy: MakePolicy) -> None:
    for heads in HEADS:
        policy = make_policy("mlp", 0, heads)
        before = {name: value.clone() for name, value in policy.state_dict().items()}
        StepGraph(policy)
        assert all(torch.equal(before[name], value) for name, value in policy.state_dict().items())


@pytest.mark.parametrize("heads", HEADS)
@torch.no_grad()
def test_both_ways_to_draw_give_the_same(make_policy: MakePolicy, heads: HeadsKind) -> None:
    policy = make_policy("gru", 0, heads)
    graph = StepGraph(policy)
    begun, _ = graph.see(
        torch.from_numpy(random_rows(BATCH, 1)), torch.tensor([0, 1, 1]),
        torch.zeros(BATCH, 0, NUM_HEADS, dtype=torch.int64), graph.initial_state(BATCH),
    )  # fmt: skip
    free = torch.full((BATCH, NUM_HEADS), FREE)
    seen = set()
    for seed, temperature in itertools.product(range(20), (0.0, 0.5, 1.0, 2.0)):
        noise = torch.rand(BATCH, NUM_HEADS, generator=torch.Generator().manual_seed(seed))
        how = (noise, torch.tensor(temperature))
        actions, logits = graph.heads.freely(begun, *how)
        same, same_logits = graph.heads.drawn(begun, *how, torch.tensor(1.0), free)
        assert torch.equal(actions, same)
        torch.testing.assert_close(logits, same_logits)
        seen |= set(actions[:, 8].tolist())
    assert len(seen) > 3


@torch.no_grad()
def test_the_shortcut_is_taken_only_where_nothing_is_left_out_or_given() -> None:
    free, one = torch.full((2, NUM_HEADS), FREE), torch.tensor(1.0)
    given_ = free.clone()
    given_[1, 12] = 0
    assert bool(is_free(one, free))
    assert not bool(is_free(one, given_))
    assert not bool(is_free(torch.tensor(0.999), free))


eighths = st.lists(st.integers(-64, 64), min_size=17, max_size=17, unique=True)
"""Logits without ties: torch's own topk does not order those; onnxruntime's does, and is tested on them."""


@settings(max_examples=150)
@given(eighths, st.floats(0, 1, exclude_max=True, width=32), st.sampled_from([0.0, 0.3, 1.0, 4.0]),
       st.sampled_from([0.01, 0.5, 0.9, 1.0]), st.sampled_from([17, 5]))  # fmt: skip
def test_a_class_is_drawn_as_the_heads_draw_it(
    values: list[int], noise: float, temperature: float, top_p: float, size: int
) -> None:
    logits = torch.tensor([values[:size]]) / 8
    sampler = Sampler()
    everywhere = torch.full((1, NUM_HEADS), noise)
    draws = sampler.prepare(
        everywhere, torch.tensor(temperature), torch.tensor(top_p), torch.full((1, NUM_HEADS), FREE)
    )
    steps = sampler.steps(logits, size, draws.noise[:, :1], torch.zeros(1, size), draws.cooled, draws.share)
    ways = [steps]
    if top_p == 1:
        free = sampler.prepare_freely(everywhere, torch.tensor(temperature))
        ways.append(sampler.free_steps(logits, size, free.noise[:, :1], free.cooled))
    wanted = int(pick(logits, temperature, top_p, torch.tensor([noise])))
    for found in (int(way.sum()) for way in ways):
        if found != wanted:  # only where the noise falls on the border of two classes, to rounding
            assert abs(found - wanted) < size
            reached = _reached(logits, temperature, top_p)
            assert np.abs(reached - noise * reached[-1]).min() < 1e-5


@settings(max_examples=150)
@given(st.floats(-8, 8, width=32), st.floats(0, 1, exclude_max=True, width=32), st.sampled_from([0.0, 0.3, 1.0, 4.0]),
       st.sampled_from([0.01, 0.5, 0.9, 1.0]))  # fmt: skip
def test_a_button_is_drawn_as_the_heads_draw_it(
    logit: float, noise: float, temperature: float, top_p: float
) -> None:
    draws = Sampler().prepare(
        torch.full((1, NUM_HEADS), noise),
        torch.tensor(temperature),
        torch.tensor(top_p),
        torch.full((1, NUM_HEADS), FREE),
    )
    found = bool(logit > draws.edge[0, 0])
    wanted = bool(pick(torch.tensor([[logit]]), temperature, top_p, torch.tensor([noise])))
    if found != wanted:
        down = 1 / (1 + np.exp(-logit / max(temperature, 1e-3)))
        assert min(abs(down - edge) for edge in (noise, 0.5, top_p, 1 - top_p)) < 1e-5


def _reached(logits: torch.Tensor, temperature: float, top_p: float) -> np.ndarray:  # type: ignore[type-arg]
    probability = torch.softmax(logits[0] / max(temperature, 1e-6), -1)
    ranked, order = probability.sort(descending=True, stable=True)
    kept = torch.zeros_like(probability).scatter(-1, order, ranked * (ranked.cumsum(-1) - ranked < top_p))
    return kept.cumsum(-1).numpy()
