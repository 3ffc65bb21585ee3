"""What a run measures as it goes: `metrics.jsonl`, and the figures between two of its lines."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exphil.store.atomic import write_bytes
from exphil.training.runs import METRICS, saving

if TYPE_CHECKING:
    from exphil.training.learner import Found


class MetricsLog:
    """A JSON object a line, with its `step`. In `metrics.jsonl` its `kind` is `train` or `validation`."""

    def __init__(self, folder: Path, name: str = METRICS) -> None:
        self._folder = folder
        self._path = folder / name

    def append(self, line: Mapping[str, Any]) -> None:
        with saving(self._folder), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def lines(self) -> list[dict[str, Any]]:
        """Every whole line; a last one that a crash cut short is left out."""
        found = []
        if self._path.exists():
            for text in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    found.append(json.loads(text))
                except ValueError:
                    break
        return found

    def rewind(self, step: int, *, validated: bool) -> None:
        """Drop what was logged after a checkpoint: resuming logs it again.

        Args:
            step: batches done at the checkpoint.
            validated: whether the checkpoint came after the validation at that step.
        """
        kept = [
            line
            for line in self.lines()
            if line["step"] < step
            or (line["step"] == step and (line.get("kind") != "validation" or validated))
        ]
        if self._path.exists():
            with saving(self._folder):
                write_bytes(self._path, "".join(json.dumps(line) + "\n" for line in kept).encode())


class Meter:
    """Figures over the steps since the last line of `metrics.jsonl`.

    What the run's figures hang on is in `state_dict`, so that a resumed run writes the lines that it would have
    written; what hangs on the clock begins anew.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._sums = {"steps": 0.0, "batches": 0.0, "frames": 0.0, "loss": 0.0, "nats": 0.0, "grad_norm": 0.0}
        self._sums["diversity"] = 0.0
        self._begun = time.perf_counter()
        self._waited = 0.0
        self._batches = 0
        self._shown = 0

    def __bool__(self) -> bool:
        """Whether there is a step to report."""
        return self._sums["steps"] > 0

    def wait(self, seconds: float, diversity: float) -> None:
        """A batch was waited for.

        Args:
            seconds: until the loader handed it over.
            diversity: distinct replays over windows.
        """
        self._waited += seconds
        self._batches += 1
        self._sums["batches"] += 1
        self._sums["diversity"] += diversity

    def step(self, found: "Found") -> None:
        """A step was taken."""
        frames = found.num_frames
        added = {"steps": 1, "frames": frames, "loss": found.loss * frames, "nats": found.nats * frames}
        for name, value in {**added, "grad_norm": found.grad_norm}.items():
            self._sums[name] += value
        self._shown += found.num_shown

    def figures(self) -> dict[str, float]:
        """Since the last reset."""
        sums, seconds = self._sums, max(time.perf_counter() - self._begun, 1e-9)
        frames = max(1.0, sums["frames"])
        return {
            "nats": sums["nats"] / frames,
            "loss": sums["loss"] / frames,
            "grad_norm": sums["grad_norm"] / max(1.0, sums["steps"]),
            "diversity": round(sums["diversity"] / max(1.0, sums["batches"]), 4),
            "frames_per_second": round(self._shown / seconds, 1),
            "batches_per_second": round(self._batches / seconds, 3),
            "waiting": round(min(1.0, self._waited / seconds), 4),
        }

    def state_dict(self) -> dict[str, float]:
        """Sums since the last reset, without what hangs on the clock."""
        return dict(self._sums)

    def load_state_dict(self, saved: Mapping[str, float]) -> None:
        self._sums = dict(saved)


TIMED: Final = frozenset({"frames_per_second", "batches_per_second", "waiting"})
"""What hangs on the clock: all else of a run is the same whenever it is done again."""
