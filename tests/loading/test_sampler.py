"""The order of windows: every frame once, pure, spread over the replays, the same for any number of ranks."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exphil.errors import UsageError
from exphil.loading.sampler import Sampler, Segments, Windows


@st.composite
def segments(draw: st.DrawFn) -> Segments:
    """A few games in two packs: one or two viewpoints each, some shorter than a window."""
    rows: list[tuple[int, ...]] = []
    offset = [0, 0]
    for replay in range(draw(st.integers(1, 8))):
        part = draw(st.integers(0, 1))
        before, frames, after = draw(st.integers(0, 6)), draw(st.integers(1, 70)), draw(st.integers(1, 4))
        start, stop = offset[part], offset[part] + before + frames + after
        offset[part] = stop
        for viewpoint in draw(st.sampled_from([(0,), (1,), (0, 1)])):
            played = draw(st.integers(0, 2))
            rows.append(
                (part, viewpoint, replay, start, stop, start + before, start + before + frames, played)
            )
    return Segments(*np.array(rows, np.int64).T)


def scored(given: Segments, windows: Windows) -> list[tuple[int, int]]:
    """(segment, row) of every scored position."""
    return [
        (int(segment), int(start) + position)
        for segment, start, a, b in zip(
            windows.segment, windows.start, windows.scored_from, windows.scored_to, strict=True
        )
        for position in range(int(a), int(b))
    ]


def all_batches(sampler: Sampler, epoch: int) -> list[Windows]:
    order = sampler.epoch(epoch)
    return [order.batch(index) for index in range(order.num_batches)]


sizes = st.integers(1, 12)
seeds = st.integers(0, 2**63)


@given(segments(), sizes, st.integers(0, 11), sizes, seeds, st.integers(0, 3))
def test_every_frame_is_scored_once(
    given: Segments, size: int, context: int, batch_size: int, seed: int, epoch: int
) -> None:
    context = min(context, size - 1)
    sampler = Sampler(given, window_size=size, batch_size=batch_size, context=context, seed=seed)
    seen = [frame for batch in all_batches(sampler, epoch) for frame in scored(given, batch)]
    expected = {
        (segment, row)
        for segment in range(len(given))
        for row in range(int(given.first[segment]), int(given.stop[segment]))
    }
    assert len(seen) == len(expected)
    assert set(seen) == expected


@given(segments(), sizes, st.integers(0, 11), sizes, seeds)
def test_windows_stay_in_their_game_with_the_context_asked_for(
    given: Segments, size: int, context: int, batch_size: int, seed: int
) -> None:
    context = min(context, size - 1)
    sampler = Sampler(given, window_size=size, batch_size=batch_size, context=context, seed=seed)
    for batch in all_batches(sampler, 1):
        start, stop = given.run_start[batch.segment], given.run_stop[batch.segment]
        assert (batch.start >= start).all()
        assert (batch.scored_from >= 0).all()
        assert (batch.scored_from < batch.scored_to).all()
        assert (batch.scored_to <= size).all()
        # Only a window at the very start of a game has less context than asked, or reaches past its piece.
        inner = batch.start > start
        assert (batch.scored_from[inner] >= context).all()
        assert (batch.scored_to[inner] == size).all()
        assert (batch.start + batch.scored_to < stop).all()


@given(segments(), sizes, sizes, seeds)
def test_a_replay_is_spread_over_the_batches(given: Segments, size: int, batch_size: int, seed: int) -> None:
    batches = all_batches(Sampler(given, window_size=size, batch_size=batch_size, seed=seed), 0)
    shares = np.array([np.bincount(given.replay[b.segment], minlength=given.num_replays) for b in batches])
    assert (shares.max(axis=0) - shares.min(axis=0) <= 1).all()
    single = shares.sum(axis=0) <= len(batches)
    assert (shares[:, single] <= 1).all()
    lengths = [len(batch) for batch in batches]
    assert max(lengths) <= batch_size
    assert max(lengths) - min(lengths) <= 1


@given(segments(), sizes, sizes, seeds, st.integers(0, 3), st.sampled_from(["all", "last"]))
def test_a_batch_depends_on_seed_epoch_and_index_alone(
    given: Segments, size: int, batch_size: int, seed: int, epoch: int, supervise: str
) -> None:
    assume(supervise == "all" or (given.run_start + size - 1 < given.stop).any())

    def make() -> Sampler:
        return Sampler(given, window_size=size, batch_size=batch_size, supervise=supervise, seed=seed)

    straight = all_batches(make(), epoch)
    resumed = make()
    resumed.epoch(epoch + 1)
    for index in reversed(range(len(straight))):
        alone = resumed.epoch(epoch).batch(index)
        for name in ("segment", "start", "scored_from", "scored_to"):
            assert np.array_equal(getattr(alone, name), getattr(straight[index], name))


@given(segments(), sizes, sizes, seeds, st.integers(1, 5))
def test_ranks_share_a_batch_without_overlap(
    given: Segments, size: int, batch_size: int, seed: int, num_ranks: int
) -> None:
    whole = all_batches(Sampler(given, window_size=size, batch_size=batch_size, seed=seed), 2)
    slices = [
        all_batches(
            Sampler(
                given, window_size=size, batch_size=batch_size, seed=seed, rank=rank, num_ranks=num_ranks
            ),
            2,
        )
        for rank in range(num_ranks)
    ]
    for index, batch in enumerate(whole):
        joined = np.concatenate([ranks[index].start for ranks in slices])
        assert np.array_equal(joined, batch.start)
        lengths = [len(ranks[index]) for ranks in slices]
        assert max(lengths) - min(lengths) <= 1


@given(segments(), sizes, sizes, seeds, st.data())
def test_last_scores_the_stated_number_of_windows_at_their_last_frame(
    given: Segments, size: int, batch_size: int, seed: int, data: st.DataObject
) -> None:
    whole = np.maximum(given.first, given.run_start + size - 1)
    available = int(np.maximum(given.stop - whole, 0).sum())
    assume(available)
    stated = data.draw(st.integers(1, available))
    sampler = Sampler(
        given, window_size=size, batch_size=batch_size, supervise="last", num_windows=stated, seed=seed
    )
    batches = all_batches(sampler, 0)
    seen = [frame for batch in batches for frame in scored(sampler.segments, batch)]
    assert len(seen) == len(set(seen)) == stated
    for batch in batches:
        assert (batch.scored_from == size - 1).all()
        assert (batch.scored_to == size).all()
        assert (batch.start >= sampler.segments.run_start[batch.segment]).all()
    for segment, row in seen:
        assert sampler.segments.first[segment] <= row < sampler.segments.stop[segment]


def games(num: int, frames: int) -> Segments:
    """`num` games of equal length, one viewpoint each."""
    start = np.arange(num) * frames
    zero = np.zeros(num, np.int64)
    return Segments(zero, zero, np.arange(num), start, start + frames, start, start + frames - 1, zero)


def test_epochs_and_seeds_differ() -> None:
    given = games(num=20, frames=600)
    orders = {
        (seed, epoch): Sampler(given, window_size=10, batch_size=20, seed=seed)
        .epoch(epoch)
        .batch(0)
        .start.tobytes()
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(set(orders.values())) == 9


def test_a_batch_mixes_times_of_games_of_equal_length() -> None:
    given = games(num=200, frames=2001)
    order = Sampler(given, window_size=20, batch_size=100).epoch(0)
    for index in range(order.num_batches):
        batch = order.batch(index)
        time = (batch.start - given.run_start[batch.segment]) / 2000
        assert 0.2 < np.median(time) < 0.8
        assert time.std() > 0.2


def test_every_place_of_a_window_comes_up_over_the_epochs() -> None:
    given = games(num=1, frames=101)
    sampler = Sampler(given, window_size=10, batch_size=100)
    places = {
        int(50 - start)
        for epoch in range(200)
        for batch in all_batches(sampler, epoch)
        for start, a, b in zip(batch.start, batch.scored_from, batch.scored_to, strict=True)
        if a <= 50 - start < b
    }
    assert places == set(range(10))


def test_the_order_stays_what_it_is() -> None:
    """A release that changed these would break the resuming of runs begun before it."""
    batch = Sampler(games(num=5, frames=100), window_size=10, batch_size=4, seed=7).epoch(3).batch(2)
    assert batch.segment.tolist() == [3, 4, 0, 1]
    assert batch.start.tolist() == [381, 432, 0, 123]


@settings(max_examples=20)
@given(st.integers(1, 30), st.integers(1, 40))
def test_steps_of_an_epoch_are_known_before_it_is_drawn(batch_size: int, size: int) -> None:
    sampler = Sampler(games(num=4, frames=90), window_size=size, batch_size=batch_size)
    assert sampler.num_batches(5) == len(all_batches(sampler, 5))


@pytest.mark.parametrize("context", [-1, 10, 11])
def test_context_outside_the_window_names_the_option(context: int) -> None:
    with pytest.raises(UsageError, match="--context"):
        Sampler(games(num=1, frames=50), window_size=10, batch_size=1, context=context)


def test_more_windows_than_frames_names_the_option() -> None:
    with pytest.raises(UsageError, match="--windows-per-epoch 50: only 40 frames"):
        Sampler(games(num=1, frames=50), window_size=10, batch_size=1, supervise="last", num_windows=50)


def test_last_without_a_whole_window_names_the_option() -> None:
    with pytest.raises(UsageError, match="--window-size 60"):
        Sampler(games(num=3, frames=50), window_size=60, batch_size=1, supervise="last")
