"""The policy over streams: the recorded pass is the window pass, and a free run is what play would be."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from exphil.evaluation.input_bytes import InputWriter
from exphil.evaluation.rollout import Rollout, Sampling
from exphil.evaluation.streams import chunks
from exphil.features import V1
from exphil.loading.sampler import Segments
from exphil.policy.policy import Policy
from tests.evaluation.conftest import make_policy

ARGMAX = Sampling(temperature=0.0)


LEAD = 8
"""Frames before the first scored one; recordings have more."""


def with_short_lead(games: Any) -> Any:
    packs, places = games
    columns = {name: getattr(places, name) for name in Segments.__slots__}
    return packs, Segments(**{**columns, "run_start": places.first - LEAD})


def played(policy: Policy, games: Any, samplings: Any, side_by_side: int, length: int) -> dict[int, Any]:
    """Hidden, inputs and choices of each stream over its own frames, whatever the chunks were."""
    packs, places = games
    rollout = Rollout(policy, samplings)
    found: dict[int, list[Any]] = {}
    for chunk in chunks(
        packs, places, delay=policy.config.delay, side_by_side=side_by_side, num_frames=length
    ):
        part = rollout.play(chunk)
        for slot, stream in enumerate(chunk.stream.tolist()):
            num = int(min(length, places.stop[stream] - places.first[stream] - chunk.since[slot, 0]))
            found.setdefault(stream, []).append(
                (part.hidden[slot, :num], *(choice[slot, :num] for choice in part.chosen))
            )
    return {
        stream: tuple(torch.cat(column) for column in zip(*parts, strict=True))
        for stream, parts in found.items()
    }


ATTENTION = {"num_heads": 2, "head_dim": 8, "attention_window": 7}


@pytest.mark.parametrize(
    ("backbone", "delay", "options"),
    [
        ("mlp", 2, {}),
        ("mamba", 0, {}),
        ("gru", 1, {}),
        ("attention", 0, ATTENTION),
        ("jamba", 0, {"num_layers": 2, "attention_every": 2, **ATTENTION}),
    ],
)
def test_the_recorded_pass_is_the_window_pass(
    make_games: Callable[..., Any], backbone: str, delay: int, options: dict[str, int]
) -> None:
    packs, places = games = with_short_lead(make_games(110, 123, 102, delay=delay))
    policy = make_policy(backbone, delay, **options)
    found = played(policy, games, (), side_by_side=4, length=16)
    assert set(found) == set(range(6))
    for stream, (hidden,) in found.items():
        start, stop = int(places.run_start[stream]), int(places.stop[stream])
        rows = torch.from_numpy(packs.parts[int(places.part[stream])][start : stop + delay].copy()).unsqueeze(
            0
        )
        viewpoint = torch.tensor([int(places.viewpoint[stream])])
        with torch.inference_mode():
            actions = policy.decoder.actions(rows, viewpoint)  # type: ignore[operator, union-attr]
            queue = actions[:, stop - start :] if delay else None
            whole = policy(rows[:, : stop - start], viewpoint, queue)[0]
        torch.testing.assert_close(hidden, whole, atol=1e-4, rtol=1e-4)


def alone(policy: Policy, games: Any, stream: int) -> torch.Tensor:
    """The argmax free run of one stream, straight from its definition."""
    packs, places = games
    delay, write = policy.config.delay, InputWriter(V1)
    start, first, stop = (int(getattr(places, name)[stream]) for name in ("run_start", "first", "stop"))
    pack = torch.from_numpy(packs.parts[int(places.part[stream])].copy())
    viewpoint = torch.tensor([int(places.viewpoint[stream])])
    recorded = policy.decoder.actions(pack.unsqueeze(1), viewpoint.expand(len(pack)))[:, 0]  # type: ignore[operator, union-attr]
    inputs = {row: recorded[row] for row in range(start, stop + 1 + delay)}
    state, decided = policy.initial_state(1), []
    for row in range(start, stop):
        seen = pack[row : row + 1]
        if row > first + delay:
            seen = write(seen, viewpoint, inputs[row].unsqueeze(0))
        queue = torch.stack([inputs[row + n] for n in range(1, 1 + delay)]).unsqueeze(0) if delay else None
        hidden, state = policy.step(seen, viewpoint, queue, state)
        if row >= first:
            inputs[row + 1 + delay] = policy.sample(hidden, temperature=0.0)[0]
        decided.append(inputs[row + 1 + delay])
    return torch.stack(decided)


@pytest.mark.parametrize(("backbone", "delay"), [("mamba", 0), ("mamba", 3), ("mlp", 1)])
def test_a_free_run_sees_its_own_inputs_alone(
    make_games: Callable[..., Any], backbone: str, delay: int
) -> None:
    games = with_short_lead(make_games(108, 121, delay=delay))
    policy = make_policy(backbone, delay)
    found = played(policy, games, (Sampling(), ARGMAX), side_by_side=3, length=11)
    with torch.inference_mode():
        for stream in range(4):
            assert torch.equal(found[stream][2], alone(policy, games, stream)), stream


def test_before_the_first_scored_frame_inputs_are_the_recorded_ones(make_games: Callable[..., Any]) -> None:
    packs, places = games = with_short_lead(make_games(125))
    policy = make_policy("mlp")
    _, drawn = played(policy, games, (Sampling(),), side_by_side=2, length=16)[0]
    pack = torch.from_numpy(packs.parts[int(places.part[0])][int(places.run_start[0]) :].copy()).unsqueeze(0)
    recorded = policy.decoder.actions(pack, torch.tensor([0]))[0, 1:]  # type: ignore[operator, union-attr]
    assert torch.equal(drawn[:LEAD], recorded[:LEAD])
    assert not torch.equal(drawn[LEAD:], recorded[LEAD : len(drawn)])


def test_draws_repeat_with_the_seed_and_differ_by_temperature(make_games: Callable[..., Any]) -> None:
    games = with_short_lead(make_games(120))
    policy = make_policy("mlp")
    ways = (Sampling(), Sampling(temperature=0.2))
    first, second = (played(policy, games, ways, side_by_side=2, length=16)[0] for _ in range(2))
    assert torch.equal(first[1], second[1])
    assert not torch.equal(first[1], first[2])


@pytest.mark.parametrize(
    ("how", "name"),
    [
        (Sampling(), "temperature 1"),
        (ARGMAX, "argmax"),
        (Sampling(temperature=0.0, top_p=0.5), "argmax"),
        (Sampling(0.7, 0.95), "temperature 0.7, top-p 0.95"),
    ],
)
def test_ways_of_sampling_have_names(how: Sampling, name: str) -> None:
    assert how.name == name
