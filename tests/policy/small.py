"""A small policy, on a decoder that reads everything straight out of the bytes, and windows of any bytes for it."""

import torch
from torch import Tensor, nn

from exphil.backbones.config import backbone_config
from exphil.loading.batch import Batch
from exphil.melee.controller import HEAD_SIZES, NUM_HEADS
from exphil.policy.config import HeadsKind, PolicyConfig
from exphil.policy.inputs import IdKind
from exphil.policy.policy import Policy

DENSE, LENGTH, BATCH = 7, 12, 3
KINDS: tuple[IdKind, ...] = ("action", "action", "character", "character")
FIRST_ID = DENSE
FIRST_HEAD = FIRST_ID + 2 * len(KINDS)
ALIVE = FIRST_HEAD + NUM_HEADS
ROW_BYTES = ALIVE + 1


class BytesDecoder(nn.Module):
    """Dense features of a byte each, ids of two, heads of one, and whether the self is alive.

    Seen from the other viewpoint, features have the other sign.
    """

    def forward(self, rows: Tensor, viewpoint: Tensor) -> tuple[Tensor, Tensor]:
        sign = 1 - 2 * viewpoint[:, None, None].float()
        pairs = rows[..., FIRST_ID:FIRST_HEAD].long().unflatten(-1, (-1, 2))
        return sign * (rows[..., :DENSE].float() / 128 - 1), pairs[..., 0] + 256 * pairs[..., 1]

    def actions(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        return rows[..., FIRST_HEAD:ALIVE].long() % torch.tensor(HEAD_SIZES)

    def alive(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        return rows[..., ALIVE] > 0


SMALL_ATTENTION = {"num_heads": 2, "head_dim": 8, "attention_window": 10}
SMALL: dict[str, dict[str, int]] = {
    "attention": SMALL_ATTENTION,
    "sliding_window": SMALL_ATTENTION,
    "jamba": {**SMALL_ATTENTION, "num_layers": 3},
}


def make(
    name: str = "mamba", delay: int = 0, heads: HeadsKind = "autoregressive", **options: object
) -> Policy:
    torch.manual_seed(9)
    sizes = {"hidden_size": 24, "num_layers": 2, **SMALL.get(name, {}), **options}
    config = PolicyConfig(backbone=backbone_config(name, **sizes), head_units=8, delay=delay, heads=heads)
    return Policy(config, BytesDecoder(), DENSE, KINDS).eval()


def make_batch(delay: int = 0, length: int = LENGTH) -> Batch:
    torch.manual_seed(4)
    rows = torch.randint(0, 256, (BATCH, length + 1 + delay, ROW_BYTES), dtype=torch.uint8)
    rows[..., ALIVE] = 1
    mask = torch.ones(BATCH, length, dtype=torch.bool)
    return Batch(rows=rows, viewpoint=torch.tensor([0, 1, 0]), mask=mask, replay=torch.arange(BATCH))


def queue_beside(policy: Policy, batch: Batch, t: int) -> Tensor:
    """The inputs of the frames after t that are decided at t."""
    return BytesDecoder().actions(batch.rows[:, t + 1 : t + 1 + policy.config.delay], batch.viewpoint)
