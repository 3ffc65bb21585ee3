"""Windows are the very rows of the packs, in order, of one game each."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from exphil.errors import StoreError
from exphil.loading.dataset import Buffers, Gatherer, collate, diversity, find_segments
from exphil.loading.loader import EpochBatches, Loader
from exphil.loading.sampler import Sampler, Windows


def addresses(rows: torch.Tensor) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(B, n, 2) part and row of every gathered row."""
    return rows.numpy().view(np.int64)


def test_segments_are_found_by_replay_port_and_frame(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([200, 300, 250], num_parts=2)
    found = find_segments(packs.segments, packs, 0)
    assert found.part.tolist() == [0, 0, 1, 1, 0, 0]
    assert found.viewpoint.tolist() == [0, 1, 0, 1, 0, 1]
    assert found.replay.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.run_start.tolist() == [0, 0, 0, 0, 200, 200]
    assert found.run_stop.tolist() == [200, 200, 300, 300, 450, 450]
    assert found.first.tolist() == [84, 84, 84, 84, 284, 284]
    assert found.stop.tolist() == [199, 199, 299, 299, 449, 449]


def test_the_order_of_segments_is_that_of_their_names_however_the_store_lays_them(
    make_packs: Callable[..., Any],
) -> None:
    packs = make_packs([200, 300, 250], num_parts=2)
    shuffled = replace(packs, runs=packs.runs.take([2, 0, 1]))
    upside_down = packs.segments.take([5, 3, 1, 4, 2, 0])
    assert find_segments(upside_down, shuffled, 0).first.tolist() == [84, 84, 84, 84, 284, 284]


def test_replay_ids_may_be_dictionaries(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([200, 300])
    encoded = packs.segments.set_column(0, "replay_id", packs.segments.column(0).dictionary_encode())
    assert (
        find_segments(encoded, packs, 0).first.tolist()
        == find_segments(packs.segments, packs, 0).first.tolist()
    )


@pytest.mark.parametrize("delay", [0, 1, 18])
def test_a_delay_shortens_segments_so_that_every_target_exists(
    make_packs: Callable[..., Any], delay: int
) -> None:
    packs = make_packs([200])
    found = find_segments(packs.segments, packs, delay)
    assert (found.stop - 1 + 1 + delay == found.run_stop - 1).all()


def test_segments_shorter_than_the_delay_are_dropped(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([90, 300])
    assert len(find_segments(packs.segments, packs, 0)) == 4
    found = find_segments(packs.segments, packs, 5)
    assert len(found) == 2
    assert found.replay.tolist() == [0, 0]


def test_segments_that_the_packs_lack_are_an_error(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([200, 300])
    stranger = packs.segments.set_column(0, "replay_id", pa.array(["f" * 32] * 4))
    with pytest.raises(StoreError, match=r"lack 4 of 4 selected segments.*materialize packs"):
        find_segments(stranger, packs, 0)


@pytest.mark.parametrize("num_parts", [1, 3])
@pytest.mark.parametrize(("length", "delay"), [(7, 0), (60, 3), (400, 0)])
def test_windows_hold_their_games_own_rows_in_order(
    make_packs: Callable[..., Any], num_parts: int, length: int, delay: int
) -> None:
    packs = make_packs([150, 200, 333, 91, 260], num_parts=num_parts)
    segments = find_segments(packs.segments, packs, delay)
    loader = Loader(packs, Sampler(segments, window_size=length, batch_size=8), delay=delay)
    order = loader.sampler.epoch(0)
    seen = 0
    for index, batch in enumerate(loader.batches(0)):
        windows = order.batch(index)
        assert batch.rows.shape[1:] == (length + 1 + delay, 16)
        assert batch.length == length
        assert batch.delay == delay
        expected = np.minimum(
            windows.start[:, None] + np.arange(length + 1 + delay),
            segments.run_stop[windows.segment][:, None] - 1,
        )
        found = addresses(batch.rows)
        assert np.array_equal(found[..., 1], expected)
        assert (found[..., 0] == segments.part[windows.segment][:, None]).all()
        assert batch.viewpoint.tolist() == segments.viewpoint[windows.segment].tolist()
        assert batch.mask.sum(dim=1).tolist() == (windows.scored_to - windows.scored_from).tolist()
        # A scored position's target row is a row of the game, not padding.
        targets = found[:, 1 + delay :, 1][batch.mask.numpy()]
        assert np.array_equal(targets, found[:, :length, 1][batch.mask.numpy()] + 1 + delay)
        seen += int(batch.mask.sum())
    assert seen == segments.num_frames


def test_resuming_in_an_epoch_gives_the_rest_of_it(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([150, 200, 333])
    loader = Loader(packs, Sampler(find_segments(packs.segments, packs, 0), window_size=20, batch_size=4))
    whole = [batch.rows for batch in loader.batches(3)]
    rest = [batch.rows for batch in loader.batches(3, first=5)]
    assert len(rest) == len(whole) - 5
    assert all(torch.equal(a, b) for a, b in zip(whole[5:], rest, strict=True))


@pytest.mark.slow
def test_worker_processes_change_nothing(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([150, 200, 333], num_parts=2)
    loader = Loader(packs, Sampler(find_segments(packs.segments, packs, 0), window_size=20, batch_size=4))
    alone = [batch.rows for batch in EpochBatches(loader, 1)]
    shared = torch.utils.data.DataLoader(
        EpochBatches(loader, 1), batch_size=None, num_workers=2, multiprocessing_context="spawn"
    )
    together = [batch.rows for batch in shared]
    assert len(alone) == len(together) > 4
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_gatherers_travel_by_file_name(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([4000])
    gatherer = Gatherer(packs.parts, 9)
    sent = pickle.dumps(gatherer)
    assert len(sent) < 1000
    where = (np.array([0, 0]), np.array([3, 77]), np.array([4000, 4000]))
    assert np.array_equal(pickle.loads(sent).rows(*where), gatherer.rows(*where))


def test_memory_is_used_again_only_when_no_tensor_holds_it() -> None:
    buffers = Buffers()
    first = torch.from_numpy(buffers.take(3, 4))
    place = first.data_ptr()
    part = first[1:2]
    del first
    second = torch.from_numpy(buffers.take(3, 4))
    assert second.data_ptr() != place
    del part
    third = torch.from_numpy(buffers.take(2, 4))
    assert third.data_ptr() == place
    assert third.shape == (2, 4)
    larger = torch.from_numpy(buffers.take(30, 4))
    assert larger.shape == (30, 4)


def test_batches_that_are_kept_keep_their_rows(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([150, 200, 333])
    loader = Loader(packs, Sampler(find_segments(packs.segments, packs, 0), window_size=20, batch_size=4))
    kept = list(loader.batches(0))
    order = loader.sampler.epoch(0)
    for index, batch in enumerate(kept):
        assert addresses(batch.rows)[:, 0, 1].tolist() == order.batch(index).start.tolist()


def test_diversity_counts_distinct_replays() -> None:
    assert diversity(torch.tensor([3, 3, 5, 9])) == 0.75


def test_collate_marks_only_the_scored_positions(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([300])
    segments = find_segments(packs.segments, packs, 0)
    one = np.array([0])
    batch = collate(segments, Gatherer(packs.parts, 6), Windows(one, one + 90, one + 2, one + 4, one), 5)
    assert batch.mask.tolist() == [[False, False, True, True, False]]
