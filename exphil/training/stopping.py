"""What the validations have come to: which was the best, and whether it is time to stop."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Record:
    """The best validation so far, and how long there has been none better.

    Attributes:
        best: its nats a frame; None before the first validation.
        best_step: steps done at it.
        reference: nats that a validation must be better than, by `min_delta`, to count as progress.
        waited: validations since the last progress.
    """

    best: float | None = None
    best_step: int = 0
    reference: float | None = None
    waited: int = 0

    def after(self, nats: float, step: int, min_delta: float) -> "Record":
        """The record once a validation gave `nats`. Equal nats are no better: the earlier weights stay."""
        best = (
            self if self.best is not None and nats >= self.best else replace(self, best=nats, best_step=step)
        )
        if self.reference is None or nats < self.reference - min_delta:
            return replace(best, reference=nats, waited=0)
        return replace(best, waited=self.waited + 1)

    def is_best(self, step: int) -> bool:
        """Whether the best was found at `step`, or nothing has been validated yet: these weights are to be used."""
        return self.best is None or self.best_step == step

    def exhausted(self, patience: int | None) -> bool:
        """Whether `patience` validations in a row were no progress."""
        return patience is not None and self.waited >= patience
