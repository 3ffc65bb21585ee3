"""What the studies of training share: runs whose results are kept, so that a study goes on where it was stopped."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from exphil.errors import ExphilError
from exphil.store.atomic import write_bytes
from exphil.training.config import TrainConfig
from exphil.training.interrupt import StoppedError
from exphil.training.loop import DivergedError
from exphil.training.metrics import MetricsLog
from exphil.training.progress import Silent
from exphil.training.runs import DIVERGENCE, Run
from exphil.training.session import start

Result = dict[str, Any]


def study_parser(doc: str | None, out: str) -> argparse.ArgumentParser:
    """The options that every study has.

    Args:
        doc: what `--help` says.
        out: folder for its runs and results, if not given.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("storage"))
    parser.add_argument("--split", default="80/10/10", help="as of exphil train")
    parser.add_argument("--out", type=Path, default=Path(out), help="runs and results; a second call goes on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--hidden-size", type=int, default=64)
    parser.add_argument("--window-size", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="cpu")
    return parser


def run_once(
    name: str, config: TrainConfig, *, store: Path, out: Path, finish: Callable[[Run], Result]
) -> Result:
    """Train under `out`, unless the same options already have a result there.

    Args:
        name: of the run and its result.
        finish: what more to measure of a run that reached its end.

    Returns:
        `config`, and either `diverged` with the error, its step and place, or `nats` and baselines of the last
        validation, `training_seconds` without validations, and what `finish` measured.
    """
    path = out / "results" / f"{name}.json"
    options = json.loads(json.dumps(config.flat()))
    if path.exists():
        known: Result = json.loads(path.read_text(encoding="utf-8"))
        if known["config"] == options:
            return known
    models = out / "runs"
    shutil.rmtree(models / name, ignore_errors=True)
    result: Result
    try:
        outcome = start(config, store=store, models=models, name=name, reporter=Silent())
    except DivergedError as error:
        report = models / name / DIVERGENCE
        written = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        result = {"diverged": str(error), "step": written.get("step"), "place": written.get("place")}
    except StoppedError:
        raise SystemExit("stopped; the same command goes on with this run from its start") from None
    except ExphilError as error:
        raise SystemExit(str(error)) from None
    else:
        figures = {key: outcome.validation[key] for key in ("step", "nats", "repeat", "marginal")}
        seconds = training_seconds(MetricsLog(outcome.run.folder).lines())
        result = {**figures, "training_seconds": round(seconds, 1), **finish(outcome.run)}
    result = {"name": name, "config": options, **result}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, (json.dumps(result, indent=2) + "\n").encode())
    end = result["diverged"] if "diverged" in result else f"{result['nats']:.4f} nats a frame"
    print(f"{name}: {end}", file=sys.stderr, flush=True)
    return result


def training_seconds(lines: Sequence[Mapping[str, Any]]) -> float:
    """Seconds spent on training batches, from the lines of `metrics.jsonl`."""
    seconds, before = 0.0, 0
    for line in lines:
        if line["kind"] == "train":
            seconds += (line["step"] - before) / line["batches_per_second"]
            before = line["step"]
    return seconds


def write_report(path: Path, report: Any) -> None:
    """JSON to `path`, whole or not at all."""
    write_bytes(path, (json.dumps(report, indent=2) + "\n").encode())


def markdown_table(columns: list[str], rows: list[list[str]]) -> str:
    """A table of texts; all columns but the first set right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
