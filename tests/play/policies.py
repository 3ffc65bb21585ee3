"""Tiny policies, an engine each, and games of random rows for them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from exphil.live.messages import LiveFrame
from exphil.play.torch_engine import TorchEngine
from exphil.policy.policy import Policy
from tests.evaluation.conftest import make_policy, random_rows

Rows = npt.NDArray[np.uint8]

FIRST = -123
ATTENTION = {"num_heads": 2, "head_dim": 8, "attention_window": 7}
OPTIONS: dict[str, dict[str, Any]] = {
    "mlp": {},
    "lstm": {},
    "gru": {"num_layers": 2},
    "attention": ATTENTION,
    "sliding_window": ATTENTION,
    "mamba": {},
    "jamba": {"num_layers": 2, "attention_every": 2, **ATTENTION},
}


def tiny(backbone: str, delay: int = 0) -> Policy:
    """A policy that decides something."""
    return make_policy(backbone, delay, **OPTIONS[backbone])


def engine(backbone: str, delay: int = 0) -> TorchEngine:
    return TorchEngine(tiny(backbone, delay))


def rows_of_a_game(count: int, seed: int = 0) -> Rows:
    return random_rows(count, np.random.default_rng(seed))


def frame(number: int, row: Rows) -> LiveFrame:
    return LiveFrame(frame=number, finalized=None, row=row, is_rollback=False)


def frames(rows: Rows, first: int = FIRST) -> list[LiveFrame]:
    """A game without rollbacks."""
    return [frame(first + place, row) for place, row in enumerate(rows)]
