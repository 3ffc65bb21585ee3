"""Small policies, and packs of games that they can read."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch

from exphil.backbones.config import backbone_config
from exphil.evaluation.input_bytes import InputWriter
from exphil.features import V1
from exphil.loading.dataset import find_segments
from exphil.loading.sampler import Segments
from exphil.melee.controller import HEAD_SIZES
from exphil.policy.build import build_policy
from exphil.policy.config import PolicyConfig
from exphil.policy.policy import Policy
from tests.packs import FakePacks, make_packs

__all__ = ["make_packs"]


def random_actions(count: int, rng: np.random.Generator) -> torch.Tensor:
    """(count, 13) classes that stay for a while, as people's do."""
    columns = [np.repeat(rng.integers(0, size, count // 6 + 1), 6)[:count] for size in HEAD_SIZES]
    return torch.from_numpy(np.stack(columns, axis=1))


def random_rows(count: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """(count, row bytes) of a game in which both players stand, move, press and now and then die."""
    rows = np.zeros(count, V1.row_dtype)
    action = rng.integers(14, 300, (count, 2))
    action[rng.random((count, 2)) < 0.05] = 3
    rows["players"]["ids"][..., V1.slots["action"].column] = action
    for name in ("x", "y", "velocity_y"):
        rows["players"]["scalars"][..., V1.slots[name].column] = rng.integers(-500, 500, (count, 2))
    data = torch.from_numpy(rows.view(np.uint8).reshape(count, -1))
    write = InputWriter(V1)
    for side in (0, 1):
        data = write(data, torch.full((count,), side), random_actions(count, rng))
    return data.numpy()


def make_policy(backbone: str = "mamba", delay: int = 0, **options: Any) -> Policy:
    """A tiny policy that decides something: fresh heads would only hold what is held."""
    torch.manual_seed(3)
    config = PolicyConfig(
        backbone=backbone_config(backbone, **{"hidden_size": 16, "num_layers": 1, **options}),
        action_embedding_size=2,
        character_embedding_size=2,
        head_units=4,
        delay=delay,
    )
    policy = build_policy(config).eval()
    with torch.no_grad():
        policy.heads.from_held.weight.mul_(0.2)  # type: ignore[union-attr, operator]
        policy.heads.to_logits.weight.normal_(std=2.0)  # type: ignore[union-attr, operator]
    return policy


Games = tuple[FakePacks, Segments]


@pytest.fixture
def make_games(make_packs: Callable[..., FakePacks]) -> Callable[..., Games]:
    """Packs of games of some numbers of frames, and where their scored frames lie."""

    def make(*frames: int, delay: int = 0) -> Games:
        rng = np.random.default_rng(7)
        packs = make_packs(
            frames,
            make_rows=lambda count: random_rows(count, rng),
            num_parts=min(2, len(frames)),
            characters=("FOX", "MARTH"),
        )
        count = packs.segments.num_rows
        table = packs.segments.append_column("stage", pa.array(["BATTLEFIELD"] * count))
        table = table.append_column("opponent_character", pa.array(["MARTH", "FOX"] * (count // 2)))
        named = FakePacks(packs.parts, packs.runs, table)
        return named, find_segments(table, named, delay)

    return make
