"""Numbers to whole steps."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Number

_LIMITS: Final = {"int16": (-32768.0, 32767.0), "uint8": (0.0, 255.0)}


def store_number(values: NDArray[Any], encoding: Number, out: NDArray[Any]) -> None:
    """Write values as whole steps into `out`, clipped to its limits; what is not finite counts as 0."""
    work = np.multiply(values, np.float32(1.0 / encoding.step), dtype=np.float32)
    np.rint(work, out=work)
    if encoding.offset:
        work += np.float32(encoding.offset)
    low, high = _LIMITS[encoding.dtype]
    if encoding.low is not None:
        low = max(low, encoding.low / encoding.step + encoding.offset)
    if encoding.high is not None:
        high = min(high, encoding.high / encoding.step + encoding.offset)
    # One pass finds both what does not fit and what is no number: comparisons with NaN are false.
    if len(work) and not (work.min() >= low and work.max() <= high):
        work = np.clip(np.where(np.isfinite(work), work, np.float32(encoding.offset)), low, high)
    np.copyto(out, work, casting="unsafe")
