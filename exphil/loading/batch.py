"""What the loader hands to the trainer, and the trainer to the policy."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of a batch, still as the bytes that the pack holds; the policy decodes them on its own device.

    Attributes:
        rows: (B, L + 1 + delay, row_bytes) uint8: L observed frames, and those whose inputs are the targets.
        viewpoint: (B,) int64: 0 where the player on the lower port is the self, 1 for the other.
        mask: (B, L) bool: positions that this window scores; context and padding are False.
        replay: (B,) int64: index of the window's replay, for the diversity figure.
    """

    rows: torch.Tensor
    viewpoint: torch.Tensor
    mask: torch.Tensor
    replay: torch.Tensor

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
        return Batch(
            self.rows.to(device, non_blocking=True),
            self.viewpoint.to(device, non_blocking=True),
            self.mask.to(device, non_blocking=True),
            self.replay.to(device, non_blocking=True),
        )
