"""What the loader hands to the trainer, and the trainer to the policy."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What the policy does to the windows of a batch when it has them on its device.

    Attributes:
        mirror: (B,) bool: windows that are reflected, left for right.
        noise: (B,) int64: key of the window's noise; 0 for none.
        noise_scale: standard deviation of the noise, in the features' own scaled units.
    """

    mirror: Tensor
    noise: Tensor
    noise_scale: float

    def each(self, change: Callable[[Tensor], Tensor]) -> "Augmentation":
        """The same with every tensor put through `change`."""
        return Augmentation(change(self.mirror), change(self.noise), self.noise_scale)


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of a batch, still as the bytes that the pack holds; the policy decodes them on its own device.

    B may be 0: that is a rank's share of a batch with fewer windows than ranks.

    Attributes:
        rows: (B, L + 1 + delay, row_bytes) uint8: L observed frames, and those whose inputs are the targets.
        viewpoint: (B,) int64: 0 where the player on the lower port is the self, 1 for the other.
        mask: (B, L) bool: positions that this window scores; context and padding are False.
        replay: (B,) int64: index of the window's replay, for the diversity figure.
        augmentation: what to do to the rows before they are read; None for nothing.
    """

    rows: Tensor
    viewpoint: Tensor
    mask: Tensor
    replay: Tensor
    augmentation: Augmentation | None = None

    @property
    def length(self) -> int:
        """L: observed frames of a window."""
        return self.mask.shape[1]

    @property
    def delay(self) -> int:
        """Frames between an observation and its target, beyond the one that is always there."""
        return self.rows.shape[1] - self.length - 1

    def to(self, device: torch.device) -> "Batch":
        """The same batch on `device`; copies from pinned memory overlap with what the device computes."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pinned(self) -> "Batch":
        """The same batch in pinned memory."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(
            change(self.rows),
            change(self.viewpoint),
            change(self.mask),
            change(self.replay),
            None if self.augmentation is None else self.augmentation.each(change),
        )
