"""Lengths of runs do not depend on how the frames arrive."""

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.run_lengths import LONGEST, RunLengths

FRAME = st.tuples(st.integers(0, 1), st.integers(0, 2), st.booleans())
"""Values of two signals, and whether the frame counts."""

NOBODY = np.zeros(0, np.int64)


def naive(streams: list[list[tuple[int, int, bool]]], signal: int, only: int | None) -> list[int]:
    """Sorted lengths of the runs of one signal, by definition."""
    found = []
    for frames in streams:
        for key, run in groupby(frames, key=lambda frame: (frame[2], frame[signal])):
            if key[0] and (only is None or key[1] == only):
                found.append(len(list(run)))
    return sorted(found)


def expand(counts: np.ndarray) -> list[int]:
    return np.repeat(np.arange(len(counts)), counts).tolist()


@given(
    streams=st.lists(st.lists(FRAME, min_size=1, max_size=40), min_size=1, max_size=4),
    chunk=st.integers(1, 12),
    side_by_side=st.integers(1, 3),
)
def test_runs_are_those_of_whole_streams(
    streams: list[list[tuple[int, int, bool]]], chunk: int, side_by_side: int
) -> None:
    lengths = RunLengths((1, None))
    waiting, under_way = list(range(len(streams))), []
    while waiting or under_way:
        kept = [(s, at, slot) for slot, (s, at) in enumerate(under_way) if at < len(streams[s])]
        while waiting and len(kept) < side_by_side:
            kept.append((waiting.pop(0), 0, -1))
        if not kept:
            break
        values = np.zeros((len(kept), chunk, 2), np.int64)
        counts = np.zeros((len(kept), chunk), bool)
        for slot, (stream, at, _) in enumerate(kept):
            for t, frame in enumerate(streams[stream][at : at + chunk]):
                values[slot, t] = frame[:2]
                counts[slot, t] = frame[2]
        lengths.add(values, counts, np.array([slot for _, _, slot in kept]))
        under_way = [(s, at + chunk) for s, at, _ in kept]
    lengths.finish()
    for signal, only in ((0, 1), (1, None)):
        expected = naive(streams, signal, only)
        assert expand(lengths.counts[signal]) == expected
        assert int(lengths.frames[signal].sum()) == sum(expected)
        assert int(lengths.longest[signal]) == max(expected, default=0)


def test_very_long_runs_are_counted_together_but_keep_their_frames() -> None:
    lengths = RunLengths((None,))
    length = LONGEST // 2 + 10
    for previous in (-1, 0, 0):
        lengths.add(np.zeros((1, length, 1), np.int64), np.ones((1, length), bool), np.array([previous]))
    lengths.finish()
    assert expand(lengths.counts[0]) == [LONGEST]
    assert lengths.frames[0, LONGEST] == 3 * length == lengths.longest[0]
