"""One step of learning: gradients over one or more batches and all ranks, then the optimizer's step and the average.

The gradient is that of the loss summed over every scored frame of the step, divided by how many they are: it does
not matter how frames are dealt to batches and ranks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from exphil.loading.batch import Batch
from exphil.melee.controller import NUM_HEADS
from exphil.policy.loss import Losses
from exphil.policy.policy import Policy
from exphil.training.config import TrainConfig
from exphil.training.distributed import World
from exphil.training.ema import Ema
from exphil.training.optimizer import HIGHEST, make_optimizer, set_rate
from exphil.training.precision import autocast


@dataclass(frozen=True, slots=True)
class Found:
    """What the batches of a step came to, over all ranks; before the step is taken.

    Attributes:
        loss: what is optimised, a scored frame.
        nats: plain negative log-likelihood, a scored frame.
        num_frames: frames scored.
        num_shown: frames that the policy saw.
        grad_norm: length of the gradient before it is clipped.
        stop: whether any rank was asked to stop.
    """

    loss: float
    nats: float
    num_frames: int
    num_shown: int
    grad_norm: float
    stop: bool


class Learner:
    """A policy and all that changes with it from step to step."""

    def __init__(self, policy: Policy, config: TrainConfig, device: torch.device, world: World) -> None:
        self.policy = policy
        self.config = config
        self.device = device
        self.world = world
        self.optimizer = make_optimizer(
            policy,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            by_kind={"attention": config.attention_learning_rate, "mamba": config.mamba_learning_rate},
        )
        self.ema = Ema(policy, config.ema_decay) if config.ema_decay else None

    @property
    def learning_rate(self) -> float:
        """Of the last step, for the layers that have none of their own."""
        group = self.optimizer.param_groups[0]
        return self.config.learning_rate * float(group["lr"] / group[HIGHEST])

    def gradients(self, batches: Sequence[Batch], seeds: Sequence[int], *, stop: bool = False) -> Found:
        """Put the step's gradient beside the weights, unclipped.

        Args:
            batches: this rank's slices of them.
            seeds: of dropout, one a batch.
            stop: whether this rank was asked to stop.
        """
        self.optimizer.zero_grad(set_to_none=True)
        # Loss, scored frames, seen frames, ranks that were asked to stop, then nats by head.
        sums = torch.zeros(4 + NUM_HEADS, device=self.device)
        for batch, seed in zip(batches, seeds, strict=True):
            if len(batch.viewpoint):  # a rank has nothing of a batch that is smaller than the number of ranks
                sums += self._backward(batch.to(self.device), seed)
        sums[3] = float(stop)
        gradients = self._gradients()
        self.world.add_up([*gradients, sums])
        frames = sums[1].clamp(min=1)
        for gradient in gradients:
            gradient.div_(frames)
        norm = get_total_norm(gradients)
        loss, scored, shown, stopped, *by_head, length = torch.cat((sums, norm.reshape(1))).tolist()
        return Found(
            loss=loss / max(1.0, scored),
            nats=sum(by_head) / max(1.0, scored),
            num_frames=int(scored),
            num_shown=int(shown),
            grad_norm=length,
            stop=stopped > 0,
        )

    def step(self, share: float, grad_norm: float) -> None:
        """Clip the gradient, follow it, and move the average.

        Args:
            share: of the highest learning rates.
            grad_norm: of the gradient.
        """
        norm = torch.tensor(grad_norm, device=self.device)
        clip_grads_with_norm_(self.policy.parameters(), self.config.max_grad_norm, norm)
        set_rate(self.optimizer, share)
        self.optimizer.step()
        if self.ema is not None:
            self.ema.update(self.policy)

    @contextmanager
    def in_use(self) -> Iterator[Policy]:
        """The policy as it is to be used: with the averaged weights, where they are averaged, and no dropout."""
        with nullcontext() if self.ema is None else self.ema.in_place(self.policy):
            self.policy.eval()
            try:
                yield self.policy
            finally:
                self.policy.train()

    def weights(self) -> Mapping[str, Tensor]:
        """The weights to use: averaged where they are averaged."""
        return self.policy.state_dict() if self.ema is None else self.ema.weights

    def state_dict(self) -> dict[str, Any]:
        """All that the next step hangs on."""
        return {
            "policy": self.policy.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "ema": None if self.ema is None else self.ema.state_dict(),
        }

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        self.policy.load_state_dict(saved["policy"])
        self.optimizer.load_state_dict(saved["optimizer"])
        if self.ema is not None:
            self.ema.load_state_dict(saved["ema"])

    def again(self, batches: Sequence[Batch], seeds: Sequence[int]) -> list[Callable[[], Tensor]]:
        """The losses of a step's batches, to be computed once more, as they are written rather than compiled."""

        def compute(batch: Batch, seed: int) -> Tensor:
            with torch.compiler.set_stance("force_eager"):
                return self._losses(batch.to(self.device), seed).optimised

        pairs = zip(batches, seeds, strict=True)
        return [partial(compute, batch, seed) for batch, seed in pairs if len(batch.viewpoint)]

    def _losses(self, batch: Batch, seed: int) -> Losses:
        # Dropout hangs on the batch alone, not on what was drawn before it: nothing to save for resuming.
        torch.manual_seed(seed)
        with autocast(self.device, self.config.precision):
            return self.policy.losses(batch, objective=self.config.objective, supervise=self.config.supervise)

    def _backward(self, batch: Batch, seed: int) -> Tensor:
        """Add the gradient of a batch's summed loss; returns the batch's sums."""
        found = self._losses(batch, seed)
        torch.autograd.backward(found.optimised)
        counts = torch.stack((found.optimised.detach(), found.nll.num_frames.to(found.optimised.dtype)))
        return torch.cat((counts, counts.new_tensor((batch.mask.numel(), 0.0)), found.nll.by_head.detach()))

    def _gradients(self) -> list[Tensor]:
        """Of every parameter; with ranks, zeros where this one has none, so that all exchange the same."""
        found = []
        for parameter in self.policy.parameters():
            if parameter.grad is None and self.world.size > 1 and parameter.requires_grad:
                parameter.grad = torch.zeros_like(parameter)
            if parameter.grad is not None:
                found.append(parameter.grad)
        return found
