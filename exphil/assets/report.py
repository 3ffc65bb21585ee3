"""What a step of the pipeline did: the figures that the CLI prints and the Dagster UI shows."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """One asset's work on one batch.

    Attributes:
        asset: which asset.
        batch: which partition.
        made: what was made, by name (replays, frames, parts, ...).
        seconds: wall-clock seconds of the work itself, start-up of workers aside.
        num_bytes: written to disk.
        notes: lines for people: quarantined files, skipped games.
    """

    asset: str
    batch: str
    made: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    num_bytes: int = 0
    notes: list[str] = field(default_factory=list)

    def metadata(self) -> dict[str, Any]:
        """Flat figures, as Dagster's metadata takes them."""
        figures: dict[str, Any] = {name.replace(" ", "_"): number for name, number in self.made.items()}
        return figures | {"seconds": round(self.seconds, 3), "megabytes": round(self.num_bytes / 1e6, 3)}
