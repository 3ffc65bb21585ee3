"""The policy: rows of a pack to a distribution over the next controller input that it may still decide.

Shapes: B batch, L frames of a window, H hidden size, N the delay, 13 heads.
"""

from collections.abc import Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from exphil.backbones.base import State
from exphil.backbones.registry import build_backbone
from exphil.errors import UsageError
from exphil.loading.batch import Batch
from exphil.policy.config import PolicyConfig
from exphil.policy.heads import action_heads, encode
from exphil.policy.inputs import IdKind, InputEmbedding
from exphil.policy.loss import Losses, Nll, Supervise, first_scored, losses, nll
from exphil.policy.objective import PLAIN, Objective
from exphil.policy.queue import neutral_queue


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
        self,
        config: PolicyConfig,
        decoder: nn.Module,
        dense_size: int,
        id_kinds: Sequence[IdKind],
        augmenter: nn.Module | None = None,
    ) -> None:
        """`decoder` is a `Decoder` that gives `dense_size` features and the ids named by `id_kinds`.

        `augmenter` changes the rows of batches that ask for it, as `exphil.policy.augment.Augmenter` does.
        """
        super().__init__()
        self.config = config
        self.decoder = decoder
        self.augmenter = augmenter
        sizes: dict[IdKind, int] = {
            "action": config.action_embedding_size,
            "character": config.character_embedding_size,
        }
        self.inputs = InputEmbedding(dense_size, 1 + config.delay, id_kinds, sizes)
        self.backbone = build_backbone(config.backbone, self.inputs.output_size)
        self.heads = action_heads(config.heads, config.backbone.hidden_size, config.head_units)

    @property
    def _read(self) -> Decoder:
        return cast(Decoder, self.decoder)

    def forward(self, rows: Tensor, viewpoint: Tensor, queue: Tensor | None = None) -> Tensor:
        """A window as it is met in play -> hidden (B, L, H + 81), causal, as the heads take it.

        Args:
            rows: (B, L, row_bytes) uint8.
            viewpoint: (B,) int64.
            queue: (B, N, 13) int64, the inputs on their way beside the last row; None without a delay.
        """
        dense, ids = self._read(rows, viewpoint)
        return self._hidden(dense, ids, self._known(self._read.actions(rows, viewpoint), queue))

    def log_probs(self, batch: Batch) -> Tensor:
        """(B, L, 13) log-probability, in nats, of each head's true choice, at every frame."""
        hidden, targets = self._observe(batch)
        return self.heads.log_prob(hidden, targets)

    def nll(self, batch: Batch, *, supervise: Supervise = "all", warmup: int = 0) -> Nll:
        """Nats over the batch's frames that are marked, past the warm-up, and in which the self is alive."""
        hidden, targets, scored = self._scored(batch, supervise, warmup)
        return nll(self.heads.log_prob(hidden, targets), scored)

    def losses(
        self,
        batch: Batch,
        *,
        objective: Objective = PLAIN,
        supervise: Supervise = "all",
        warmup: int = 0,
    ) -> Losses:
        """What is optimised, and plain nats beside it, over the frames that `nll` scores."""
        hidden, targets, scored = self._scored(batch, supervise, warmup)
        return losses(self.heads.logits(hidden, targets), targets, scored, objective)

    def initial_state(self, batch: int) -> State:
        """The memory before a game's first frame."""
        return self.backbone.initial_state(batch)

    def initial_queue(self, batch: int) -> Tensor:
        """(B, N, 13) int64: what is on its way before a game's first frame; see `exphil.policy.queue.push`."""
        return neutral_queue(batch, self.config.delay, next(self.parameters()).device)

    def step(
        self, rows: Tensor, viewpoint: Tensor, queue: Tensor | None, state: State
    ) -> tuple[Tensor, State]:
        """One frame: (B, row_bytes) uint8, (B,) int64, queue, memory -> hidden (B, H + 81), memory after."""
        rows = rows.unsqueeze(1)
        dense, ids = self._read(rows, viewpoint)
        known = self._known(self._read.actions(rows, viewpoint), queue)
        codes = encode(known, dense.dtype)
        inputs = self.inputs(dense[:, 0], codes.unbind(1), ids[:, 0])
        hidden, after = self.backbone.step(inputs, state)
        return torch.cat((hidden, codes[:, -1]), dim=-1), after

    def sample(
        self,
        hidden: Tensor,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """(B, H + 81) -> (B, 13) int64: the input of frame t + 1 + N, drawn as the heads' kind does."""
        return self.heads.sample(
            hidden, temperature=temperature, top_p=top_p, generator=generator, noise=noise
        )

    def _observe(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Hidden (B, L, H + 81) of a batch's windows, and the true choices (B, L, 13) beside them."""
        delay, length = self.config.delay, batch.length
        if batch.delay != delay:
            raise UsageError(f"windows of delay {batch.delay} for a policy of delay {delay}")
        rows = batch.rows
        if batch.augmentation is not None:
            if self.augmenter is None:
                raise ValueError("the batch is to be augmented, and the policy was made without an augmenter")
            rows = self.augmenter(rows, batch.augmentation)
        dense, ids = self._read(rows[:, :length], batch.viewpoint)
        actions = self._read.actions(rows, batch.viewpoint)  # of frames 0 to L + N
        return self._hidden(dense, ids, actions[:, :-1]), actions[:, 1 + delay :]

    def _scored(self, batch: Batch, supervise: Supervise, warmup: int) -> tuple[Tensor, Tensor, Tensor]:
        """Hidden, true choices, and (B, l) whether they count, from the first frame on that may."""
        first = first_scored(batch.length, supervise=supervise, warmup=warmup)
        hidden, targets = self._observe(batch)
        alive = self._read.alive(batch.rows[:, : batch.length], batch.viewpoint)
        return hidden[:, first:], targets[:, first:], (batch.mask & alive)[:, first:]

    def _known(self, actions: Tensor, queue: Tensor | None) -> Tensor:
        """(B, L, 13) inputs of the rows, and those on their way -> (B, L + N, 13)."""
        waiting = 0 if queue is None else queue.shape[1]
        if waiting != self.config.delay:
            raise UsageError(f"a queue of {waiting} inputs for a policy of delay {self.config.delay}")
        return actions if queue is None else torch.cat((actions, queue), dim=1)

    def _hidden(self, dense: Tensor, ids: Tensor, actions: Tensor) -> Tensor:
        """(B, L, features), (B, L, id columns), (B, L + N, 13) -> (B, L, H + 81).

        Beside frame t stand the inputs of frames t to t + N: the one on the screen, and those on their way. The
        newest is what is held when the decision falls due, and most often it is the next one too.
        """
        codes = encode(actions, dense.dtype)
        length = dense.shape[1]
        known = [codes[:, start : start + length] for start in range(1 + self.config.delay)]
        return torch.cat((self.backbone(self.inputs(dense, known, ids)), known[-1]), dim=-1)
