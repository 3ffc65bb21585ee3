"""Scoring every frame of a window against scoring its last one: nats reached for the same compute.

    python benchmarks/supervise.py --store storage/ --out supervise/
    python benchmarks/supervise.py --store storage/ --out supervise/ --backbone lstm --batches 300 1000

Both train on the same number of batches of the same shape, at the backbone's own preset, each budget with a schedule of
its own. A policy is then scored twice on the validation side, whichever way it was trained: on every frame (`nats_all`,
where the first frames of a window have little to look back on), and on one frame a window with the rest of the window
before it (`nats_last`). Writes `supervise.json` under `--out`, and prints a table.
"""

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import mean, stdev

from study import Result, markdown_table, run_once, study_parser, write_report

from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler
from exphil.policy.loss import Supervise
from exphil.store.store import Store
from exphil.training.config_layers import configure
from exphil.training.interrupt import StopRequest
from exphil.training.progress import Silent
from exphil.training.runs import Run
from exphil.training.selection import Selection, select
from exphil.training.trained import load_policy
from exphil.training.validate import validate

MODES: tuple[Supervise, ...] = ("all", "last")


def main() -> None:
    parser = study_parser(__doc__, "supervise")
    parser.add_argument("--backbone", default="mamba")
    parser.add_argument("--batches", type=int, nargs="+", default=[150, 300, 600])
    given = parser.parse_args()
    results: list[Result] = []
    for num_batches, mode, seed in product(given.batches, MODES, given.seeds):
        config = configure(
            {
                "backbone": given.backbone,
                "split": given.split,
                "hidden_size": given.hidden_size,
                "window_size": given.window_size,
                "batch_size": given.batch_size,
                "supervise": mode,
                "max_steps": num_batches,
                "epochs": num_batches,  # so that max_steps ends the run, however small the store is
                "seed": seed,
                "threads": given.threads,
                "device": given.device,
                "tracker": "none",
            }
        )
        name = f"{given.backbone}-{mode}-{num_batches}-{seed}"
        found = run_once(name, config, store=given.store, out=given.out, finish=scorer(given.store))
        results.append({"supervise": mode, "batches": num_batches, "seed": seed, **found})
    write_report(given.out / "supervise.json", results)
    print(summary(results), end="")


def scorer(root: Path) -> Callable[[Run], Result]:
    """A function that scores a run's policy both ways."""

    def score(run: Run) -> Result:
        selection = select(Store.open(root), run.config, Silent().note)
        return {f"nats_{mode}": score_validation(run, selection, mode) for mode in MODES}

    return score


def score_validation(run: Run, selection: Selection, mode: Supervise) -> float:
    """Nats a frame of a run's policy on the validation side; frames chosen by `mode`, not as it was trained."""
    config = run.config
    policy = load_policy(run, config.device)
    device = next(policy.parameters()).device
    sampler = Sampler(
        selection.validation,
        window_size=config.window_size,
        batch_size=config.batch_size,
        context=config.context,
        supervise=mode,
        num_windows=None,
        seed=0,
    )
    loader = Loader(selection.packs, sampler, delay=config.delay)
    found = validate(policy, loader, device, mode, StopRequest())
    assert found is not None  # nobody asked it to stop
    return found.nats


def summary(results: list[Result]) -> str:
    """A line a budget and way of scoring: mean and spread over the seeds of what its policies reached."""
    rows = []
    for budget, mode in dict.fromkeys((item["batches"], item["supervise"]) for item in results):
        group = [item for item in results if (item["batches"], item["supervise"]) == (budget, mode)]
        done = [item for item in group if "diverged" not in item]
        scored = [spread([item[f"nats_{way}"] for item in done]) for way in MODES]
        seconds = spread([item["training_seconds"] for item in done], digits=1)
        rows.append([str(budget), mode, *scored, seconds, str(len(group) - len(done))])
    columns = [
        "batches",
        "supervised",
        "nats, all frames",
        "nats, last frames",
        "training seconds",
        "diverged",
    ]
    return markdown_table(columns, rows)


def spread(values: list[float], digits: int = 4) -> str:
    """Mean and standard deviation."""
    if not values:
        return "–"
    deviation = stdev(values) if len(values) > 1 else math.nan
    text = f"{mean(values):.{digits}f}"
    return text if math.isnan(deviation) else f"{text} ± {deviation:.{digits}f}"


if __name__ == "__main__":
    main()
