"""The train stage: one backbone's whole run, by the session that `exphil train` uses, and what it came to."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exphil.benchmark.jobs import Job
from exphil.benchmark.machine import peak_ram_mb, peak_vram_mb
from exphil.benchmark.progress import Progress
from exphil.benchmark.results import DIVERGED, OK, RUNS
from exphil.errors import UsageError
from exphil.training import session
from exphil.training.loop import DivergedError
from exphil.training.metrics import MetricsLog
from exphil.training.runs import SPLIT, TRAINER, open_run
from exphil.training.trained import load_policy


def train(job: Job, folder: Path, progress: Progress) -> tuple[str, str | None, dict[str, Any]]:
    """Train to the end, going on with what an earlier call has saved; -> status, reason, figures.

    Raises:
        StoppedError: a signal asked to stop; the run is saved.
        ExphilError: whatever else training may raise, divergence apart.
    """
    models = folder / RUNS
    run = models / job.name
    status, reason = OK, None
    begun_before = (run / TRAINER).exists()
    try:
        if begun_before:
            _resume(job, models, progress)
        else:
            _discard(run)
            session.start(job.config, store=job.store, models=models, name=job.name, reporter=progress)
    except DivergedError as error:
        place = (run.parent.relative_to(folder) / run.name).as_posix()
        status, reason = DIVERGED, str(error).replace(f" of {run}", "").replace(str(run), place)
    figures = {**figures_of(MetricsLog(run).lines()), **_games(run), **_size(run)}
    if not begun_before:  # a process that did only the rest of a run does not show its peak
        figures["peak_ram_mb"] = peak_ram_mb()
        figures["peak_vram_mb"] = peak_vram_mb()
    return status, reason, figures


def _resume(job: Job, models: Path, progress: Progress) -> None:
    try:
        session.resume(job.name, store=job.store, models=models, changes={}, reporter=progress)
    except UsageError:  # nothing is left to do: the process before ended between training and telling
        if not any(line["kind"] == "validation" for line in MetricsLog(models / job.name).lines()):
            raise


def _discard(run: Path) -> None:
    """Remove what a run left that was killed before its first checkpoint; it has learnt nothing to keep."""
    for path in sorted(run.rglob("*"), reverse=True) if run.exists() else ():
        path.rmdir() if path.is_dir() else path.unlink()
    if run.exists():
        run.rmdir()


def _games(run: Path) -> dict[str, Any]:
    """Games of all sides of the split; nothing where the run ended before it left anything."""
    if not (run / SPLIT).exists():
        return {}
    sides = json.loads((run / SPLIT).read_text(encoding="utf-8"))
    return {"games": sum(len(games) for games in sides.values())}


def _size(run: Path) -> dict[str, Any]:
    """Learnt numbers of the policy; nothing where the run ended before it was saved."""
    try:
        policy = load_policy(open_run(run.parent, run.name))
    except Exception:  # the size is a remark beside the loss: its lack must not cost the loss
        return {}
    return {"parameters": sum(parameter.numel() for parameter in policy.parameters())}


def figures_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Figures of a run from the lines of its `metrics.jsonl`.

    The final validation counts, not the best: nothing is chosen by the split that the figure comes from.
    """
    training = [line for line in lines if line["kind"] == "train"]
    checks = [line for line in lines if line["kind"] == "validation"]
    curve = [
        {"kind": line["kind"], "step": line["step"], "epoch": line["epoch"] + 1, "nats": line["nats"]}
        for line in lines
        if line["kind"] in ("train", "validation")
    ]
    found: dict[str, Any] = {"curve": curve, "steps": training[-1]["step"] if training else 0}
    if training:
        found["waiting"] = sum(line["waiting"] for line in training) / len(training)
        found["diversity"] = sum(line["diversity"] for line in training) / len(training)
    if checks:
        last = checks[-1]
        found |= {name: last[name] for name in ("nats", "repeat", "marginal", "num_frames", "by_head")}
        found["best_nats"] = min(line["nats"] for line in checks)
    return found
