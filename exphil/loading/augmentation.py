"""Which windows are mirrored or blurred: decided here window by window, done on the device by the policy."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exphil.errors import UsageError
from exphil.loading.draws import MIRROR, NOISE, NOISE_KEY, hashed, uniform


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentOptions:
    """How often windows are changed.

    Attributes:
        mirror: probability that a window is reflected, left for right.
        noise: probability that a window's positions, speeds and the like get Gaussian noise.
        noise_scale: standard deviation of that noise, in the features' own scaled units.
    """

    mirror: float = 0.0
    noise: float = 0.0
    noise_scale: float = 0.01

    def __post_init__(self) -> None:
        for name in ("mirror", "noise"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"--{name} {getattr(self, name)} is a probability: give 0 to 1")
        if not 0 <= self.noise_scale < math.inf:
            raise UsageError(f"--noise-scale {self.noise_scale} must be at least 0")

    @property
    def is_off(self) -> bool:
        """Whether no window is ever changed."""
        return not self.mirror and not (self.noise and self.noise_scale)

    def draw(
        self, windows: npt.NDArray[np.int64], seed: int, epoch: int
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """What befalls windows, by their number in the epoch: (B,) mirrored or not, (B,) noise key, 0 for none.

        A window's fate hangs on seed, epoch and its number alone, not on the batch or rank that holds it.
        """
        mirror = uniform(windows, seed, epoch, MIRROR) < self.mirror
        noisy = uniform(windows, seed, epoch, NOISE) < (self.noise if self.noise_scale else 0.0)
        keys = (hashed(windows, seed, epoch, NOISE_KEY) >> np.uint64(1)).astype(np.int64)
        return mirror, np.where(noisy, np.maximum(keys, 1), 0)
