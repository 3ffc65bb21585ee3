"""What a backbone is, and the one residual stack that all of them share.

Shapes: B batch, L frames of a window, H hidden size.
A backbone supplies mixers; depth, norm, dropout and residuals live here and nowhere else.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, Protocol, TypeAlias, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

MixerState: TypeAlias = tuple[Tensor, ...]
"""What one mixer remembers between frames: tensors of fixed shape, batch first; or nothing."""

State: TypeAlias = tuple[MixerState, ...]
"""What a backbone remembers: one entry a mixer."""


Kind: TypeAlias = Literal["feedforward", "recurrent", "attention", "mamba"]


@runtime_checkable
class Mixer(Protocol):
    """One layer's work, without norm, dropout or residual.

    `forward` takes and gives (B, L, H) and is causal: frame t sees frames up to t, and a window starts from
    `initial_state`. `step` is the same function a frame at a time: (B, H) and a state to (B, H) and the next
    state. It leaves the state that it is given as it was.
    """

    kind: ClassVar[Kind]
    """By which the optimizer may give learning rates of their own."""

    def __call__(self, x: Tensor) -> Tensor: ...

    def output_layer(self) -> nn.Linear | None:
        """The linear map that writes to the residual, where there is one."""
        ...

    def initial_state(self, batch: int) -> MixerState: ...

    def step(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]: ...


class ResidualStack(nn.Module):
    """(B, L, input_size) to (B, L, H): a linear map, then mixers, each with a norm and on a residual.

    Pre-norm, x + mixer(norm(x)), leaves a path from end to end without a norm, and has one at the end instead.
    Post-norm, norm(x + mixer(x)), is the first transformers' order: kept to compare.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        mixers: Sequence[nn.Module],
        dropout: float,
        pre_norm: bool = True,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.pre_norm = pre_norm
        self.gradient_checkpointing = False
        """In training, keep only what lies between mixers and work the rest out again on the way back."""
        self.embed = nn.Linear(input_size, hidden_size)
        self.mixers = nn.ModuleList(mixers)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in mixers)
        self.dropout = nn.Dropout(dropout)
        self.last_norm = nn.LayerNorm(hidden_size) if pre_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, input_size) -> (B, L, H), causal."""
        x = self.embed(x)
        recompute = self.gradient_checkpointing and self.training and torch.is_grad_enabled()
        for norm, mixer in zip(self.norms, self.mixers, strict=True):
            if recompute:
                x = checkpoint(self._branch, norm, mixer, x, use_reentrant=False)
            else:
                x = self._branch(norm, mixer, x)
        out: Tensor = self.last_norm(x)
        return out

    def initial_state(self, batch: int) -> State:
        """The memory before the first frame."""
        return tuple(as_mixer(mixer).initial_state(batch) for mixer in self.mixers)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """One frame: (B, input_size) and the memory so far -> (B, H) and the memory after it."""
        x = self.embed(x)
        after: list[MixerState] = []
        for norm, module, before in zip(self.norms, self.mixers, state, strict=True):
            mixed, kept = as_mixer(module).step(self._before(norm, x), before)
            x = self._after(norm, x, mixed)
            after.append(kept)
        return self.last_norm(x), tuple(after)

    def _branch(self, norm: nn.Module, mixer: nn.Module, x: Tensor) -> Tensor:
        return self._after(norm, x, mixer(self._before(norm, x)))

    def _before(self, norm: nn.Module, x: Tensor) -> Tensor:
        """What the mixer sees."""
        return norm(x) if self.pre_norm else x

    def _after(self, norm: nn.Module, x: Tensor, mixed: Tensor) -> Tensor:
        """The residual stream after a mixer."""
        x = x + self.dropout(mixed)
        return x if self.pre_norm else norm(x)


Backbone: TypeAlias = ResidualStack


def as_mixer(module: nn.Module) -> Mixer:
    """A module of a stack by what it does: a ModuleList tells only that they are modules."""
    return cast(Mixer, module)


def zero_state(parameter: Tensor, *shape: int) -> Tensor:
    """Zeros beside a parameter: same device; float32 at least, because a memory outlives many roundings."""
    dtype = torch.promote_types(parameter.dtype, torch.float32)
    return torch.zeros(shape, device=parameter.device, dtype=dtype)
