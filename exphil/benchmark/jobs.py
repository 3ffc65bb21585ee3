"""One measurement, and its place in the folder of a comparison.

A job's name holds a digest of all that decides its figures. So a folder may hold results of several settings: a
call finds those of its own, and never takes another's for them.
"""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from exphil.backbones.config import CONFIGS
from exphil.benchmark.contest import SCALING_WINDOWS, STAGES, Contest
from exphil.training.config import TrainConfig

NUMBERED_BY: Final = {"speed": "round", "latency": "round", "train": "seed", "scaling": "window"}
"""What a job's number counts, by stage."""

RESULTS: Final = "results"
"""Where in the folder results lie."""

METHOD: Final = 1
"""Raised when a stage measures in another way: figures of before are then not found again."""


@dataclass(frozen=True, slots=True)
class Job:
    """One process's work.

    Attributes:
        stage: of `STAGES`.
        backbone: which.
        number: the round, seed or window that `NUMBERED_BY` tells of.
        config: options of the run that is trained or timed.
        store: root of the feature store.
        store_fingerprint: of its manifest.
    """

    stage: str
    backbone: str
    number: int
    config: TrainConfig
    store: Path
    store_fingerprint: str

    @property
    def title(self) -> str:
        """For people: `train mamba, seed 0`."""
        return f"{self.stage} {self.backbone}, {NUMBERED_BY[self.stage]} {self.number}"

    @property
    def name(self) -> str:
        """Of its files: `train-mamba-seed0-1f2e3d4c`."""
        content = json.dumps([METHOD, self.config.to_dict(), self.store_fingerprint], sort_keys=True)
        digest = hashlib.blake2b(content.encode(), digest_size=4).hexdigest()
        return f"{self.stage}-{self.backbone}-{NUMBERED_BY[self.stage]}{self.number}-{digest}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "stage": self.stage,
            "backbone": self.backbone,
            "number": self.number,
            "config": self.config.to_dict(),
            "store": self.store.resolve().as_posix(),
            "store_fingerprint": self.store_fingerprint,
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Job":
        """Back from `to_dict`."""
        return cls(
            **{**saved, "config": TrainConfig.from_dict(saved["config"]), "store": Path(saved["store"])}
        )


def plan(contest: Contest, store: Path, store_fingerprint: str) -> list[Job]:
    """Every job of a comparison, in the order to run them: within a stage the backbones take turns."""
    configs = {name: contest.config(name) for name in contest.backbones}

    def job(stage: str, backbone: str, number: int, config: TrainConfig) -> Job:
        return Job(stage, backbone, number, config, store, store_fingerprint)

    found = []
    for stage in contest.stages:
        numbers = {"train": contest.seeds, "scaling": SCALING_WINDOWS}.get(stage, range(contest.rounds))
        for number in numbers:
            for name, config in configs.items():
                if stage == "train":
                    found.append(job(stage, name, number, replace(config, seed=number)))
                elif stage == "scaling":
                    found.append(job(stage, name, number, at_window(timed(config), number)))
                else:
                    found.append(job(stage, name, number, timed(config)))
    return found


def measured(contest: Contest, folder: Path) -> Contest:
    """The comparison with everything that a folder holds results of, whatever settings these were made with."""
    pattern = re.compile(rf"({'|'.join(NUMBERED_BY)})-(\w+)-[a-z]+(\d+)-[0-9a-f]+")
    found = [match for path in folder.glob(f"{RESULTS}/*.json") if (match := pattern.fullmatch(path.stem))]
    backbones = {*contest.backbones, *(match[2] for match in found)}
    seeds = {*contest.seeds, *(int(match[3]) for match in found if match[1] == "train")}
    rounds = [int(match[3]) + 1 for match in found if match[1] in ("speed", "latency")]
    return replace(
        contest,
        backbones=tuple(name for name in CONFIGS if name in backbones),
        seeds=tuple(sorted(seeds)),
        rounds=max([contest.rounds, *rounds]),
        stages=STAGES,
    )


def timed(config: TrainConfig) -> TrainConfig:
    """The options of a run that is only timed: what decides its length alone does not matter."""
    return replace(config, epochs=1, max_steps=None, seed=0)


def at_window(config: TrainConfig, window_size: int) -> TrainConfig:
    """The same run with other windows, as many fewer in a batch as they are longer: the frames stay the same."""
    frames = config.window_size * config.batch_size
    return replace(config, window_size=window_size, context=0, batch_size=max(1, round(frames / window_size)))
