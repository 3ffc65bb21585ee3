"""A policy stepped by torch, as it was trained: what an exported graph is compared with.

Shapes as in `exphil.play.engine`.
"""

import torch
from torch import Tensor

from exphil.backbones.base import State as Memory
from exphil.features import feature_set
from exphil.play.engine import Bytes, Floats, Ints, State
from exphil.policy.policy import Policy


class TorchEngine:
    """`Engine` over a policy in evaluation mode, on the CPU or wherever the policy is."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._device = next(policy.parameters()).device
        self._parts = [len(mixer) for mixer in policy.initial_state(1)]
        self.delay = policy.config.delay
        self.row_bytes = feature_set(policy.config.feature_set).row_dtype.itemsize

    def initial_state(self, batch: int) -> State:
        """The memory before a game's first frame."""
        return _flat(self._policy.initial_state(batch))

    @torch.inference_mode()
    def step(
        self,
        rows: Bytes,
        viewpoint: Ints,
        queue: Ints,
        noise: Floats,
        temperature: float,
        top_p: float,
        state: State,
    ) -> tuple[Ints, Floats, State]:
        """See `Engine.step`."""
        hidden, after = self._seen(rows, viewpoint, queue, state)
        drawn = self._policy.sample(
            hidden, temperature=temperature, top_p=top_p, noise=torch.tensor(noise, device=self._device)
        )
        log_prob = self._policy.heads.log_prob(hidden, drawn)
        return drawn.cpu().numpy(), log_prob.cpu().numpy(), _flat(after)

    @torch.inference_mode()
    def score(
        self, rows: Bytes, viewpoint: Ints, queue: Ints, actions: Ints, state: State
    ) -> tuple[Floats, State]:
        """See `Engine.score`."""
        hidden, after = self._seen(rows, viewpoint, queue, state)
        chosen = torch.tensor(actions, device=self._device)
        return self._policy.heads.log_prob(hidden, chosen).cpu().numpy(), _flat(after)

    def _seen(self, rows: Bytes, viewpoint: Ints, queue: Ints, state: State) -> tuple[Tensor, Memory]:
        """The backbone's output beside the frame, and the memory after it."""
        known, looks = (torch.tensor(array, device=self._device) for array in (rows, viewpoint))
        waiting = torch.tensor(queue, device=self._device) if self.delay else None
        return self._policy.step(known, looks, waiting, self._nested(state))

    def _nested(self, state: State) -> Memory:
        """Arrays as the policy holds them: by mixer."""
        tensors = iter(torch.from_numpy(array).to(self._device) for array in state)
        return tuple(tuple(next(tensors) for _ in range(count)) for count in self._parts)


def _flat(memory: Memory) -> State:
    return tuple(tensor.cpu().numpy() for mixer in memory for tensor in mixer)
