"""What befalls a window hangs on seed, epoch and its number: not on batch, rank or worker."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from exphil.errors import UsageError
from exphil.loading.augmentation import AugmentOptions
from exphil.loading.dataset import find_segments
from exphil.loading.loader import EpochBatches, Loader
from exphil.loading.sampler import Sampler
from tests.loading.test_sampler import segments, sizes

BOTH = AugmentOptions(mirror=0.5, noise=0.25, noise_scale=0.02)


def test_windows_are_changed_as_often_as_asked() -> None:
    mirror, noise = BOTH.draw(np.arange(20000), seed=3, epoch=1)
    assert abs(mirror.mean() - 0.5) < 0.02
    assert abs((noise != 0).mean() - 0.25) < 0.02
    assert abs(np.corrcoef(mirror, noise != 0)[0, 1]) < 0.03
    assert (noise >= 0).all()
    keys = noise[noise != 0]
    assert len(set(keys.tolist())) == len(keys)


@pytest.mark.parametrize(("mirror", "noise"), [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
def test_never_and_always_are_exact(mirror: float, noise: float) -> None:
    drawn = AugmentOptions(mirror=mirror, noise=noise).draw(np.arange(1000), 0, 0)
    assert (drawn[0] == bool(mirror)).all()
    assert ((drawn[1] != 0) == bool(noise)).all()


def test_epochs_and_seeds_draw_anew() -> None:
    drawn = {
        BOTH.draw(np.arange(64), seed, epoch)[0].tobytes()
        + BOTH.draw(np.arange(64), seed, epoch)[1].tobytes()
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(drawn) == 9


def test_the_draws_stay_what_they_are() -> None:
    """A release that changed these would break the resuming of runs begun before it."""
    mirror, noise = BOTH.draw(np.arange(12), seed=7, epoch=3)
    assert mirror.astype(int).tolist() == [1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0]
    assert noise[noise != 0].tolist() == [481764205126049414, 8553432423365940843]
    assert np.flatnonzero(noise).tolist() == [0, 10]


@given(segments(), sizes, sizes, st.integers(0, 2**40), st.integers(1, 5), st.integers(0, 2))
def test_ranks_draw_what_one_process_draws(
    given: Any, size: int, batch_size: int, seed: int, num_ranks: int, epoch: int
) -> None:
    def drawn(rank: int, ranks: int) -> list[tuple[Any, Any, Any]]:
        sampler = Sampler(
            given,
            window_size=size,
            batch_size=batch_size,
            seed=seed,
            rank=rank,
            num_ranks=ranks,
            balance="character",
        )
        order = sampler.epoch(epoch)
        batches = [order.batch(index) for index in range(order.num_batches)]
        return [(batch.start, *BOTH.draw(batch.number, seed, epoch)) for batch in batches]

    whole = drawn(0, 1)
    slices = [drawn(rank, num_ranks) for rank in range(num_ranks)]
    assert all(len(ranks) == len(whole) for ranks in slices)
    for index, batch in enumerate(whole):
        for part, expected in enumerate(batch):
            assert np.array_equal(np.concatenate([ranks[index][part] for ranks in slices]), expected)


def test_batches_carry_their_windows_fate(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([300, 200])
    sampler = Sampler(find_segments(packs.segments, packs, 0), window_size=7, batch_size=8, seed=5)
    loader = Loader(packs, sampler, augment=BOTH)
    order = sampler.epoch(2)
    for index, batch in enumerate(loader.batches(2)):
        mirror, noise = BOTH.draw(order.batch(index).number, 5, 2)
        assert batch.augmentation is not None
        assert batch.augmentation.mirror.tolist() == mirror.tolist()
        assert batch.augmentation.noise.tolist() == noise.tolist()
        assert batch.augmentation.noise_scale == 0.02
        moved = batch.to(torch.device("cpu")).augmentation
        assert moved is not None
        assert torch.equal(moved.noise, batch.augmentation.noise)
    assert pickle.loads(pickle.dumps(batch)).augmentation.noise_scale == 0.02
    alone = next(iter(EpochBatches(loader, 2)))
    assert alone.augmentation is not None


@pytest.mark.parametrize("off", [None, AugmentOptions(), AugmentOptions(noise=1.0, noise_scale=0.0)])
def test_what_changes_nothing_costs_nothing(
    make_packs: Callable[..., Any], off: AugmentOptions | None
) -> None:
    packs = make_packs([300])
    sampler = Sampler(find_segments(packs.segments, packs, 0), window_size=7, batch_size=8)
    assert next(Loader(packs, sampler, augment=off).batches(0)).augmentation is None


def test_a_rank_without_windows_gets_an_empty_batch_of_every_step(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([100])
    found = find_segments(packs.segments, packs, 0)
    steps = []
    for rank in range(4):
        sampler = Sampler(found, window_size=20, batch_size=2, rank=rank, num_ranks=4)
        steps.append(list(Loader(packs, sampler, augment=BOTH).batches(0)))
    assert len({len(batches) for batches in steps}) == 1
    for together in zip(*steps, strict=True):
        assert [len(batch.viewpoint) for batch in together][2:] == [0, 0]
        assert all(batch.rows.shape[1:] == (21, 16) for batch in together)
        assert all(batch.length == 20 for batch in together)
        assert sum(len(batch.viewpoint) for batch in together) <= 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"mirror": -0.1}, "--mirror"),
        ({"noise": 1.5}, "--noise 1.5"),
        ({"noise": float("nan")}, "--noise"),
        ({"noise_scale": -1.0}, "--noise-scale"),
        ({"noise_scale": float("inf")}, "--noise-scale"),
    ],
)
def test_what_is_no_probability_names_its_flag(options: dict[str, float], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        AugmentOptions(**options)
