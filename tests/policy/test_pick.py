"""Drawing from given noise: what each class's share of the noise is, and that heads of both kinds use it alike."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from exphil.melee.controller import NUM_HEADS
from exphil.policy.config import HEADS as KINDS
from exphil.policy.config import HeadsKind
from exphil.policy.heads import NUM_LOGITS, action_heads, draw, head_slices, pick

HIDDEN = 12

LOGITS = st.lists(st.sampled_from([-30.0, -2.0, -1.0, 0.0, 0.5, 0.5, 3.0]), min_size=5, max_size=17)
GRID = (torch.arange(4000) + 0.5) / 4000


def kept(probability: list[float], top_p: float) -> list[int]:
    """Classes that top-p keeps, straight from its definition."""
    return [
        i
        for i, p in enumerate(probability)
        if sum(q for j, q in enumerate(probability) if q > p or (q == p and j < i)) < top_p
    ]


@given(LOGITS, st.floats(0.2, 3.0), st.sampled_from([0.1, 0.55, 0.93, 1.0]))
def test_each_class_has_its_share_of_the_noise(logits: list[float], temperature: float, top_p: float) -> None:
    given_logits = torch.tensor(logits)
    drawn = pick(given_logits.expand(len(GRID), -1), temperature, top_p, GRID)
    probability = torch.softmax(given_logits / temperature, -1)
    chosen = kept(probability.tolist(), top_p)
    expected = torch.zeros(len(logits))
    expected[chosen] = probability[chosen] / probability[chosen].sum()
    shares = torch.bincount(drawn, minlength=len(logits)) / len(GRID)
    assert (drawn[1:] >= drawn[:-1]).all()  # larger noise, later class
    torch.testing.assert_close(shares, expected, atol=1e-3, rtol=0)


@given(st.floats(-6, 6), st.floats(0.2, 3.0), st.sampled_from([0.3, 0.6, 0.9, 1.0]))
def test_a_button_is_down_as_often_as_it_should_be(logit: float, temperature: float, top_p: float) -> None:
    drawn = pick(torch.full((len(GRID), 1), logit), temperature, top_p, GRID)
    down = torch.sigmoid(torch.tensor(logit) / temperature).item()
    left = kept([1 - down, down], top_p)
    expected = down if left == [0, 1] else float(left[0])
    assert drawn.float().mean().item() == pytest.approx(expected, abs=1e-3)


def test_noise_beyond_all_rounding_takes_no_class_that_is_not_kept() -> None:
    logits = torch.full((1, 17), -80.0)
    logits[0, 3], logits[0, 7] = 1.0, 1.5
    largest = torch.tensor([1 - 2.0**-23])
    assert pick(logits, 1.0, 1.0, largest).item() == 7
    assert pick(logits, 1.0, 0.5, torch.zeros(1)).item() == 7
    assert pick(logits, 1.0, 1e-9, largest).item() == 7


@given(LOGITS)
def test_temperature_0_takes_the_likeliest_whatever_the_noise(logits: list[float]) -> None:
    given_logits = torch.tensor(logits).expand(50, -1)
    drawn = pick(given_logits, 0.0, 0.9, torch.rand(50))
    assert (drawn == draw(given_logits, 0.0, 1.0, None)).all()
    assert (pick(given_logits[:, :1], 0.0, 1.0, torch.rand(50)) == int(logits[0] > 0)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_heads_draw_each_class_where_its_probability_says(kind: HeadsKind) -> None:
    """Walk the heads by their log-probabilities: each drawn class is what its head's noise falls on."""
    torch.manual_seed(2)
    heads = action_heads(kind, HIDDEN, units=6)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter.normal_(std=0.5)
    hidden = torch.randn(64, HIDDEN + NUM_LOGITS)
    noise = torch.rand(64, NUM_HEADS)
    drawn = heads.sample(hidden, temperature=0.8, noise=noise)
    logits = heads.logits(hidden, drawn)
    for head, (_, place) in enumerate(head_slices()):
        assert torch.equal(pick(logits[:, place], 0.8, 1.0, noise[:, head]), drawn[:, head])
    assert (drawn.unique(dim=0).shape[0]) > 50
