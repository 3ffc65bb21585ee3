"""What is optimised, where it is not the plain negative log-likelihood. Free of torch: the command line lists it."""

import math
from dataclasses import dataclass, field, fields
from typing import Any, Final

from exphil.errors import UsageError


def _option(default: float, doc: str) -> Any:
    return field(default=default, metadata={"help": doc})


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Options of the optimised loss. With the defaults it is the plain negative log-likelihood, bit for bit.

    They combine: the smoothed nats of a head, pressed buttons weighted, times the focal factor.
    """

    label_smoothing: float = _option(
        0.0, "Share of the target that is spread evenly over all classes of a head."
    )
    focal_gamma: float = _option(
        0.0, "Each head's nats count (1 - p) to this power, p being what the true class got."
    )
    button_weight: float = _option(1.0, "A pressed button's nats count this many times.")

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise UsageError(f"{_flag(item.name)} must be a finite number, not {value!r}")
        if not 0 <= self.label_smoothing < 1:
            raise UsageError(
                f"--label-smoothing {self.label_smoothing} must be at least 0 and below 1: at 1 the targets"
                " would no longer tell which input was pressed"
            )
        if self.focal_gamma < 0:
            raise UsageError(f"--focal-gamma {self.focal_gamma} must be at least 0")
        if self.button_weight <= 0:
            raise UsageError(f"--button-weight {self.button_weight} must be above 0")

    @property
    def is_plain(self) -> bool:
        """Whether it is the negative log-likelihood itself."""
        return self == PLAIN


PLAIN: Final = Objective()


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
