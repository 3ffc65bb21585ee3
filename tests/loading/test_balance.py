"""Characters are seen equally often, within limits, the same way at every start."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exphil.loading.balance import MOST, character_rates, times_taken
from exphil.loading.dataset import find_segments
from exphil.loading.sampler import Sampler, Segments
from tests.loading.test_sampler import all_batches, scored, seeds, segments, sizes

counts = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 500)), min_size=1, max_size=40)


def arrays(pairs: list[tuple[int, int]]) -> tuple[Any, Any]:
    character, frames = np.array(pairs, np.int64).T
    return character, frames


@given(counts)
def test_every_character_gets_its_share_within_the_limits(pairs: list[tuple[int, int]]) -> None:
    character, frames = arrays(pairs)
    rates = character_rates(character, frames)
    share = frames.sum() / len(set(character.tolist()))
    for one in set(character.tolist()):
        own = character == one
        assert len(set(rates[own].tolist())) == 1
        taken = float((rates * frames)[own].sum())
        assert 1 / MOST <= rates[own][0] <= MOST
        if 1 / MOST < rates[own][0] < MOST:
            assert taken == pytest.approx(share)
        elif rates[own][0] == MOST:
            assert taken <= share * (1 + 1e-9)
        else:
            assert taken >= share * (1 - 1e-9)


@given(counts, seeds, st.integers(0, 5))
def test_a_rate_is_rounded_down_or_up_and_a_characters_sum_hardly(
    pairs: list[tuple[int, int]], seed: int, epoch: int
) -> None:
    character, frames = arrays(pairs)
    rates = character_rates(character, frames)
    times = times_taken(character, rates, seed, epoch)
    assert ((times == np.floor(rates)) | (times == np.floor(rates) + 1)).all()
    for one in set(character.tolist()):
        own = character == one
        assert abs(times[own].sum() - rates[own].sum()) < 1 + 1e-6
    assert times.sum() > 0
    assert np.array_equal(times, times_taken(character, rates, seed, epoch))


def test_over_the_epochs_every_segment_gets_its_rate() -> None:
    character = np.repeat([0, 1, 2], [40, 8, 2])
    rates = character_rates(character, np.full(50, 100))
    times = np.mean([times_taken(character, rates, 5, epoch) for epoch in range(3000)], axis=0)
    np.testing.assert_allclose(times, rates, atol=0.06)
    assert rates[-1] == MOST


@given(segments(), sizes, st.integers(0, 11), sizes, seeds, st.integers(0, 3))
def test_an_epoch_scores_each_frame_as_often_as_its_segment_is_taken(
    given: Segments, size: int, context: int, batch_size: int, seed: int, epoch: int
) -> None:
    sampler = Sampler(
        given,
        window_size=size,
        batch_size=batch_size,
        context=min(context, size - 1),
        seed=seed,
        balance="character",
    )
    times = times_taken(given.character, sampler.rates, seed, epoch)
    batches = all_batches(sampler, epoch)
    seen: dict[tuple[int, int], int] = {}
    for batch in batches:
        for frame in scored(given, batch):
            seen[frame] = seen.get(frame, 0) + 1
    expected = {
        (segment, row): int(times[segment])
        for segment in range(len(given))
        for row in range(int(given.first[segment]), int(given.stop[segment]))
        if times[segment]
    }
    assert seen == expected
    assert sampler.num_batches(epoch) == len(batches)
    numbers = np.concatenate([batch.number for batch in batches])
    assert sorted(numbers.tolist()) == list(range(len(numbers)))
    again = sampler.epoch(epoch)
    for index in reversed(range(len(batches))):
        assert np.array_equal(again.batch(index).start, batches[index].start)


@given(segments(), sizes, sizes, seeds)
def test_one_character_alone_is_as_without_balance(
    given: Segments, size: int, batch_size: int, seed: int
) -> None:
    columns = {name: getattr(given, name) for name in Segments.__slots__}
    alike = Segments(**{**columns, "character": np.zeros(len(given), np.int64)})
    options: dict[str, Any] = {"window_size": size, "batch_size": batch_size, "seed": seed}
    plain, balanced = (
        all_batches(Sampler(alike, **options, balance=balance), 1) for balance in ("none", "character")
    )
    assert [batch.start.tolist() for batch in plain] == [batch.start.tolist() for batch in balanced]


@given(segments(), sizes, sizes, seeds, st.integers(0, 3))
def test_last_frames_are_drawn_from_what_the_epoch_takes(
    given: Segments, size: int, batch_size: int, seed: int, epoch: int
) -> None:
    assume((np.maximum(given.first, given.run_start + size - 1) < given.stop).any())
    sampler = Sampler(
        given, window_size=size, batch_size=batch_size, supervise="last", seed=seed, balance="character"
    )
    times = times_taken(sampler.segments.character, sampler.rates, seed, epoch)
    batches = all_batches(sampler, epoch)
    seen = [frame for batch in batches for frame in scored(sampler.segments, batch)]
    taken = int(((sampler.segments.stop - sampler.segments.first) * times).sum())
    assert len(seen) == min(sampler.num_windows, taken) > 0
    for segment, row in set(seen):
        assert times[segment] >= seen.count((segment, row)) >= 1
        assert sampler.segments.first[segment] <= row < sampler.segments.stop[segment]


def test_characters_come_from_the_segment_table(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([300, 200, 250], characters=("PEACH", "FOX", "PEACH"))
    found = find_segments(packs.segments, packs, 0)
    assert found.character.tolist() == [1, 0, 1, 1, 0, 1]
    rates = Sampler(found, window_size=20, batch_size=4, balance="character").rates
    frames = found.stop - found.first
    fox = int(frames[found.character == 0].sum())
    assert rates[1] == pytest.approx(frames.sum() / 2 / fox)
    assert Sampler(found, window_size=20, batch_size=4).rates.tolist() == [1.0] * 6
