"""The checks of an export: on which games, what counts as a miss, and what int8 costs."""

import copy
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
import torch

from exphil.evaluation.streams import Streams, name_streams
from exphil.export.agreement import Agreement, compare_with_torch
from exphil.export.games import carried, enough, frames
from exphil.export.precision import Precision, compare_precisions
from exphil.export.session import OnnxEngine
from exphil.features import V1
from exphil.loading.dataset import find_segments
from exphil.melee.controller import HEADS
from exphil.policy.decode import FeatureDecoder
from exphil.policy.policy import Policy
from tests.export.conftest import MakeFile, MakePolicy, random_rows
from tests.packs import FakePacks

Games = tuple[FakePacks, Streams]
MakeGames = Callable[..., Games]


@pytest.fixture
def make_games(make_packs: Callable[..., FakePacks]) -> MakeGames:
    """Packs of games of some numbers of frames, and every viewpoint's stream."""

    def make(*lengths: int, delay: int = 0) -> Games:
        seeds = iter(range(100))
        packs = make_packs(lengths, make_rows=lambda count: random_rows(count, next(seeds)))
        count = packs.segments.num_rows
        table = packs.segments.append_column("stage", pa.array(["BATTLEFIELD"] * count))
        table = table.append_column("opponent_character", pa.array(["FOX"] * count))
        found = FakePacks(packs.parts, packs.runs, table)
        return found, name_streams(find_segments(table, found, delay), table, found)

    return make


def told(_: int) -> None:
    """Progress that nobody looks at."""


@pytest.mark.parametrize(("backbone", "delay"), [("gru", 2), ("attention", 0)])
def test_an_export_agrees_over_many_games(
    make_games: MakeGames, make_policy: MakePolicy, make_file: MakeFile, backbone: str, delay: int
) -> None:
    packs, streams = make_games(104, 96, delay=delay)
    engine, done = OnnxEngine(make_file(backbone, delay)), []
    found = compare_with_torch(
        make_policy(backbone, delay), engine, packs, streams, steps=10_000, advance=done.append
    )
    assert found.steps == sum(done) == 2 * (104 + 96 - 2 * (1 + delay))
    assert not found.is_miss
    assert 0 < found.largest < 1e-4
    assert found.largest_head in HEADS
    few = compare_with_torch(make_policy(backbone, delay), engine, packs, streams, steps=50, advance=told)
    assert 50 <= few.steps < 60


def test_another_policy_is_a_miss(
    make_games: MakeGames, make_policy: MakePolicy, make_file: MakeFile
) -> None:
    packs, streams = make_games(150)
    policy = copy.deepcopy(make_policy())
    with torch.no_grad():
        policy.heads.to_logits.bias[40] += 0.01  # type: ignore[union-attr, operator]
    found = compare_with_torch(policy, OnnxEngine(make_file()), packs, streams, steps=50, advance=told)
    assert found.is_miss
    assert found.largest > 1e-3


def test_a_memory_that_is_not_carried_is_a_miss(
    make_games: MakeGames, make_policy: MakePolicy, make_file: MakeFile
) -> None:
    class Forgetful(OnnxEngine):
        def judge(self, *given):  # type: ignore[no-untyped-def]
            log_prob, logits, after = super().judge(*given)
            return log_prob, logits, tuple(np.zeros_like(part) for part in after)

    packs, streams = make_games(150)
    found = compare_with_torch(make_policy(), Forgetful(make_file()), packs, streams, steps=50, advance=told)
    assert found.is_miss


@pytest.mark.parametrize(
    ("changes", "is_miss"),
    [
        ({}, False),
        ({"largest_excess": 1.01}, True),
        ({"largest_excess": float("nan")}, True),
        ({"same_draws": 0.99}, True),
    ],
)
def test_what_is_a_miss(changes: dict[str, float], is_miss: bool) -> None:
    values = {"largest": 1e-5, "largest_excess": 0.1, "same_draws": 1.0} | changes
    assert Agreement(steps=5000, largest_head="main_x", **values).is_miss == is_miss


@pytest.mark.parametrize(("fp32", "int8", "is_miss"), [(1, 1.009, False), (1, 1.02, True), (1, 0.9, True),
                                                       (1, float("nan"), True)])  # fmt: skip
def test_int8_may_cost_a_hundredth(fp32: float, int8: float, is_miss: bool) -> None:
    found = Precision(100, fp32, int8, dict.fromkeys(HEADS, 1.0))
    assert found.is_miss == is_miss
    assert found.to_dict()["loss"] == pytest.approx(int8 - 1, nan_ok=True)


@torch.no_grad()
def test_nats_are_those_of_the_policy_streamed(
    make_games: MakeGames, make_policy: MakePolicy, make_file: MakeFile
) -> None:
    packs, streams = make_games(140, 130, delay=2)
    policy, engine = make_policy("gru", 2), OnnxEngine(make_file("gru", 2))
    found = compare_precisions(policy.config, engine, engine, packs, streams, steps=10_000, advance=told)
    nats, count = _streamed(policy, packs, streams)
    assert found.frames == count
    assert found.fp32 == found.int8 == pytest.approx(nats / count, rel=1e-4)
    assert set(found.same_argmax.values()) == {1.0}
    assert not found.is_miss


def _streamed(policy: Policy, packs: FakePacks, streams: Streams) -> tuple[float, int]:
    """Nats and frames, one stream after another by one forward each."""
    decoder, places, delay = FeatureDecoder(V1), streams.places, policy.config.delay
    total, count = 0.0, 0
    for place in range(len(streams)):
        start, stop = int(places.run_start[place]), int(places.stop[place])
        part = packs.parts[places.part[place]].reshape(-1, V1.row_dtype.itemsize)
        rows = torch.from_numpy(np.array(part[start : stop + 1 + delay]))[None]
        view = torch.from_numpy(places.viewpoint[place : place + 1])
        actions = decoder.actions(rows, view)
        length = stop - start
        queue = actions[:, length : length + delay]
        hidden = policy(rows[:, :length], view, queue)
        log_prob = policy.heads.log_prob(hidden, actions[:, 1 + delay :])
        counts = decoder.alive(rows[:, :length], view)
        counts[:, : int(places.first[place]) - start] = False
        total, count = total - float(log_prob[counts].sum()), count + int(counts.sum())
    return total, count


def test_enough_games_are_taken_one_viewpoint_of_each_first(make_games: MakeGames) -> None:
    _, streams = make_games(150, 160, 170, 180)
    few = enough(streams, steps=300, least=1)
    assert len(few) == 3 or len(few) == 2
    assert len(set(few.replay_id)) == len(few)
    assert set(few.places.viewpoint.tolist()) == {0, 1}
    assert len(enough(streams, steps=1, least=3)) == 3
    everything = enough(streams, steps=10**6, least=1)
    assert sorted(everything.replay_id) == sorted(streams.replay_id)
    assert len(everything.bounds) == len(streams)


def test_frames_carry_each_viewpoint_to_its_end(make_games: MakeGames) -> None:
    packs, streams = make_games(150, 140, delay=1)
    seen = 0
    for frame in frames(packs, streams, FeatureDecoder(V1), delay=1, side_by_side=2):
        seen += int(frame.is_real.sum())
        assert frame.queue.shape == (len(frame.rows), 1, 13)
        assert not (frame.is_scored & ~frame.is_real).any()
    assert seen == 2 * (150 + 140 - 2 * 2)


def test_memory_follows_its_viewpoint() -> None:
    state, fresh = (np.array([[1.0], [2.0], [3.0]]),), (np.zeros((2, 1)),)
    (found,) = carried(state, fresh, np.array([2, -1]))
    np.testing.assert_array_equal(found, [[3.0], [0.0]])
    (same,) = carried(state, (np.zeros((3, 1)),), np.arange(3))
    assert same is state[0]
    assert carried((), (), np.array([-1, 0])) == ()
    np.testing.assert_array_equal(state[0], [[1.0], [2.0], [3.0]])
