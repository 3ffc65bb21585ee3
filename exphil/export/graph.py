"""One frame of a policy as functions of tensors: rows in, choices and memory out. These are what is exported.

They say the same as `Policy.step` and its heads, with everything that is constant worked out beforehand: columns of
the first layer in the order in which rows are read, masks multiplied into the weights.

Shapes: B batch, R bytes a row, N the delay, H hidden size, 13 heads, 81 logits.
"""

import copy
from typing import cast

import torch
from torch import Tensor, nn

from exphil.backbones.base import State
from exphil.export.banks import UNUSED
from exphil.export.heads import Begun, drawn_heads, is_free, log_prob
from exphil.export.mixers import stepped
from exphil.export.rows import RowReader
from exphil.features import feature_set
from exphil.policy.heads import encode
from exphil.policy.inputs import IdEmbedding, IdKind, InputEmbedding
from exphil.policy.policy import Policy


class StepGraph(nn.Module):
    """A policy's step, heads and sampling. Shares no weight with the policy that it is made from."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        policy = copy.deepcopy(policy).eval()
        kinds = cast("dict[IdKind, IdEmbedding]", dict(policy.inputs.tables.items()))
        tables = {kind: embedding.table.weight for kind, embedding in kinds.items()}
        self.reader = RowReader(feature_set(policy.config.feature_set), tables)
        self.delay = policy.config.delay
        self.backbone = policy.backbone
        self.backbone.embed = _reordered(policy.backbone.embed, policy.inputs, self.reader)
        self.backbone.mixers = nn.ModuleList(stepped(mixer) for mixer in policy.backbone.mixers)
        self.heads = drawn_heads(policy.heads)

    def initial_state(self, batch: int) -> State:
        """The memory before the first frame: zeros, laid out as `exphil.export.mixers` has it."""
        return self.backbone.initial_state(batch)

    def see(self, rows: Tensor, viewpoint: Tensor, queue: Tensor, state: State) -> tuple[Begun, State]:
        """A frame up to the heads: what they begin with, and the memory after. Arguments as those of `forward`."""
        numbers, held = self.reader(rows, viewpoint)
        codes = [held]
        if self.delay:
            codes += encode(queue, held.dtype).unbind(1)
        hidden, after = self.backbone.step(torch.cat((*numbers, *codes), dim=1), state)
        return self.heads.begin(hidden, codes[-1]), after

    def forward(
        self,
        rows: Tensor,
        viewpoint: Tensor,
        queue: Tensor,
        noise: Tensor,
        temperature: Tensor,
        top_p: Tensor,
        forced: Tensor,
        state: State,
    ) -> tuple[Tensor, Tensor, Tensor, State]:
        """One frame.

        Args:
            rows: (B, R) uint8.
            viewpoint: (B,) int64: 0 where the first player is self, 1 for the second.
            queue: (B, N, 13) int64, inputs on their way.
            noise: (B, 13) float32 from 0 to below 1.
            temperature: () float32; 0 takes the likeliest.
            top_p: () float32.
            forced: (B, 13) int64: choices that are given; `FREE` for those to be drawn.
            state: the memory before.

        Returns:
            Choices (B, 13) int64, their log-probability (B, 13) at temperature 1 and without top-p, logits (B, 81)
            and the memory after.
        """
        begun, after = self.see(rows, viewpoint, queue, state)
        if is_free(top_p, forced):
            actions, logits = self.heads.freely(begun, noise, temperature)
        else:
            actions, logits = self.heads.drawn(begun, noise, temperature, top_p, forced)
        return actions, log_prob(logits, actions), logits, after


@torch.no_grad()
def _reordered(embed: nn.Linear, inputs: InputEmbedding, reader: RowReader) -> nn.Linear:
    """The first layer for numbers as `reader` gives them, then codes; what no input is weighs nothing."""
    codes = inputs.output_size - 1 - max(reader.places)
    num_dense = len(reader.features.dense_dims)
    weight = torch.cat((embed.weight[:, :num_dense], embed.weight[:, num_dense + codes :]), dim=1)
    chosen = torch.tensor(reader.places)
    numbers = weight[:, chosen.clamp(min=0)] * (chosen != UNUSED)
    weight = torch.cat((numbers, embed.weight[:, num_dense : num_dense + codes]), dim=1)
    found = nn.Linear(weight.shape[1], embed.out_features)
    found.weight.copy_(weight)
    found.bias.copy_(embed.bias)
    return found
