"""Small policies with weights that decide something, rows that they can read, and files of them."""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import torch

from exphil.backbones.config import backbone_config
from exphil.export.onnx_file import exported_bytes
from exphil.features import V1
from exphil.melee.controller import HEAD_SIZES
from exphil.policy.build import build_policy
from exphil.policy.config import HeadsKind, PolicyConfig
from exphil.policy.policy import Policy
from tests.packs import make_packs

__all__ = ["make_packs"]

ATTENTION = {"num_heads": 2, "head_dim": 8, "attention_window": 6}
SMALL: dict[str, dict[str, int]] = {
    "attention": ATTENTION,
    "sliding_window": ATTENTION,
    "jamba": {**ATTENTION, "num_layers": 3},
}

MakePolicy = Callable[..., Policy]
MakeFile = Callable[..., bytes]


@cache
def policy(
    backbone: str = "gru", delay: int = 0, heads: HeadsKind = "autoregressive", hidden_size: int = 16
) -> Policy:
    """Fresh heads only hold what is held; these do not. Treat as read-only."""
    torch.manual_seed(3)
    config = PolicyConfig(
        backbone=backbone_config(
            backbone, **{"hidden_size": hidden_size, "num_layers": 1, **SMALL.get(backbone, {})}
        ),
        action_embedding_size=3,
        character_embedding_size=2,
        head_units=4,
        delay=delay,
        heads=heads,
    )
    made = build_policy(config).eval()
    with torch.no_grad():
        made.heads.from_held.weight.mul_(0.2)  # type: ignore[union-attr, operator]
        made.heads.to_logits.weight.normal_(std=1.0)  # type: ignore[union-attr, operator]
        if heads == "autoregressive":
            made.heads.from_choices.weight.normal_(std=1.0)  # type: ignore[union-attr, operator]
    return made


@cache
def content(
    backbone: str = "gru", delay: int = 0, heads: HeadsKind = "autoregressive", hidden_size: int = 16
) -> bytes:
    """The exported file of `policy`."""
    return exported_bytes(policy(backbone, delay, heads, hidden_size), run="small", weights="0123")


@pytest.fixture
def make_policy() -> MakePolicy:
    return policy


@pytest.fixture
def make_file() -> MakeFile:
    return content


def random_rows(count: int, seed: int) -> npt.NDArray[np.uint8]:
    """(count, R) rows of any content, but with ids and codes that exist, and positions about the stages."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (count, V1.row_dtype.itemsize), np.uint8).view(V1.row_dtype)[:, 0]
    ids = rows["players"]["ids"]
    for column, (name, size) in enumerate(zip(V1.columns["player_ids"], V1.id_sizes[:3], strict=True)):
        ids[..., column] = rng.integers(0, size, ids.shape[:-1])
        assert name in ("action", "character", "follower.action")
    scalars = rows["players"]["scalars"]
    near = rng.random(ids.shape[:-1]) < 0.7  # on and about the platforms rather than anywhere
    for name, reach in (("x", 90 * 64), ("y", 60 * 64)):
        column = V1.slots[name].column
        scalars[..., column] = np.where(near, rng.integers(-reach, reach, near.shape), scalars[..., column])
    for stick in ("main_x", "main_y", "c_x", "c_y"):
        column = V1.slots[f"input.{stick}"].column
        scalars[..., column] = rng.integers(-10240, 10241, near.shape)
    legal = rng.random(count) < 0.8
    codes = rows["shared"]["codes"]
    stage = V1.slots["stage"].column
    codes[:, stage] = np.where(legal, rng.choice([2, 3, 8, 28, 31, 32], count), codes[:, stage])
    for name in ("fountain.left_height", "fountain.right_height", "randall.x", "randall.y"):
        column = V1.slots[name].column
        rows["shared"]["scalars"][:, column] = rng.integers(-3000, 3000, count) * (rng.random(count) < 0.5)
    return np.ascontiguousarray(rows).view(np.uint8).reshape(count, -1)


def random_actions(shape: tuple[int, ...], seed: int) -> npt.NDArray[np.int64]:
    """(..., 13) classes."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, size, shape) for size in HEAD_SIZES], axis=-1)
