"""Drawing an input from given noise: the inverse of each head's cumulative distribution, without a branch.

A button is pressed where its noise is below the probability; another head takes the first class whose cumulative
probability exceeds it. Temperature 0 takes the likeliest class. Top-p keeps a class as long as those likelier than
it, of equals those before it, have less than that share; one class is always kept.

Shapes: B batch, 8 buttons, 5 other heads, k classes of a head.
"""

from typing import Final

import torch
from torch import Tensor, nn

from exphil.melee.controller import NUM_HEADS, SHOULDER_BINS, STICK_BINS
from exphil.policy.heads import NUM_BUTTONS

COLDEST: Final = 2.0**-30
"""Stands for temperature 0: a power of two divides without rounding, and leaves all but the likeliest class no share."""

LARGEST_NOISE: Final = 1 - 2.0**-22
"""Noise nearer to 1 would round up to it when multiplied, and name a class beyond the last."""

LEAST_TOP_P: Final = 1e-6


class Sampler(nn.Module):
    """Noise, temperature and top-p of a frame, made ready once for all its heads."""

    def __init__(self) -> None:
        super().__init__()
        for size in (STICK_BINS, SHOULDER_BINS):
            ones = torch.ones(size, size)
            self.register_buffer(f"before_{size}", ones.triu(1), persistent=False)
            self.register_buffer(f"up_to_{size}", ones.triu(), persistent=False)

    def prepare(
        self, noise: Tensor, temperature: Tensor, top_p: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 13), (), () -> logits above which each button is pressed (B, 8), the others' noise (B, 5), and both
        settings within their limits."""
        cold = temperature <= 0
        heat, share = temperature.clamp(min=COLDEST), top_p.clamp(min=LEAST_TOP_P)
        noise = noise.clamp(max=LARGEST_NOISE)
        buttons, others = noise.split((NUM_BUTTONS, NUM_HEADS - NUM_BUTTONS), dim=1)
        edge = torch.log(buttons) - torch.log(1 - buttons)
        sure = share.clamp(min=0.5)
        limit = torch.log(sure) - torch.log(
            1 - sure
        )  # beyond it the likelier of two classes is the only one kept
        edge = torch.minimum(torch.maximum(edge, -limit), limit) * heat
        return torch.where(cold, 0.0, edge), torch.where(cold, 0.0, others), heat, share

    def choose(self, logits: Tensor, noise: Tensor, heat: Tensor, share: Tensor) -> Tensor:
        """Logits (..., k) and noise (..., 1) -> (...) int64."""
        size = logits.shape[-1]
        probability = torch.softmax(logits / heat, dim=-1)
        ranked, order = probability.topk(size, dim=-1)
        likelier = ranked @ self.get_buffer(f"before_{size}")
        kept = (probability * 0).scatter(-1, order, ranked * (likelier < share).to(ranked.dtype))
        mass = kept @ self.get_buffer(f"up_to_{size}")
        return (mass <= noise * mass[..., -1:]).sum(-1)
