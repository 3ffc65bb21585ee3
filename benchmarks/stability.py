"""How many short runs of Jamba diverge, with and without what is meant to keep it stable.

    python benchmarks/stability.py --store storage/ --out stability/
    python benchmarks/stability.py --store storage/ --out stability/ --one-by-one
    python benchmarks/stability.py --store storage/ --out full/ --hidden-size 256 --device cuda

Four measures: pre-norm, norms of queries and keys, a warm-up over a tenth of the run, and clipping of gradients. `all`
has them, `none` has not one; `--one-by-one` adds runs that lack a single one and runs that have a single one. A run
counts as diverged when its loss or a gradient is no finite number, or when it ends no better than the repeat baseline.
Writes `stability.json` and `stability.md` under `--out`, and prints the table.
"""

from itertools import product
from statistics import median
from typing import Any

from study import Result, markdown_table, run_once, study_parser, write_report

from exphil.training.config import TrainConfig

UNCLIPPED = 1e9
"""A length that no finite gradient of such a run reaches."""

ON: dict[str, dict[str, Any]] = {
    "pre-norm": {"pre_norm": True},
    "qk-layernorm": {"qk_layernorm": True},
    "warm-up": {},
    "clipping": {"max_grad_norm": 1.0},
}
OFF: dict[str, dict[str, Any]] = {
    "pre-norm": {"pre_norm": False},
    "qk-layernorm": {"qk_layernorm": False},
    "warm-up": {"warmup_steps": 0},
    "clipping": {"max_grad_norm": UNCLIPPED},
}


def main() -> None:
    parser = study_parser(__doc__, "stability")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--learning-rates", type=float, nargs="+", default=[1e-3, 1e-2])
    parser.add_argument("--one-by-one", action="store_true", help="also leave out, and have, each one alone")
    given = parser.parse_args()
    results: list[Result] = []
    for (label, measures), rate, seed in product(
        variants(given.one_by_one).items(), given.learning_rates, given.seeds
    ):
        config = TrainConfig.from_flat(
            {
                "backbone": "jamba",
                "split": given.split,
                "hidden_size": given.hidden_size,
                "window_size": given.window_size,
                "batch_size": given.batch_size,
                "learning_rate": rate,
                "warmup_steps": given.steps // 10,
                "max_steps": given.steps,
                "epochs": given.steps,  # so that max_steps ends the run, however small the store is
                "seed": seed,
                "threads": given.threads,
                "device": given.device,
                "tracker": "none",
                **{
                    name: value
                    for item in ON
                    for name, value in (ON if item in measures else OFF)[item].items()
                },
            }
        )
        name = f"{label.replace(' ', '-')}-{rate:g}-{seed}"
        found = run_once(name, config, store=given.store, out=given.out, finish=lambda run: {})
        results.append({"measures": label, "learning_rate": rate, "seed": seed, **found, **verdict(found)})
    table = summary(results)
    write_report(given.out / "stability.json", results)
    (given.out / "stability.md").write_text(table, encoding="utf-8")
    print(table, end="")


def variants(one_by_one: bool) -> dict[str, frozenset[str]]:
    """Label to the measures that are on."""
    found = {"all": frozenset(ON), "none": frozenset[str]()}
    if one_by_one:
        found |= {f"without {name}": frozenset(ON) - {name} for name in ON}
        found |= {f"only {name}": frozenset({name}) for name in ON}
    return found


def verdict(found: Result) -> dict[str, str]:
    """How a run ended: `learnt`, `not finite`, or `above repeat`."""
    if "diverged" in found:
        return {"end": "not finite"}
    return {"end": "learnt" if found["nats"] < found["repeat"] else "above repeat"}


def summary(results: list[Result]) -> str:
    """A line a set of measures and learning rate: how its runs ended, and what those that learnt reached."""
    rows = []
    for label, rate in dict.fromkeys((item["measures"], item["learning_rate"]) for item in results):
        group = [item for item in results if (item["measures"], item["learning_rate"]) == (label, rate)]
        ends = [item["end"] for item in group]
        nats = [item["nats"] for item in group if item["end"] == "learnt"]
        diverged = len(group) - len(nats)
        rows.append(
            [
                label,
                f"{rate:g}",
                f"{diverged} of {len(group)}",
                str(ends.count("not finite")),
                str(ends.count("above repeat")),
                f"{median(nats):.4f}" if nats else "–",
                f"{max(nats):.4f}" if nats else "–",
            ]
        )
    columns = [
        "measures",
        "learning rate",
        "diverged",
        "not finite",
        "above repeat",
        "median nats",
        "worst nats",
    ]
    return markdown_table(columns, rows)


if __name__ == "__main__":
    main()
