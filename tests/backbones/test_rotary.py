"""Positions are relative, those of the formula, and exact for as long as a game may last."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.backbones.rotary import SLOWEST, Rotary

DIM = 64
FRAMES = st.integers(0, 2**33 - 1)


def turned(vector: torch.Tensor, frame: int) -> torch.Tensor:
    return Rotary(DIM)(vector, torch.tensor(frame))


@settings(max_examples=60, deadline=None)
@given(first=FRAMES, distance=st.integers(0, 600))
def test_a_score_depends_on_the_distance_alone(first: int, distance: int) -> None:
    """From the first frame to four years into a game."""
    torch.manual_seed(0)
    query, key = torch.nn.functional.normalize(torch.randn(2, DIM), dim=-1)
    near = turned(query, distance) @ turned(key, 0)
    late = turned(query, first + distance) @ turned(key, first)
    assert abs(near - late) < 1e-6


@pytest.mark.parametrize("frame", [0, 1, 59, 479, 216_000])
def test_angles_are_those_of_the_formula(frame: int) -> None:
    """A pair's numbers are half the width apart; pair i turns by SLOWEST ** (-2 i / DIM) a frame."""
    torch.manual_seed(1)
    vector = torch.randn(DIM)
    found = turned(vector, frame)
    for pair in range(DIM // 2):
        angle = frame * SLOWEST ** (-2 * pair / DIM)
        x, y = vector[pair].item(), vector[pair + DIM // 2].item()
        near = {"abs": 2e-6 + frame * 3e-9}
        assert found[pair].item() == pytest.approx(x * math.cos(angle) - y * math.sin(angle), **near)
        assert found[pair + DIM // 2].item() == pytest.approx(
            y * math.cos(angle) + x * math.sin(angle), **near
        )


@settings(max_examples=30, deadline=None)
@given(frame=FRAMES)
def test_angles_lose_nothing_to_rounding(frame: int) -> None:
    rotary = Rotary(DIM)
    vector = torch.cat((torch.ones(DIM // 2), torch.zeros(DIM // 2)))
    for parts, cosine in zip(
        rotary.parts_a_frame.tolist(), rotary(vector, torch.tensor(frame)), strict=False
    ):
        turns = (parts * frame % 2**32) / 2**32  # Python's integers have no end
        assert cosine.item() == pytest.approx(math.cos(2 * math.pi * turns), abs=1e-6)


def test_it_adds_nothing_to_the_saved_weights() -> None:
    assert not Rotary(DIM).state_dict()
