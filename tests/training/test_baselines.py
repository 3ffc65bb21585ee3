"""The baselines against a twin that counts frame by frame."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from exphil.loading.dataset import find_segments
from exphil.loading.sampler import Sampler, Segments
from exphil.melee.controller import HEAD_SIZES
from exphil.training import baselines as module
from exphil.training.baselines import baselines, count_pairs, scored_segments

ROW_BYTES = 28


class FakeDecoder:
    """A row is 13 bytes of classes for either player, then an alive byte for either."""

    def __call__(self, rows: Tensor, viewpoint: Tensor) -> tuple[Tensor, Tensor]:
        raise AssertionError("baselines look at inputs alone")

    def actions(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        both = torch.stack((rows[..., :13], rows[..., 13:26]))
        return both[viewpoint, torch.arange(len(rows))].long() % torch.tensor(HEAD_SIZES)

    def alive(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        return torch.stack((rows[..., 26], rows[..., 27]))[viewpoint, torch.arange(len(rows))] > 60


def naive(
    packs: Any, train: Segments, validation: Segments, delay: int
) -> tuple[list[float], list[float], int]:
    """Straight from the definition, with loops."""

    def pairs(segments: Segments) -> list[tuple[list[int], list[int]]]:
        found = []
        for i in range(len(segments)):
            side = int(segments.viewpoint[i])
            rows = packs.parts[int(segments.part[i])]
            for row in range(int(segments.first[i]), int(segments.stop[i])):
                if rows[row, 26 + side] <= 60:
                    continue
                now, later = (
                    [int(b) % k for b, k in zip(rows[r, 13 * side : 13 * side + 13], HEAD_SIZES, strict=True)]
                    for r in (row + delay, row + 1 + delay)
                )
                found.append((now, later))
        return found

    known, scored = pairs(train), pairs(validation)
    marginal, repeat = [0.0] * 13, [0.0] * 13
    for head, classes in enumerate(HEAD_SIZES):
        for before, after in scored:
            same = sum(a[head] == after[head] for _, a in known)
            marginal[head] -= math.log((same + 1) / (len(known) + classes))
            given = sum(b[head] == before[head] for b, _ in known)
            both = sum(b[head] == before[head] and a[head] == after[head] for b, a in known)
            repeat[head] -= math.log((both + 0.1) / (given + 0.1 * classes))
    return [m / len(scored) for m in marginal], [r / len(scored) for r in repeat], len(scored)


@pytest.mark.parametrize(("delay", "num_parts", "chunk"), [(0, 1, 1 << 16), (2, 2, 7)])
def test_they_equal_the_naive_count(
    make_packs: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    delay: int,
    num_parts: int,
    chunk: int,
) -> None:
    monkeypatch.setattr(module, "CHUNK_FRAMES", chunk)
    rng = np.random.default_rng(3)
    packs = make_packs(
        [120, 130, 140, 110],
        num_parts=num_parts,
        make_rows=lambda rows: rng.integers(0, 256, (rows, ROW_BYTES), np.uint8),
    )
    train = find_segments(packs.segments.slice(0, 4), packs, delay)
    validation = find_segments(packs.segments.slice(4), packs, delay)
    found = baselines(
        count_pairs(packs, train, FakeDecoder(), delay), count_pairs(packs, validation, FakeDecoder(), delay)
    )
    marginal, repeat, num_frames = naive(packs, train, validation, delay)
    assert found.num_frames == num_frames
    assert found.marginal == pytest.approx(marginal)
    assert found.repeat == pytest.approx(repeat)
    assert found.to_dict()["repeat"]["nats"] == pytest.approx(sum(repeat))  # type: ignore[index]


def test_an_input_never_seen_in_training_still_has_a_finite_price(make_packs: Callable[..., Any]) -> None:
    packs = make_packs([300, 300], make_rows=lambda rows: np.full((rows, ROW_BYTES), 255, np.uint8))
    packs.parts[0].flags.writeable = False
    rare = np.asarray(packs.parts[0]).copy()
    rare[300:, :26] = 0
    changed = replace(packs, parts=(rare,))
    train = find_segments(packs.segments.slice(0, 2), packs, 0)
    other = find_segments(packs.segments.slice(2), packs, 0)
    found = baselines(*(count_pairs(changed, part, FakeDecoder(), 0) for part in (train, other)))
    assert np.isfinite(found.marginal).all()
    # Training holds every button down, validation none.
    assert found.marginal[0] == pytest.approx(math.log(found.num_frames + 2))
    assert found.repeat[0] == pytest.approx(math.log(2))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60))
def test_last_scores_exactly_the_frames_of_its_windows(make_packs: Callable[..., Any], stated: int) -> None:
    packs = make_packs([200, 150])
    sampler = Sampler(
        find_segments(packs.segments, packs, 0),
        window_size=20,
        batch_size=8,
        supervise="last",
        num_windows=stated,
    )
    frames = scored_segments(sampler, 0)
    assert frames.num_frames == len(frames) == stated
    order = sampler.epoch(0)
    expected = {
        (int(segment), int(start) + 19)
        for index in range(order.num_batches)
        for segment, start in zip(order.batch(index).segment, order.batch(index).start, strict=True)
    }
    owners = [int(sampler.segments.run_start[segment]) for segment, _ in expected]
    assert sorted(frames.run_start.tolist()) == sorted(owners)
    assert sorted(frames.first.tolist()) == sorted(row for _, row in expected)
