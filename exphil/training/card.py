"""The model card of a run: what it was made from, and what it is worth, for people."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from exphil.training.config import TrainConfig
from exphil.training.runs import CURVE, WEIGHTS, Run
from exphil.training.selection import told

FURTHER: Final = (
    "balance",
    "windows_per_epoch",
    "label_smoothing",
    "focal_gamma",
    "button_weight",
    "attention_learning_rate",
    "mamba_learning_rate",
    "ema_decay",
    "patience",
    "min_delta",
    "init",
    "mirror",
    "noise",
    "noise_scale",
    "precision",
    "compile",
    "gradient_checkpointing",
)
"""Options that the card names where they are away from their defaults."""


def model_card(
    run: Run,
    *,
    figures: Mapping[str, Mapping[str, int]],
    data: str,
    num_parameters: int,
    lines: Sequence[Mapping[str, Any]],
) -> str:
    """Markdown.

    Args:
        figures: games, segments and frames of each side of the split.
        data: digest of the selected segments.
        num_parameters: of the policy.
        lines: of `metrics.jsonl`.
    """
    config, made = run.config, run.made_with
    checks = [line for line in lines if line["kind"] == "validation"]
    backbone = config.policy.backbone
    parts = [
        f"# {run.name}",
        "",
        f"A policy that plays Super Smash Bros. Melee like the people in the replays it learnt from:"
        f" backbone `{backbone.name}`, {num_parameters:,} parameters,"
        f" features `{made['feature_set']}`, 13 {config.policy.heads} controller heads.",
        "",
        "## Data",
        "",
        *_selected(told(config)),
        f"- Split {config.split} of the sets of games, by a hash that stays as the store grows",
        f"- Store `{made['store_fingerprint']}`, segments `{data}`, feature table `{made['fingerprint']}`",
        "",
        "| side | games | segments | frames |",
        "|---|---|---|---|",
        *(
            f"| {name} | {s['games']:,} | {s['segments']:,} | {s['frames']:,} |"
            for name, s in figures.items()
        ),
        "",
        "## Training",
        "",
        *(f"- {text}" for text in _how(config)),
        f"- {_progress(lines)}",
        f"- exphil {made['exphil']}, revision {made['git'] or 'unknown'}, torch {made['torch']},"
        f" Python {made['python']}, begun {made['begun']}",
        "",
        "## Validation",
        "",
        "Negative log-likelihood in nats a frame, summed over the heads. *Repeat* and *marginal* guess from the"
        " training split's frequencies, with and without the previous input; on the same frames.",
        "",
        *_validation(checks),
        "",
        f"![loss]({CURVE})",
        "",
        "A lower likelihood loss says that the policy predicts people better, not that it wins more.",
    ]
    return "\n".join(parts) + "\n"


def with_section(card: str, title: str, lines: Iterable[str]) -> str:
    """The card with a section of its own at the end, in place of an earlier one of that title."""
    heading = f"## {title}"
    kept: list[str] = []
    skipping = False
    for line in card.splitlines():
        if line.startswith("## "):
            skipping = line == heading
        if not skipping:
            kept.append(line)
    return "\n".join((*kept, "", heading, "", *lines)).replace("\n\n\n", "\n\n") + "\n"


def _selected(asked: Mapping[str, str]) -> Iterator[str]:
    """What was asked for, by option; a query of spans in full."""
    rest = ", ".join(f"{name} `{value}`" for name, value in asked.items() if name != "windows")
    spans = asked.get("windows")
    if spans is None:
        yield f"- Selected: {rest or 'every eligible segment'}"
        return
    yield f"- Selected: the stretches that this query gives{', of ' + rest if rest else ''}"
    yield ""
    fence = "`" * (3 + max((len(run) for run in re.findall("`+", spans)), default=0))
    yield from (f"  {line}".rstrip() for line in (f"{fence}sql", *spans.strip().splitlines(), fence))
    yield ""


def _how(config: TrainConfig) -> Iterator[str]:
    """How the run learnt: the windows, the optimizer, and whatever else was asked for."""
    yield (
        f"Windows of {config.window_size} frames ({config.context} of them context),"
        f" delay {config.policy.delay}, supervising `{config.supervise}`, batches of {config.batch_size}"
        + (f", {config.accumulate} of them a step" if config.accumulate > 1 else "")
    )
    yield (
        f"AdamW, learning rate {config.learning_rate:g} after a warm-up of up to {config.warmup_steps} steps,"
        f" schedule `{config.schedule}` to the last step, weight decay {config.weight_decay:g}, gradients"
        f" clipped at {config.max_grad_norm:g}, seed {config.seed}"
    )
    asked = ", ".join(
        f"{name} {getattr(config, name)}"
        for name in FURTHER
        if getattr(config, name) != TrainConfig.__dataclass_fields__[name].default
    )
    if asked:
        yield f"Also: {asked}"


def _progress(lines: Sequence[Mapping[str, Any]]) -> str:
    steps = [line for line in lines if line["kind"] == "train"]
    if not steps:
        return "no step yet"
    spread = sum(line["diversity"] for line in steps) / len(steps)
    return (
        f"{steps[-1]['step']:,} steps, {steps[-1]['epoch'] + 1} epochs begun;"
        f" distinct replays over windows of a batch {spread:.3f}"
    )


def _validation(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    if not checks:
        return ["Not validated yet."]
    best = next(line for line in reversed(checks) if line["best"])
    return [
        f"`{WEIGHTS}` is the policy of step {best['step']:,}, the best so far.",
        "",
        "| epoch | steps | policy | repeat | marginal | frames |",
        "|---|---|---|---|---|---|",
        *(
            f"| {line['epoch'] + 1} | {line['step']:,} | {'**' if line is best else ''}{line['nats']:.4f}"
            f"{'**' if line is best else ''} | {line['repeat']:.4f} | {line['marginal']:.4f}"
            f" | {line['num_frames']:,} |"
            for line in checks
        ),
        "",
        "| head | nats a frame |",
        "|---|---|",
        *(f"| {head} | {nats:.4f} |" for head, nats in best["by_head"].items()),
    ]
