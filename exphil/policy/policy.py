"""The policy: rows of a pack to a distribution over the next controller input.

Shapes: B batch, L frames of a window, H hidden size, 13 heads.
"""

from collections.abc import Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from exphil.backbones.base import State
from exphil.backbones.registry import build_backbone
from exphil.loading.batch import Batch
from exphil.policy.config import PolicyConfig
from exphil.policy.heads import ActionHeads, encode
from exphil.policy.inputs import IdKind, InputEmbedding
from exphil.policy.loss import Nll, Supervise, first_scored, nll


class Decoder(Protocol):
    """Reads rows as a viewpoint sees them. `exphil.policy.decode.FeatureDecoder` is one."""

    def __call__(self, rows: Tensor, viewpoint: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L, row_bytes) uint8, (B,) int64 -> dense (B, L, features) and ids (B, L, id columns) int64."""
        ...

    def actions(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        """-> (B, L, 13) int64: the input of each frame, in the order of the heads."""
        ...

    def alive(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        """-> (B, L) bool: frames in which the self neither dies nor revives."""
        ...


class Policy(nn.Module):
    """Decoder, embeddings, backbone and heads; `exphil.policy.build` makes one for a feature set."""

    def __init__(
        self, config: PolicyConfig, decoder: nn.Module, dense_size: int, id_kinds: Sequence[IdKind]
    ) -> None:
        """`decoder` is a `Decoder` that gives `dense_size` features and the ids named by `id_kinds`."""
        super().__init__()
        self.config = config
        self.decoder = decoder
        sizes: dict[IdKind, int] = {
            "action": config.action_embedding_size,
            "character": config.character_embedding_size,
        }
        self.inputs = InputEmbedding(dense_size, id_kinds, sizes)
        self.backbone = build_backbone(config.backbone, self.inputs.output_size)
        self.heads = ActionHeads(config.backbone.hidden_size, config.head_units)

    @property
    def _read(self) -> Decoder:
        return cast(Decoder, self.decoder)

    def forward(self, rows: Tensor, viewpoint: Tensor) -> Tensor:
        """(B, L, row_bytes) uint8, (B,) int64 -> hidden (B, L, H + 81), causal, as the heads take it.

        Each frame holds its own input: it is on the screen, and most often it is the next one too.
        """
        dense, ids = self._read(rows, viewpoint)
        held = encode(self._read.actions(rows, viewpoint), dense.dtype)
        return torch.cat((self.backbone(self.inputs(dense, held, ids)), held), dim=-1)

    def log_probs(self, batch: Batch) -> Tensor:
        """(B, L, 13) log-probability, in nats, of each head's true choice, at every frame."""
        hidden = self(batch.rows[:, : batch.length], batch.viewpoint)
        return self.heads.log_prob(hidden, self._targets(batch))

    def nll(self, batch: Batch, *, supervise: Supervise = "all", warmup: int = 0) -> Nll:
        """Nats over the batch's frames that are marked, past the warm-up, and in which the self is alive."""
        observed = batch.rows[:, : batch.length]
        first = first_scored(batch.length, supervise=supervise, warmup=warmup)
        hidden = self(observed, batch.viewpoint)[:, first:]
        scored = (batch.mask & self._read.alive(observed, batch.viewpoint))[:, first:]
        return nll(self.heads.log_prob(hidden, self._targets(batch)[:, first:]), scored)

    def initial_state(self, batch: int) -> State:
        """The memory before a game's first frame."""
        return self.backbone.initial_state(batch)

    def step(self, rows: Tensor, viewpoint: Tensor, state: State) -> tuple[Tensor, State]:
        """One frame: (B, row_bytes) uint8, (B,) int64, memory -> hidden (B, H + 81), memory after."""
        rows = rows.unsqueeze(1)
        dense, ids = self._read(rows, viewpoint)
        held = encode(self._read.actions(rows, viewpoint), dense.dtype)
        hidden, after = self.backbone.step(self.inputs(dense, held, ids).squeeze(1), state)
        return torch.cat((hidden, held.squeeze(1)), dim=-1), after

    def sample(
        self,
        hidden: Tensor,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """(B, H + 81) -> (B, 13) int64: an input drawn head by head."""
        return self.heads.sample(hidden, temperature=temperature, top_p=top_p, generator=generator)

    def _targets(self, batch: Batch) -> Tensor:
        """(B, L, 13): the input of frame t + 1 + delay beside frame t."""
        start = 1 + batch.delay
        return self._read.actions(batch.rows[:, start : start + batch.length], batch.viewpoint)
