"""How long the rest of a comparison will take, from what its jobs have taken so far."""

from collections.abc import Sequence
from typing import Final

from exphil.benchmark.jobs import Job
from exphil.benchmark.results import OK, Result

GUESSES: Final = {"speed": 30.0, "latency": 15.0, "train": 400.0, "scaling": 25.0, "play": 40.0}
"""Seconds of a job of each stage before anything is known: a laptop's CPU, 50 games, three epochs."""

VALIDATING: Final = 1.2
"""A run takes so many times its training batches: validation and checkpoints."""

TELLING: Final = 0.05
"""The share of a job that must be done before its own pace is believed."""


class Estimate:
    """Learns from finished jobs."""

    def __init__(self, results: Sequence[Result] = ()) -> None:
        self._results = [result for result in results if result.status == OK]

    def add(self, result: Result) -> None:
        if result.status == OK:
            self._results.append(result)

    def seconds(self, job: Job) -> float:
        """What a job will take: as the same did before, else by the measured rate, else as its stage's others."""
        of_stage = [item for item in self._results if item.stage == job.stage]
        same = [item.seconds for item in of_stage if item.backbone == job.backbone]
        if same:
            return sum(same) / len(same)
        if job.stage == "train" and (by_rate := self._by_rate(job)) is not None:
            return by_rate
        if of_stage:
            return sum(item.seconds for item in of_stage) / len(of_stage)
        return GUESSES[job.stage]

    def left(self, running: Job, share: float, taken: float, rest: Sequence[Job]) -> float:
        """Seconds until the end.

        Args:
            share: of the running job that is done, from 0 to 1.
            taken: seconds that it has run.
            rest: jobs after it.
        """
        whole = taken / share if share >= TELLING else self.seconds(running)
        return max(0.0, whole - taken) + sum(self.seconds(job) for job in rest)

    def _by_rate(self, job: Job) -> float | None:
        speed = [item for item in self._results if item.stage == "speed" and item.backbone == job.backbone]
        if not speed:
            return None
        figures = speed[-1].figures
        batches = figures["epoch_batches"] * job.config.epochs
        if job.config.max_steps is not None:
            batches = min(batches, job.config.max_steps)
        return float(VALIDATING * batches / figures["batches_per_second"])


def for_people(seconds: float) -> str:
    """`40 s`, `12 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
