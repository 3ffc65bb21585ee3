"""Numbers to whole steps, one feature at a time or a block of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Number

_LIMITS: Final = {"int16": (-32768.0, 32767.0), "uint8": (0.0, 255.0)}


def ignoring_overflow() -> np.errstate:
    """A context in which numbers too large for a float32 raise no warning."""
    return np.errstate(over="ignore", invalid="ignore")


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """How K numbers become whole steps; each array is (K, 1) float32."""

    inverse: NDArray[np.float32]
    """Steps a unit."""
    offset: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @classmethod
    def of(cls, encodings: Sequence[Number]) -> "Steps":
        def column(values: list[float]) -> NDArray[np.float32]:
            return np.array(values, np.float32).reshape(-1, 1)

        limits = [_limits(encoding) for encoding in encodings]
        return cls(
            column([1.0 / encoding.step for encoding in encodings]),
            column([encoding.offset for encoding in encodings]),
            column([low for low, _ in limits]),
            column([high for _, high in limits]),
        )

    def __len__(self) -> int:
        return len(self.inverse)

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K, num) values to steps, in place: rounded, clipped to the limits; what is not finite counts as 0.

        Garbage may overflow on the way, and then counts as 0 too: call it under `ignoring_overflow`.
        """
        np.multiply(values, self.inverse, out=values)
        np.rint(values, out=values)
        np.add(values, self.offset, out=values)
        # A comparison with NaN is false: one test finds both what does not fit and what is no number.
        if np.count_nonzero((values >= self.low) & (values <= self.high)) < values.size:
            finite = np.where(np.isfinite(values), values, self.offset)
            np.clip(finite, self.low, self.high, out=values)
        return values


def store_number(values: NDArray[Any], encoding: Number, out: NDArray[Any]) -> None:
    """Write the values of one feature as whole steps into `out`."""
    work = np.asarray(values, np.float32).reshape(1, -1).copy()
    with ignoring_overflow():
        np.copyto(out, Steps.of([encoding]).apply(work)[0], casting="unsafe")


def _limits(encoding: Number) -> tuple[float, float]:
    low, high = _LIMITS[encoding.dtype]
    if encoding.low is not None:
        low = max(low, encoding.low / encoding.step + encoding.offset)
    if encoding.high is not None:
        high = min(high, encoding.high / encoding.step + encoding.offset)
    return low, high
