"""Whole real games through the path of play: features as the store has them, answers as one forward pass has them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

import exphil
from exphil.api import OpenStore
from exphil.assets import embeddings, plan, replays
from exphil.assets.workers import Workers
from exphil.export.onnx_file import exported_bytes
from exphil.export.session import OnnxEngine
from exphil.features import V1
from exphil.live import EventStream, GameStart, LiveFrame
from exphil.play.broadcast import frame_payloads
from exphil.play.engine import Engine
from exphil.play.runner import PolicyRunner, step_together
from exphil.play.torch_engine import TorchEngine
from exphil.policy.policy import Policy
from exphil.replays.reader import content_id
from exphil.replays.sources import find_sources
from exphil.store.store import Store
from tests.play.policies import tiny

GAMES = (
    "full_v1.7.1_falcon-zelda_battlefield", "full_v0.1.0_falco-fox_fd", "full_v3.14.0_falco-marth_fod",
    "full_v0.1.0_zelda-ics_yoshis", "full_v3.16.0_fox-peach_battlefield", "full_v3.12.0_fox-fox_battlefield",
    "full_v3.19.1_mewtwo-fox_fd", "full_v3.14.0_falcon-ics_dreamland", "full_v3.7.0_peach-marth_fd",
    "full_v3.14.0_falco-fox_stadium",
)  # fmt: skip
"""Ten short ones: every stage, seven formats, followers, transformations, netplay with its rollbacks."""

ROLLED_BACK = GAMES[2]


@dataclass(frozen=True)
class Played:
    """A game as it came, and as it stood in the end.

    Attributes:
        start: how it began.
        came: every frame, those that were taken back included.
        frames: ids of the game in the end.
        rows: (T, R) of these.
    """

    start: GameStart
    came: list[LiveFrame]
    frames: list[int]
    rows: npt.NDArray[np.uint8]


@cache
def played(path: Path) -> Played:
    """A recording through the event stream."""
    stream = EventStream()
    told = [event for _, payload in frame_payloads(path.read_bytes()) for event in stream.feed(payload)]
    (start,) = (event for event in told if isinstance(event, GameStart))
    came = [event for event in told if isinstance(event, LiveFrame)]
    final = {frame.frame: frame.row for frame in came}
    return Played(start, came, sorted(final), np.stack([final[number] for number in sorted(final)]))


@pytest.fixture(scope="module")
def find_game(replay_dir: Path) -> Callable[[str], Path]:
    """The recording whose name begins so."""

    def find(name: str) -> Path:
        found = sorted(replay_dir.glob(f"{name}*.slp"))
        if not found:
            pytest.skip(f"no {name}*.slp among the real replays")
        return found[0]

    return find


@pytest.fixture(scope="module")
def stored(find_game: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> OpenStore:
    """A store that was built of the ten files."""
    store = Store.create(tmp_path_factory.mktemp("real") / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(store, list(find_sources([find_game(name) for name in GAMES]))):
            replays.ingest(store, batch, workers)
            embeddings.materialize(store, batch, workers)
    return exphil.open_store(store.root)


@pytest.mark.slow
@pytest.mark.parametrize("name", GAMES)
def test_live_features_are_the_stored_embeddings(
    name: str, stored: OpenStore, find_game: Callable[[str], Path]
) -> None:
    """All 287 dims of every frame of both players, to the bit of a float16."""
    path = find_game(name)
    game = played(path)
    live = game.rows.view(V1.row_dtype)[:, 0]
    for viewpoint, port in enumerate(game.start.ports):
        expected = stored.embedding(content_id(path.read_bytes()), port)
        found = V1.decode(live, viewpoint)  # type: ignore[arg-type]
        assert found.shape == expected.shape == (len(game.frames), 287)
        wrong = found.astype(np.float16).view(np.uint16) != expected.astype(np.float16).view(np.uint16)
        assert not wrong.any(), [V1.names[dim] for dim in np.flatnonzero(wrong.any(axis=0))]


def forward(policy: Policy, rows: npt.NDArray[np.uint8], decided: npt.NDArray[np.int64]) -> Any:
    """(2, T, 13) log-probability of what was decided: one pass over the whole game from its first frame, both sides."""
    sides = torch.tensor([0, 1])
    with torch.inference_mode():
        hidden = policy(torch.from_numpy(rows)[None].expand(2, -1, -1), sides, None)
        return policy.heads.log_prob(hidden, torch.from_numpy(decided)).numpy()


def exported(policy: Policy) -> Engine:
    return OnnxEngine(exported_bytes(policy, run="small", weights="0123"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "engine", "name", "most"),
    [
        ("mlp", exported, GAMES[0], None),
        ("lstm", exported, GAMES[0], None),
        ("gru", exported, GAMES[0], None),
        ("attention", exported, GAMES[0], 1000),
        ("sliding_window", exported, GAMES[0], None),
        ("mamba", exported, GAMES[0], None),
        ("jamba", exported, GAMES[0], None),
        ("jamba", exported, ROLLED_BACK, 1500),
        ("gru", TorchEngine, ROLLED_BACK, 500),
    ],
)
def test_answers_are_those_of_one_forward_pass_over_the_game(
    backbone: str,
    engine: Callable[[Policy], Engine],
    name: str,
    most: int | None,
    find_game: Callable[[str], Path],
) -> None:
    """The memory goes along from the first frame to the last, or to that of `most`; nothing adds up."""
    policy, game = tiny(backbone), played(find_game(name))
    numbers = game.frames[:most]
    one = engine(policy)
    runners = [PolicyRunner(one, viewpoint=side, seed=side) for side in (0, 1)]
    told: dict[int, Any] = {}
    came = [frame for frame in game.came if frame.frame <= numbers[-1]]
    assert (len(came) > len(numbers) + 20) == (name == ROLLED_BACK)
    for frame in came:
        step_together(runners, [frame, frame])
        told[frame.frame] = [runner.decision for runner in runners]
    answers = [told[number] for number in numbers]
    decided, log_prob = (
        np.array([[getattr(beside[side], part) for beside in answers] for side in (0, 1)])
        for part in ("classes", "log_prob")
    )
    np.testing.assert_allclose(log_prob, forward(policy, game.rows[: len(numbers)], decided), atol=1e-4)
    assert len({choice.tobytes() for choice in decided[0]}) > 100
