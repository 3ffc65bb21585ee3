"""One measurement of the whole path: a backbone, what runs it, and the games that it answers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from exphil.benchmark.contest import Contest
from exphil.benchmark.jobs import Job, timed

STAGE: Final = "play"

RUNTIMES: Final = (("torch", "fp32"), ("onnx", "fp32"), ("onnx", "int8"))
"""What runs a policy, and the precision of its weights."""

METHOD: Final = 1
"""Raised when this is measured in another way: figures of before are then not found again."""


@dataclass(frozen=True, slots=True)
class LatencyJob(Job):
    """One process's work; what `Job` has, and:

    Attributes:
        runtime, precision: of `RUNTIMES`.
        frames: that are measured.
        replays: paths of the games, as `exphil.replays.sources` writes them.
    """

    runtime: str
    precision: str
    frames: int
    replays: tuple[str, ...]

    @property
    def title(self) -> str:
        """For people: `mamba, onnx int8`."""
        return f"{self.backbone}, {self.runtime} {self.precision}"

    @property
    def name(self) -> str:
        """Of its files: `play-mamba-onnx-int8-1f2e3d4c`."""
        content = json.dumps([METHOD, self.config.to_dict(), self.frames, self.replays], sort_keys=True)
        digest = hashlib.blake2b(content.encode(), digest_size=4).hexdigest()
        return f"{self.stage}-{self.backbone}-{self.runtime}-{self.precision}-{digest}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **Job.to_dict(self),
            "runtime": self.runtime,
            "precision": self.precision,
            "frames": self.frames,
            "replays": list(self.replays),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "LatencyJob":
        """Back from `to_dict`."""
        plain = Job.from_dict({item.name: saved[item.name] for item in fields(Job)})
        return cls(
            plain.stage,
            plain.backbone,
            plain.number,
            plain.config,
            plain.store,
            plain.store_fingerprint,
            saved["runtime"],
            saved["precision"],
            saved["frames"],
            tuple(saved["replays"]),
        )


def plan_latency(
    contest: Contest, store: Path, store_fingerprint: str, replays: Sequence[str], frames: int
) -> list[LatencyJob]:
    """A job a backbone and runtime; a backbone's runtimes one after the other, so that they compare best."""
    return [
        LatencyJob(
            STAGE,
            name,
            0,
            timed(contest.config(name)),
            store,
            store_fingerprint,
            runtime,
            precision,
            frames,
            tuple(replays),
        )
        for name in contest.backbones
        for runtime, precision in RUNTIMES
    ]


def job_of(saved: dict[str, Any]) -> Job:
    """A job of any kind back from its `to_dict`."""
    return LatencyJob.from_dict(saved) if saved["stage"] == STAGE else Job.from_dict(saved)
