"""Chunks: every frame of every stream once, in order, in memory that the number of games does not change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exphil.evaluation.streams import chunks, name_streams, shortened
from exphil.loading.dataset import find_segments
from exphil.loading.sampler import Segments


@pytest.mark.parametrize(("side_by_side", "length", "delay"), [(1, 64, 0), (3, 50, 2), (100, 7, 0)])
def test_every_frame_comes_once_and_in_order(
    make_packs: Callable[..., Any], side_by_side: int, length: int, delay: int
) -> None:
    packs = make_packs([180, 95, 260, 130], num_parts=2)
    places = find_segments(packs.segments, packs, delay)
    seen: dict[int, list[tuple[int, int]]] = {index: [] for index in range(len(places))}
    scored: dict[int, int] = dict.fromkeys(seen, 0)
    before: list[int] = []
    for chunk in chunks(packs, places, delay=delay, side_by_side=side_by_side, num_frames=length):
        assert len(chunk.stream) <= side_by_side
        assert chunk.num_frames == length
        assert chunk.delay == delay
        address = chunk.rows.numpy().view(np.int64)
        for slot, stream in enumerate(chunk.stream.tolist()):
            came_from = int(chunk.previous[slot])
            assert (came_from < 0) == (not seen[stream])
            assert came_from < 0 or before[came_from] == stream
            seen[stream] += [tuple(pair) for pair in address[slot, :length].tolist()]
            scored[stream] += int(chunk.scored[slot].sum())
            assert chunk.viewpoint[slot] == places.viewpoint[stream]
            since = address[slot, 0, 1] - places.first[stream]
            assert chunk.since[slot].tolist() == list(range(since, since + length))
        before = chunk.stream.tolist()
    for stream, rows in seen.items():
        start, stop = int(places.run_start[stream]), int(places.stop[stream])
        expected = [(int(places.part[stream]), row) for row in range(start, stop)]
        assert rows[: stop - start] == expected
        assert len(rows) - len(expected) < length
        assert scored[stream] == stop - int(places.first[stream])


def test_a_limit_keeps_the_first_frames(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([180, 95])
    places = find_segments(packs.segments, packs, 0)
    short = shortened(places, 20)
    assert (short.stop - short.first).tolist() == [min(20, n) for n in (places.stop - places.first).tolist()]
    assert shortened(places, None) is places


def test_streams_carry_the_names_of_their_segments(make_games: Callable[..., Any]) -> None:
    packs, places = make_games(180, 150)
    streams = name_streams(places, packs.segments, packs)
    assert len(streams) == 4
    assert streams.replay_id == [f"{game:032x}" for game in (0, 0, 1, 1)]
    assert streams.character == ["FOX", "MARTH"] * 2
    assert streams.opponent == ["MARTH", "FOX"] * 2
    assert streams.stage == ["BATTLEFIELD"] * 4


def test_a_viewpoint_is_one_stream_however_many_stretches_of_it_are_scored(
    make_games: Callable[..., Any],
) -> None:
    packs, whole = make_games(180, 150)
    first, stop = whole.first[0], whole.stop[0]
    cuts = [(0, first + 4, first + 9), (0, first + 20, stop), (3, whole.first[3], whole.first[3] + 7)]
    places = stretches(whole, cuts)
    streams = name_streams(places, packs.segments, packs)
    assert [streams.replay_id, streams.character] == [[f"{game:032x}" for game in (0, 1)], ["FOX", "MARTH"]]
    assert streams.places.first.tolist() == [first, whole.first[3]]
    assert streams.places.stop.tolist() == [stop, whole.first[3] + 7]
    scored: list[tuple[int, int]] = []
    for chunk in chunks(packs, streams.places, delay=0, side_by_side=2, num_frames=40, bounds=streams.bounds):
        row = chunk.since + streams.places.first[chunk.stream, None]
        slot, frame = np.nonzero(chunk.scored)
        scored += zip(chunk.stream[slot].tolist(), row[slot, frame].tolist(), strict=True)
        assert (chunk.since == row - streams.places.first[chunk.stream, None]).all()
    expected = [(int(segment > 0), row) for segment, low, high in cuts for row in range(low, high)]
    assert sorted(scored) == sorted(expected)


def test_stretches_that_are_whole_segments_are_streamed_as_these(make_games: Callable[..., Any]) -> None:
    packs, places = make_games(180, 150)
    streams = name_streams(places, packs.segments, packs)
    for name in Segments.__slots__:
        assert np.array_equal(getattr(streams.places, name), getattr(places, name)), name
    plain = list(chunks(packs, places, delay=1, side_by_side=3, num_frames=32))
    bounded = list(chunks(packs, places, delay=1, side_by_side=3, num_frames=32, bounds=streams.bounds))
    assert all(np.array_equal(a.scored, b.scored) for a, b in zip(plain, bounded, strict=True))


def test_a_limit_counts_the_frames_of_a_viewpoint_together(make_games: Callable[..., Any]) -> None:
    _, whole = make_games(180, 150)
    first, other = int(whole.first[0]), int(whole.first[3])
    places = stretches(whole, [(0, first, first + 5), (0, first + 8, first + 20), (3, other, other + 30)])
    short = shortened(places, 9)
    assert list(zip(short.first.tolist(), short.stop.tolist(), strict=True)) == [
        (first, first + 5), (first + 8, first + 12), (other, other + 9),
    ]  # fmt: skip
    assert len(shortened(places, 5)) == 2


def stretches(whole: Segments, cuts: list[tuple[int, int, int]]) -> Segments:
    """(segment, first row, row after the last) of some stretches."""
    chosen = np.array([segment for segment, *_ in cuts])
    columns = {name: getattr(whole, name)[chosen] for name in Segments.__slots__}
    columns["first"], columns["stop"] = (
        np.array(column, np.int64) for column in list(zip(*cuts, strict=True))[1:]
    )
    return Segments(**columns)
