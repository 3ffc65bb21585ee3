"""Decoded features to the numbers that a backbone takes: ids become learned embeddings.

Shapes: ... any leading dimensions (B, or B and L).
"""

from collections.abc import Sequence
from typing import Final, Literal

import torch
from torch import Tensor, nn

from exphil.melee.actions import LAST_ACTION
from exphil.melee.characters import INTERNAL_NAMES
from exphil.policy.heads import NUM_LOGITS

IdKind = Literal["action", "character"]

NUM_IDS: Final[dict[IdKind, int]] = {"action": LAST_ACTION + 1, "character": len(INTERNAL_NAMES)}
"""Known ids of each kind, from 0. Larger ones, and "nobody there", share one row more."""


class IdEmbedding(nn.Module):
    """A learned vector an id; whatever is no known id has a vector of its own."""

    def __init__(self, kind: IdKind, size: int) -> None:
        super().__init__()
        self.num_known = NUM_IDS[kind]
        self.table = nn.Embedding(self.num_known + 1, size)
        nn.init.normal_(self.table.weight, std=size**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """(...) int64 -> (..., size)"""
        known = (ids >= 0) & (ids < self.num_known)
        out: Tensor = self.table(torch.where(known, ids, self.num_known))
        return out


class InputEmbedding(nn.Module):
    """Dense features, the codes of known inputs, and embeddings of the ids; all players share a table."""

    def __init__(
        self, dense_size: int, num_inputs: int, id_kinds: Sequence[IdKind], sizes: dict[IdKind, int]
    ) -> None:
        """`num_inputs`: inputs known beside a frame; `id_kinds`: the kind of each id column, in order;
        `sizes`: embedding width of each kind."""
        super().__init__()
        self.tables = nn.ModuleDict({kind: IdEmbedding(kind, size) for kind, size in sizes.items()})
        self.id_kinds = tuple(id_kinds)
        self.output_size = dense_size + num_inputs * NUM_LOGITS + sum(sizes[kind] for kind in id_kinds)

    def forward(self, dense: Tensor, inputs: Sequence[Tensor], ids: Tensor) -> Tensor:
        """(..., dense_size), the codes of the known inputs (..., 81) each, (..., ids) int64 -> (..., output_size)"""
        vectors = [self.tables[kind](ids[..., column]) for column, kind in enumerate(self.id_kinds)]
        return torch.cat((dense, *inputs, *vectors), dim=-1)
