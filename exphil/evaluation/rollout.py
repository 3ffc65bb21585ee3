"""The policy over streams, frame by frame, its memory carried from each game's first frame on.

Every frame is taken once as it was recorded, and once for each way of sampling as a *free run*: there the
self's previous input is the one that the policy itself has chosen, while everything else, the state of the game
included, stays as recorded. All of these go through `Policy.step` in one batch.

Shapes: S streams, T frames of a chunk, F ways of sampling, N the delay, H hidden size, 13 heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from exphil.backbones.base import State
from exphil.evaluation.input_bytes import InputWriter
from exphil.evaluation.streams import Chunk
from exphil.features import feature_set
from exphil.melee.controller import NUM_HEADS
from exphil.policy.policy import Decoder, Policy
from exphil.policy.queue import push


@dataclass(frozen=True, slots=True)
class Sampling:
    """How inputs are drawn. Temperature 0 takes each head's likeliest class in turn."""

    temperature: float = 1.0
    top_p: float = 1.0

    @property
    def name(self) -> str:
        """As reports call it: `temperature 0.8, top-p 0.9`, or `argmax`."""
        if self.temperature <= 0:
            return "argmax"
        limit = f", top-p {self.top_p:g}" if self.top_p < 1 else ""
        return f"temperature {self.temperature:g}{limit}"


@dataclass(frozen=True, slots=True)
class Played:
    """What the policy made of a chunk.

    Attributes:
        hidden: (S, T, H + 81) over the recorded game, as the heads take it.
        actions: (S, T + 1 + N, 13) int64: the recorded input of every frame.
        chosen: F of (S, T, 13) int64: each free run's input for frame t + 1 + N, decided at frame t.
    """

    hidden: Tensor
    actions: Tensor
    chosen: tuple[Tensor, ...]


class Rollout:
    """Plays chunk after chunk; remembers what the next one needs.

    Args:
        policy: in evaluation mode; its device is where all happens.
        samplings: a free run each.
        seed: of what is drawn.
    """

    def __init__(self, policy: Policy, samplings: Sequence[Sampling], seed: int = 0) -> None:
        self._policy = policy
        self._samplings = tuple(samplings)
        self._device = next(policy.parameters()).device
        self._random = torch.Generator(self._device).manual_seed(seed)
        self._write = InputWriter(feature_set(policy.config.feature_set)).to(self._device)
        self._state: State = policy.initial_state(0)
        self._due = torch.empty(len(samplings), 0, NUM_HEADS, dtype=torch.int64, device=self._device)
        self._queue = self._due.unsqueeze(2)

    @torch.inference_mode()
    def play(self, chunk: Chunk) -> Played:
        """The chunk's frames, in order."""
        rows, viewpoint = chunk.rows.to(self._device), chunk.viewpoint.to(self._device)
        actions = decoder_of(self._policy).actions(rows, viewpoint)
        delay, runs = chunk.delay, len(self._samplings)
        state, due, queue = self._taken_up(chunk, actions)
        # From the first scored frame on the free run decides; it holds its own input once that has arrived.
        decides = torch.from_numpy(chunk.since >= 0).to(self._device)
        holds = torch.from_numpy(chunk.since > delay).to(self._device)
        any_decides = decides.any(dim=0).tolist()
        viewpoints = viewpoint.repeat(1 + runs)
        hidden_frames, chosen_frames = [], []
        for t in range(chunk.num_frames):
            now, target = rows[:, t], actions[:, t + 1 + delay]
            seen, queues = [now], [actions[:, t + 1 : t + 1 + delay]]
            for run in range(runs):
                own = self._write(now, viewpoint, due[run])
                seen.append(torch.where(holds[:, t, None], own, now))
                queues.append(queue[run])
            known = torch.cat(queues) if delay else None
            hidden, state = self._policy.step(torch.cat(seen), viewpoints, known, state)
            parts = hidden.chunk(1 + runs)
            hidden_frames.append(parts[0])
            decided = [target] * runs
            if any_decides[t]:
                drawn = [self._drawn(part, how) for part, how in zip(parts[1:], self._samplings, strict=True)]
                decided = [torch.where(decides[:, t, None], own, target) for own in drawn]
            if runs:
                chosen_frames.append(torch.stack(decided))
                due, queue = push(queue.flatten(0, 1), chosen_frames[-1].flatten(0, 1))
                due, queue = due.unflatten(0, (runs, -1)), queue.unflatten(0, (runs, -1))
        self._state, self._due, self._queue = state, due, queue
        chosen = torch.stack(chosen_frames, dim=2).unbind(0) if runs else ()
        return Played(torch.stack(hidden_frames, dim=1), actions, chosen)

    def _drawn(self, hidden: Tensor, how: Sampling) -> Tensor:
        return self._policy.sample(
            hidden, temperature=how.temperature, top_p=how.top_p, generator=self._random
        )

    def _taken_up(self, chunk: Chunk, actions: Tensor) -> tuple[State, Tensor, Tensor]:
        """Memory, due input (F, S, 13) and queue (F, S, N, 13) of every stream, fresh for one that begins here."""
        runs, before = len(self._samplings), self._due.shape[1]
        fresh = torch.from_numpy(chunk.previous < 0).to(self._device)
        place = torch.from_numpy(np.maximum(chunk.previous, 0)).to(self._device)
        due = actions[:, 0].expand(runs, -1, -1)
        queue = actions[:, 1 : 1 + chunk.delay].expand(runs, -1, -1, -1)
        state = self._policy.initial_state((1 + runs) * len(chunk.stream))
        if before:
            due = torch.where(fresh[:, None], due, self._due[:, place])
            queue = torch.where(fresh[:, None, None], queue, self._queue[:, place])
            lanes = (torch.arange(1 + runs, device=self._device)[:, None] * before + place).flatten()
            new = fresh.repeat(1 + runs)
            state = tuple(
                tuple(_either(new, begun, kept[lanes]) for begun, kept in zip(starts, memory, strict=True))
                for starts, memory in zip(state, self._state, strict=True)
            )
        return state, due, queue


def decoder_of(policy: Policy) -> Decoder:
    """What reads rows for the policy."""
    return cast(Decoder, policy.decoder)


def _either(new: Tensor, begun: Tensor, kept: Tensor) -> Tensor:
    return torch.where(new.view(-1, *(1,) * (kept.dim() - 1)), begun, kept)
