"""Numbers to whole steps, one feature over many frames or many features over one."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Number

_LIMITS: Final = {"int16": (-32768.0, 32767.0), "uint8": (0.0, 255.0)}
_MAGNITUDE: Final = 0x7FFFFFFF
"""A float32's bits without its sign; as integers they ascend with the number, and those of no number come last."""
_EVERY_BIT: Final = 0xFFFFFFFF


def ignoring_overflow() -> np.errstate:
    """A context in which numbers too large for a float32 raise no warning."""
    return np.errstate(over="ignore", invalid="ignore")


def store_number(values: NDArray[Any], encoding: Number, out: NDArray[Any]) -> None:
    """Write values as whole steps into `out`, clipped to its limits; what is not finite counts as 0.

    Garbage may overflow on the way, and then counts as 0 too: call it under `ignoring_overflow`.
    """
    work = np.multiply(values, np.float32(1.0 / encoding.step), dtype=np.float32)
    np.rint(work, out=work)
    if encoding.offset:
        work += np.float32(encoding.offset)
    low, high = _limits(encoding)
    # One pass finds both what does not fit and what is no number: comparisons with NaN are false.
    if len(work) and not (work.min() >= low and work.max() <= high):
        work = np.clip(np.where(np.isfinite(work), work, np.float32(encoding.offset)), low, high)
    np.copyto(out, work, casting="unsafe")


class Steps:
    """The same for K features at once, a value each; for one frame, where every call into numpy counts."""

    def __init__(self, encodings: Sequence[Number]) -> None:
        def row(values: list[float]) -> NDArray[np.float32]:
            return np.array(values, np.float32)

        limits = [_limits(encoding) for encoding in encodings]
        self._inverse = row([1.0 / encoding.step for encoding in encodings])
        self._offset = row([encoding.offset for encoding in encodings])
        self._low = row([low for low, _ in limits])
        self._high = row([high for _, high in limits])
        usual = [_usual(encoding) for encoding in encodings]
        self._usual_mask = np.array([mask for mask, _ in usual], np.uint32)
        self._usual_most = np.array([most for _, most in usual], np.uint32)
        self._bits = np.zeros(len(encodings), np.uint32)
        self._beyond = np.zeros(len(encodings), np.bool_)

    def apply(self, values: NDArray[np.float32], bits: NDArray[np.uint32]) -> None:
        """Make steps of `values`, (K,), in place; `bits` is the same memory."""
        # What surely fits is found on the bits: no number can be one that numpy warns of, and garbage is rare.
        np.bitwise_and(bits, self._usual_mask, out=self._bits)
        np.greater(self._bits, self._usual_most, out=self._beyond)
        if np.count_nonzero(self._beyond):
            with ignoring_overflow():
                self._scale(values)
            fits = (values >= self._low) & (values <= self._high)
            if not fits.all():
                finite = np.where(np.isfinite(values), values, self._offset)
                np.clip(finite, self._low, self._high, out=values)
        else:
            self._scale(values)

    def _scale(self, values: NDArray[np.float32]) -> None:
        np.multiply(values, self._inverse, out=values)
        np.rint(values, out=values)
        np.add(values, self._offset, out=values)


def _limits(encoding: Number) -> tuple[float, float]:
    low, high = _LIMITS[encoding.dtype]
    if encoding.low is not None:
        low = max(low, encoding.low / encoding.step + encoding.offset)
    if encoding.high is not None:
        high = min(high, encoding.high / encoding.step + encoding.offset)
    return low, high


def _usual(encoding: Number) -> tuple[int, int]:
    """A mask for the bits of a value, and the most that the masked bits of one that surely fits come to."""
    low, high = (limit - encoding.offset for limit in _limits(encoding))
    steps = high if low >= 0 else min(-low, high)
    most = np.float32(steps * encoding.step)
    while np.rint(most * np.float32(1.0 / encoding.step)) > steps:
        most = np.nextafter(most, np.float32(0))
    return _MAGNITUDE if low < 0 else _EVERY_BIT, int(most.view(np.uint32))
