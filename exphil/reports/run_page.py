"""A training run as a page: what it learnt from, how it went, what it is worth, how fast it answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exphil.errors import StoreError
from exphil.melee.characters import character_title
from exphil.melee.stages import stage_title
from exphil.pages import charts
from exphil.pages.page import Page
from exphil.reports import run_plots
from exphil.reports.drawn import add
from exphil.reports.latency import FRAME_MS, Latency, figures
from exphil.sql.masking import masked
from exphil.training.config import TrainConfig
from exphil.training.metrics import MetricsLog
from exphil.training.runs import EVALUATION, SPLIT, Run

PAGE: Final = "report.html"

TEST_EVALUATION: Final = "evaluation-test.json"
"""What `exphil evaluate --side test` found; shown where the validation side was not evaluated."""

QUERIES: Final = ("where", "windows")
"""Options whose text may name players."""


def run_page(run: Run, *, latency: Latency | None = None, names: bool = False) -> Page:
    """The page.

    Args:
        latency: as `time_decisions` found it; None says how to get it.
        names: show queries as they were written; else what may name a player is hidden.

    Raises:
        StoreError: a file of the run cannot be read.
    """
    lines = MetricsLog(run.folder).lines()
    evaluation = _json(run, EVALUATION) or _json(run, TEST_EVALUATION)
    backbone = run.config.policy.backbone.name
    page = Page(
        run.name, f"A policy with backbone {backbone}, begun {run.made_with.get('begun', 'long ago')}"
    )
    page.facts(_facts(lines, evaluation, latency))
    _add_curves(page, lines)
    _add_heads(page, lines, evaluation)
    _add_characters(page, run, evaluation)
    _add_latency(page, run, latency)
    _add_data(page, run, names=names)
    _add_options(page, run, names=names)
    return page


def _facts(
    lines: Sequence[Mapping[str, Any]], evaluation: Mapping[str, Any] | None, latency: Latency | None
) -> list[tuple[str, Any]]:
    best = run_plots.best_check(lines)
    steps = [line["step"] for line in lines]
    found: list[tuple[str, Any]] = [("steps", max(steps, default=0))]
    if best is not None:
        found += [
            ("validation nats a frame", best["nats"]),
            ("baseline: repeat", best["repeat"]),
            ("baseline: marginal", best["marginal"]),
            ("at step", best["step"]),
        ]
    if evaluation is not None:
        found += [
            ("F1 of buttons", evaluation["buttons"]["mean"]["policy"]["f1"]),
            ("F1 of button onsets", evaluation["buttons"]["mean"]["policy"]["onset_f1"]),
        ]
    if latency is not None:
        found += [(name, value) for name, value in figures(latency).items() if name.startswith("step")]
    return found


def _add_curves(page: Page, lines: Sequence[Mapping[str, Any]]) -> None:
    page.heading("Curves")
    if not add(page, run_plots.training_curve(lines)):
        page.text("The run has logged nothing yet.")
        return
    for plot in (run_plots.learning_rate, run_plots.gradients, run_plots.rate):
        add(page, plot(lines))
    checks = [line for line in lines if line["kind"] == "validation"]
    if checks:
        page.table(
            ["epoch", "step", "nats", "repeat", "marginal", "frames"],
            [
                [line["epoch"] + 1, line["step"], line["nats"], line["repeat"], line["marginal"], line["num_frames"]]
                for line in checks
            ],
            "Every validation.",
        )  # fmt: skip


def _add_heads(page: Page, lines: Sequence[Mapping[str, Any]], evaluation: Mapping[str, Any] | None) -> None:
    page.heading("By head")
    if evaluation is None:
        if not add(page, run_plots.heads(lines)):
            page.text("Not validated yet.")
        return
    streaming = evaluation["streaming"]
    rows = [
        {"head": head, "who": who, "nats a frame": nats}
        for head in streaming["policy"]["by_head"]
        for who in ("policy", "repeat")
        if (nats := streaming[who]["by_head"].get(head)) is not None
    ]
    page.chart(
        charts.bars(rows, "head", "nats a frame", series="who"),
        f"Nats a frame by head on the {evaluation['side']} side, beside the guess that inputs repeat.",
    )
    buttons = evaluation["buttons"]["by_button"]
    page.table(
        ["button", "held", "onsets", "F1", "F1 of onsets", "average precision of onsets"],
        [
            [
                name,
                row["pressed"],
                row["onsets"],
                row["policy"]["f1"],
                row["policy"]["onset_f1"],
                row["onset_average_precision"],
            ]
            for name, row in buttons.items()
        ],
        "Held: share of frames.",
    )


def _add_characters(page: Page, run: Run, evaluation: Mapping[str, Any] | None) -> None:
    page.heading("By character")
    if evaluation is None:
        page.text(f"Not evaluated yet. What measures it: exphil evaluate {run.name}")
        return
    for title in ("character", "opponent", "stage"):
        found = evaluation["streaming"]["by"][title]
        called = stage_title if title == "stage" else character_title
        rows = [
            {title: called(row["name"]), "who": who, "nats a frame": row[who]}
            for row in found
            for who in ("policy", "repeat")
        ]
        page.chart(
            charts.bars(rows, title, "nats a frame", series="who"),
            f"Nats a frame by {title}, beside the guess that inputs repeat.",
        )
        page.table(
            [title, "frames", "policy", "repeat", "marginal"],
            [
                [called(row["name"]), row["num_frames"], row["policy"], row["repeat"], row["marginal"]]
                for row in found
            ],
        )
    page.text("The file evaluation.html in the run's folder has the rest: calibration, sticks, free runs.")


def _add_latency(page: Page, run: Run, latency: Latency | None) -> None:
    page.heading("Latency")
    if latency is None:
        page.text("Not timed: leave out --no-latency.")
        return
    page.text(
        "Milliseconds a decision, one at a time on one thread of the CPU: a step carries the memory on from the frame"
        f" before, a window begins anew. A frame of the game takes {FRAME_MS:.1f} ms. Other programs on the machine"
        " make it slower."
    )
    page.facts([("processor", latency.processor), *figures(latency).items()])
    rows = [
        {"decision": name, "ms": value, "share of decisions": (place + 1) / len(values)}
        for name, values in (("step", sorted(latency.steps)), ("window", sorted(latency.windows)))
        for place, value in enumerate(values)
        if place % max(1, len(values) // run_plots.MOST_POINTS) == 0 or place == len(values) - 1
    ]
    page.chart(
        charts.line(rows, "ms", "share of decisions", series="decision", x_title="milliseconds", log_x=True),
        "Share of decisions that take at most so long.",
    )


def _add_data(page: Page, run: Run, *, names: bool) -> None:
    page.heading("Data")
    chosen = [
        (name, _query(value, names=names) if name in QUERIES else value)
        for name in ("where", "windows", "character", "stage", "min_quality")
        if (value := getattr(run.config, name)) is not None
    ]
    if chosen:
        page.table(["option", "chosen by"], chosen)
    else:
        page.text("Every eligible segment.")
    games = _json(run, SPLIT)
    made = run.made_with
    page.facts(
        [
            ("split", run.config.split),
            *((f"games: {side}", len(found)) for side, found in (games or {}).items()),
            ("feature set", made.get("feature_set")),
            ("store", made.get("store_fingerprint")),
        ]
    )


def _add_options(page: Page, run: Run, *, names: bool) -> None:
    page.heading("Options")
    made = run.made_with
    page.text(
        f"exphil {made.get('exphil')}, revision {made.get('git') or 'unknown'}, torch {made.get('torch')},"
        f" Python {made.get('python')}. Those away from their defaults have a star."
    )
    given, defaults = run.config.flat(), TrainConfig().flat()
    page.table(
        ["option", "value", "*"],
        [
            [
                name,
                _query(value, names=names) if name in QUERIES and value is not None else _cell(value),
                "*" if name not in defaults or value != defaults[name] else "",
            ]
            for name, value in given.items()
        ],
    )


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else json.dumps(value)


def _query(text: str, *, names: bool) -> str:
    return text if names else masked(text)


def _json(run: Run, name: str) -> dict[str, Any] | None:
    path = run.folder / name
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}); make it anew, or remove it") from error
    return found
