"""The model card of a run: what it was made from, and what it is worth, for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from exphil.training.runs import CURVE, Run


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
    chosen = {
        "where": config.where,
        "character": config.character,
        "stage": config.stage,
    }
    query = ", ".join(f"{name} `{value}`" for name, value in chosen.items() if value is not None)
    parts = [
        f"# {run.name}",
        "",
        f"A policy that plays Super Smash Bros. Melee like the people in the replays it learnt from:"
        f" backbone `{backbone.name}`, {num_parameters:,} parameters,"
        f" features `{made['feature_set']}`, 13 {config.policy.heads} controller heads.",
        "",
        "## Data",
        "",
        f"- Selected: {query or 'every eligible segment'}",
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
        f"- Windows of {config.window_size} frames ({config.context} of them context), delay {config.delay},"
        f" supervising `{config.supervise}`, batches of {config.batch_size}",
        f"- AdamW, learning rate {config.learning_rate:g} after a warm-up of up to {config.warmup_steps} batches,"
        f" cosine to the last batch, weight decay {config.weight_decay:g}, seed {config.seed}",
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


def _progress(lines: Sequence[Mapping[str, Any]]) -> str:
    steps = [line for line in lines if line["kind"] == "train"]
    if not steps:
        return "no batch yet"
    spread = sum(line["diversity"] for line in steps) / len(steps)
    return (
        f"{steps[-1]['step']:,} batches, {steps[-1]['epoch'] + 1} epochs begun;"
        f" distinct replays over windows of a batch {spread:.3f}"
    )


def _validation(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    if not checks:
        return ["Not validated yet."]
    last = checks[-1]
    return [
        "| epoch | batches | policy | repeat | marginal | frames |",
        "|---|---|---|---|---|---|",
        *(
            f"| {line['epoch'] + 1} | {line['step']:,} | {line['nats']:.4f} | {line['repeat']:.4f}"
            f" | {line['marginal']:.4f} | {line['num_frames']:,} |"
            for line in checks
        ),
        "",
        "| head | nats a frame |",
        "|---|---|",
        *(f"| {head} | {nats:.4f} |" for head, nats in last["by_head"].items()),
    ]
