"""Drawing an input from given noise: the inverse of each head's cumulative distribution, without a branch.

A button is pressed where its noise is below the probability; another head takes the first class whose cumulative
probability exceeds it. Temperature 0 takes the likeliest class. Top-p keeps a class as long as those likelier than
it, of equals those before it, have less than that share; one class is always kept.

Shapes: B batch, 8 buttons, 5 other heads, k classes of a head.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from exphil.melee.controller import HEAD_SIZES, SHOULDER_BINS, STICK_BINS
from exphil.policy.heads import NUM_BUTTONS

COLDEST: Final = 2.0**-30
"""Stands for temperature 0: dividing by it rounds nothing, and leaves all but the likeliest class no share."""

LARGEST_NOISE: Final = 1 - 2.0**-22
"""Noise nearer to 1 would round up to it when multiplied, and name a class beyond the last."""

LEAST_TOP_P: Final = 1e-6

FAR: Final = 1e9
"""Beyond every logit, and every probability."""

OTHER_SIZES: Final = HEAD_SIZES[NUM_BUTTONS:]
NUM_OTHERS: Final = len(OTHER_SIZES)


class FreeDraws(NamedTuple):
    """How a frame's heads are drawn where no class is left out and none is given.

    Attributes:
        edge: (B, 8) logits above which each button is pressed.
        noise: (B, 5) of the other heads.
        cooled: () 1 over the temperature.
    """

    edge: Tensor
    noise: Tensor
    cooled: Tensor


class Draws(NamedTuple):
    """How a frame's heads are drawn.

    Attributes:
        edge: (B, 8) logits above which each button is pressed.
        noise: (B, 5) of the other heads.
        pushed: (B, 73) of their classes: see `Sampler.prepare`.
        cooled: () 1 over the temperature.
        share: () top-p.
    """

    edge: Tensor
    noise: Tensor
    pushed: Tensor
    cooled: Tensor
    share: Tensor


class Sampler(nn.Module):
    """Noise, temperature, top-p and given choices of a frame, made ready once for all its heads.

    A choice is kept as *steps*: one of k numbers for each class that lies below it, so 1 1 1 0 0 for class 3 of 5.
    """

    def __init__(self) -> None:
        super().__init__()
        for size in (STICK_BINS, SHOULDER_BINS):
            ones = torch.ones(size, size)
            self.register_buffer(f"before_{size}", ones.triu(1), persistent=False)
            self.register_buffer(f"up_to_{size}", ones.triu(), persistent=False)
            surely = ones.triu()
            surely[:, -1] = 2.0  # beyond all noise, so that the last class has none to lie below
            self.register_buffer(f"surely_up_to_{size}", surely, persistent=False)
        classes = [torch.arange(size) for size in OTHER_SIZES]
        self.register_buffer("classes", torch.cat(classes).float(), persistent=False)
        # the mass up to a head's last class is its whole, and must stay as it is
        far = [FAR * (numbers < size - 1) for numbers, size in zip(classes, OTHER_SIZES, strict=True)]
        self.register_buffer("far", torch.cat(far), persistent=False)
        heads = torch.arange(NUM_OTHERS).repeat_interleave(torch.tensor(OTHER_SIZES))
        self.register_buffer("heads", heads, persistent=False)

    def prepare_freely(self, noise: Tensor, temperature: Tensor) -> FreeDraws:
        """(B, 13) and ()."""
        noise, is_cold, heat = (
            noise.clamp(max=LARGEST_NOISE),
            temperature <= 0,
            temperature.clamp(min=COLDEST),
        )
        buttons, others = noise.split((NUM_BUTTONS, NUM_OTHERS), dim=1)
        edge = torch.where(is_cold, 0.0, torch.log(buttons / (1 - buttons)) * heat)
        return FreeDraws(edge, torch.where(is_cold, 0.0, others), 1 / heat)

    def free_steps(self, logits: Tensor, size: int, noise: Tensor, cooled: Tensor) -> Tensor:
        """`steps` with neither top-p nor choices that are given."""
        mass = torch.softmax(logits * cooled, dim=-1) @ self.get_buffer(f"surely_up_to_{size}")
        return (mass <= noise).to(logits.dtype)

    def prepare(self, noise: Tensor, temperature: Tensor, top_p: Tensor, forced: Tensor) -> Draws:
        """(B, 13), (), () and given choices (B, 13), below 0 where there is none."""
        noise, given = noise.clamp(max=LARGEST_NOISE), forced.to(noise.dtype)
        is_cold, share = temperature <= 0, top_p.clamp(min=LEAST_TOP_P)
        heat = temperature.clamp(min=COLDEST)
        buttons, others = noise.split((NUM_BUTTONS, NUM_OTHERS), dim=1)
        buttons_given, others_given = given.split((NUM_BUTTONS, NUM_OTHERS), dim=1)
        edge = torch.log(buttons / (1 - buttons))
        sure = share.clamp(min=0.5)
        limit = torch.log(sure / (1 - sure))  # beyond it the likelier of two classes is the only one kept
        edge = torch.where(is_cold, 0.0, torch.minimum(torch.maximum(edge, -limit), limit) * heat)
        edge = torch.where(buttons_given < 0, edge, (0.5 - buttons_given) * FAR)
        others_given = others_given.index_select(1, self.get_buffer("heads"))
        # added to the mass up to a class: below the given one it is then never enough, from there on always
        far = self.get_buffer("far")
        pushed = torch.where(self.get_buffer("classes") < others_given, -far, far)
        pushed = torch.where(others_given < 0, 0.0, pushed)
        return Draws(edge, torch.where(is_cold, 0.0, others), pushed, 1 / heat, share)

    def steps(
        self, logits: Tensor, size: int, noise: Tensor, pushed: Tensor, cooled: Tensor, share: Tensor
    ) -> Tensor:
        """Logits (..., k), k, noise (..., 1) and `pushed` (..., k) -> steps (..., k), float32."""
        probability = torch.softmax(logits * cooled, dim=-1)
        ranked, order = probability.topk(size, dim=-1)
        likelier = ranked @ self.get_buffer(f"before_{size}")
        kept = probability.scatter(-1, order, torch.where(likelier < share, ranked, 0.0))
        mass = kept @ self.get_buffer(f"up_to_{size}") + pushed
        return (mass <= noise * mass[..., -1:]).to(logits.dtype)
