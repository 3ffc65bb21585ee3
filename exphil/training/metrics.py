"""What a run measures as it goes: `metrics.jsonl`, and the figures between two of its lines."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exphil.store.atomic import write_bytes
from exphil.training.runs import METRICS, saving


class MetricsLog:
    """A JSON object a line: `kind` is `train` or `validation`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / METRICS

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
            if line["step"] < step or (line["step"] == step and (line["kind"] == "train" or validated))
        ]
        with saving(self._folder):
            write_bytes(self._path, "".join(json.dumps(line) + "\n" for line in kept).encode())


class Meter:
    """Figures over the batches since the last line: rate, share of time spent waiting for data, diversity."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._begun = time.perf_counter()
        self._waited = 0.0
        self._frames = 0
        self._diversity: list[float] = []

    def add(self, *, waited: float, frames: int, diversity: float) -> None:
        """One batch.

        Args:
            waited: seconds until the loader handed it over.
            frames: frames that it shows the policy.
            diversity: distinct replays over windows.
        """
        self._waited += waited
        self._frames += frames
        self._diversity.append(diversity)

    def figures(self) -> dict[str, float]:
        """Since the last reset."""
        seconds = max(time.perf_counter() - self._begun, 1e-9)
        return {
            "frames_per_second": round(self._frames / seconds, 1),
            "waiting": round(min(1.0, self._waited / seconds), 4),
            "diversity": round(sum(self._diversity) / max(1, len(self._diversity)), 4),
        }
