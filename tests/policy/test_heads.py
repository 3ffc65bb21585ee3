"""The 13 heads: exact probabilities, each head seeing the choices before it and none after."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.melee.controller import HEAD_SIZES, HEADS, NUM_HEADS
from exphil.policy.config import HEADS as KINDS
from exphil.policy.config import HeadsKind
from exphil.policy.heads import (
    NUM_LOGITS,
    ActionHeads,
    AutoregressiveHeads,
    IndependentHeads,
    action_heads,
    draw,
    encode,
    head_slices,
)

HIDDEN = 12


@pytest.fixture(params=KINDS)
def heads(request: pytest.FixtureRequest) -> ActionHeads:
    """Weights large enough that heads lean on all that they see visibly."""
    torch.manual_seed(5)
    made = action_heads(request.param, HIDDEN, units=6)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.5)
    return made


def random_hidden(*shape: int) -> torch.Tensor:
    """Any backbone output beside the code of any held input."""
    return torch.cat((torch.randn(*shape, HIDDEN), encode(random_actions(*shape), torch.float32)), dim=-1)


def random_actions(*shape: int) -> torch.Tensor:
    return torch.stack([torch.randint(size, shape) for size in HEAD_SIZES], dim=-1)


def every_class(actions: torch.Tensor, head: int) -> Iterator[torch.Tensor]:
    for choice in range(HEAD_SIZES[head]):
        other = actions.clone()
        other[..., head] = choice
        yield other


def test_the_probabilities_of_each_head_add_up_to_one(heads: ActionHeads) -> None:
    hidden, actions = random_hidden(4, 3), random_actions(4, 3)
    for head in range(NUM_HEADS):
        total = sum(heads.log_prob(hidden, other)[..., head].exp() for other in every_class(actions, head))
        torch.testing.assert_close(total, torch.ones(4, 3))


@settings(max_examples=60, deadline=None)
@given(head=st.integers(0, NUM_HEADS - 1), seed=st.integers(0, 10**6))
def test_a_choice_shows_in_later_heads_only(head: int, seed: int) -> None:
    torch.manual_seed(seed)
    heads, hidden, actions = AutoregressiveHeads(HIDDEN, units=4), random_hidden(5), random_actions(5)
    other = actions.clone()
    other[:, head] = (other[:, head] + 1) % HEAD_SIZES[head]
    before, after = heads.log_prob(hidden, actions), heads.log_prob(hidden, other)
    assert torch.equal(before[:, :head], after[:, :head])
    assert (before[:, head:] != after[:, head:]).any(dim=0).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_independent_heads_know_nothing_of_the_choices(seed: int) -> None:
    torch.manual_seed(seed)
    heads, hidden = IndependentHeads(HIDDEN, units=4), random_hidden(5)
    assert torch.equal(heads.logits(hidden, random_actions(5)), heads.logits(hidden, random_actions(5)))


def test_each_independent_head_has_hidden_units_of_its_own() -> None:
    """Gradient of one head's logits: into its own block of the layers before, and no other."""
    heads = IndependentHeads(HIDDEN, units=4)
    for head, (name, place) in enumerate(head_slices()):
        heads.zero_grad()
        heads.logits(random_hidden(9), random_actions(9))[:, place].sum().backward()
        assert heads.from_hidden.weight.grad is not None
        touched = heads.from_hidden.weight.grad.abs().sum(1).unflatten(0, (NUM_HEADS, 4)).sum(1) > 0
        assert touched.nonzero().flatten().tolist() == [head], name


@pytest.mark.parametrize("heads", ["autoregressive"], indirect=True)
def test_every_class_of_every_head_is_told_apart_by_the_later_ones(heads: ActionHeads) -> None:
    hidden, actions = random_hidden(1), random_actions(1)
    for head in range(NUM_HEADS - 1):
        seen = {tuple(heads.log_prob(hidden, a)[0, head + 1 :].tolist()) for a in every_class(actions, head)}
        assert len(seen) == HEAD_SIZES[head]


def test_the_hidden_state_shows_in_every_head(heads: ActionHeads) -> None:
    actions = random_actions(8)
    before, after = (heads.log_prob(random_hidden(8), actions) for _ in range(2))
    assert (before != after).any(dim=0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_fresh_heads_guess_that_what_is_held_stays(kind: HeadsKind) -> None:
    held = random_actions(200)
    hidden = torch.cat((torch.randn(200, HIDDEN), encode(held, torch.float32)), dim=-1)
    found = action_heads(kind, HIDDEN, units=8).log_prob(hidden, held).exp()
    assert found[:, :8].min() > 0.95
    assert found[:, 8:].min() > 0.8


def test_the_held_input_shows_in_every_head(heads: ActionHeads) -> None:
    hidden, actions = random_hidden(8), random_actions(8)
    other = torch.cat((hidden[:, :HIDDEN], random_hidden(8)[:, HIDDEN:]), dim=-1)
    assert (heads.log_prob(hidden, actions) != heads.log_prob(other, actions)).any(dim=0).all()


def test_any_leading_shape_gives_the_same(heads: ActionHeads) -> None:
    hidden, actions = random_hidden(4, 3), random_actions(4, 3)
    flat = heads.log_prob(hidden.flatten(0, 1), actions.flatten(0, 1))
    torch.testing.assert_close(heads.log_prob(hidden, actions), flat.unflatten(0, (4, 3)))


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_fall_as_often_as_their_probability_says(heads: ActionHeads, temperature: float) -> None:
    """Of each head, given what the heads before it fell on; within five standard deviations."""
    draws = 40_000
    hidden = random_hidden(1).expand(draws, -1)
    actions = heads.sample(hidden, temperature=temperature, generator=torch.Generator().manual_seed(11))
    logits = heads.logits(hidden, actions)
    for head, (name, place) in enumerate(head_slices()):
        own = logits[:, place] / temperature
        own = torch.cat((torch.zeros_like(own), own), dim=1) if own.shape[1] == 1 else own
        expected = torch.softmax(own, dim=1)
        found = torch.nn.functional.one_hot(actions[:, head], HEAD_SIZES[head]).float()
        deviation = (found - expected).sum(0) / (expected * (1 - expected)).sum(0).sqrt().clamp(min=1)
        assert deviation.abs().max() < 5, name


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10**6))
def test_the_distribution_that_is_drawn_from_is_the_one_that_is_scored(kind: HeadsKind, seed: int) -> None:
    """Every head's logits as the sampler had them, against those that training scores its choices with."""
    torch.manual_seed(seed)
    heads, hidden = action_heads(kind, HIDDEN, units=5), random_hidden(7)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter.normal_(std=0.5)
    drawn_from: list[torch.Tensor] = []

    def watched(logits: torch.Tensor, *settings: object) -> torch.Tensor:
        drawn_from.append(logits)
        return draw(logits, *settings)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exphil.policy.heads.draw", watched)
        actions = heads.sample(hidden)
    scored = heads.log_prob(hidden, actions)
    assert len(drawn_from) == NUM_HEADS
    for head, logits in enumerate(drawn_from):
        drawn = torch.log_softmax(logits, dim=1).gather(1, actions[:, head : head + 1]).squeeze(1)
        torch.testing.assert_close(drawn, scored[:, head], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_leaves_what_is_reported_alone(heads: ActionHeads, dtype: torch.dtype) -> None:
    """The backbone may hand over halves; from there on nothing is rounded."""
    hidden, actions = random_hidden(6, 2).to(dtype), random_actions(6, 2)
    with torch.autocast("cpu", torch.bfloat16):
        found = heads.log_prob(hidden, actions)
    assert found.dtype == torch.float32
    assert torch.equal(found, heads.log_prob(hidden.float(), actions))


def test_a_generator_decides_the_sample(heads: ActionHeads) -> None:
    hidden = random_hidden(64)
    first, again, other = (
        heads.sample(hidden, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_temperature_zero_takes_the_likeliest_in_turn(heads: ActionHeads) -> None:
    hidden = random_hidden(16)
    actions = heads.sample(hidden, temperature=0)
    for head in range(NUM_HEADS):
        scores = torch.stack([heads.log_prob(hidden, a)[:, head] for a in every_class(actions, head)])
        assert torch.equal(scores.argmax(0), actions[:, head])


@settings(max_examples=60, deadline=None)
@given(logits=st.lists(st.floats(-8, 8), min_size=2, max_size=17, unique=True), top_p=st.floats(0.01, 0.99))
def test_top_p_keeps_the_fewest_classes_that_hold_the_share(logits: list[float], top_p: float) -> None:
    row = torch.tensor(logits)
    ranked, order = torch.softmax(row, 0).sort(descending=True)
    before = ranked.cumsum(0) - ranked
    allowed = set(order[before < top_p + 1e-6].tolist())
    choices = draw(row.expand(500, -1), 1.0, top_p, torch.Generator().manual_seed(0))
    assert set(choices.tolist()) <= allowed
    assert set(draw(row.expand(50, -1), 1.0, 0.0, None).tolist()) == {int(order[0])}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_code_of_an_action_is_unique_and_has_a_place_for_every_class(seed: int) -> None:
    torch.manual_seed(seed)
    actions = random_actions(6)
    code = encode(actions, torch.float32)
    assert code.shape == (6, NUM_LOGITS) == (6, 81)
    for head, (name, place) in enumerate(head_slices()):
        part = code[:, place]
        decoded = part[:, 0].long() if part.shape[1] == 1 else part.argmax(1)
        assert torch.equal(decoded, actions[:, head]), name
    assert [name for name, _ in head_slices()] == list(HEADS)
