"""Noise is a function of seed, game, player and frame, and uniform."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exphil.play.noise import Noise


@given(st.integers(0, 2**63), st.binary(max_size=20), st.integers(-123, 10**6))
def test_the_same_place_has_the_same_numbers(seed: int, game: bytes, frame: int) -> None:
    first, again = Noise(seed, game, 1), Noise(seed, game, 1)
    again.of(frame + 5)
    numbers = first.of(frame)
    assert np.array_equal(numbers, again.of(frame))
    assert numbers.shape == (13,)
    assert numbers.dtype == np.float32
    assert ((numbers >= 0) & (numbers < 1)).all()
    # A sum of probabilities times a number stays below the sum, in float32 too.
    total = np.float32(0.99999988)
    assert (numbers * total < total).all()


def test_other_places_have_other_numbers() -> None:
    noises = [Noise(1), Noise(2), Noise(1, b"x"), Noise(1, b"", 1), Noise(1, b"/"), Noise(11, b"")]
    drawn = np.stack([noise.of(frame) for noise in noises for frame in (-123, 0, 1)])
    assert len(np.unique(drawn, axis=0)) == len(drawn)


def test_the_largest_number_stays_below_any_sum() -> None:
    largest = np.float32(1 - 2.0**-23)
    totals = np.random.default_rng(0).uniform(0.3, 1.1, 100_000).astype(np.float32)
    assert (largest * totals < totals).all()


def test_numbers_are_uniform_and_independent() -> None:
    noise = Noise(3, b"game")
    drawn = np.stack([noise.of(frame) for frame in range(20_000)])
    for head in range(13):
        counts = np.bincount((drawn[:, head] * 20).astype(int), minlength=20)
        assert ((counts - 1000) ** 2 / 1000).sum() < 50  # 19 degrees of freedom: beyond 1 in 10,000
    within = np.corrcoef(drawn.T) - np.eye(13)
    after = np.corrcoef(drawn[:-1].T, drawn[1:].T)[:13, 13:]
    assert abs(within).max() < 0.04
    assert abs(after).max() < 0.04
