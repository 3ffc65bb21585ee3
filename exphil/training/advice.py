"""What to try when a run has diverged: the fixes that this run does not have yet, the most promising first."""

from exphil.training.config import TrainConfig
from exphil.training.config_names import backbone_options

SMALLEST_NORM = 0.1
"""Clipping below this would stop most learning."""

SMALLEST_WIDTH = 16


def advice(config: TrainConfig, phase: str, kind: str | None, *, step: int, epoch: int) -> tuple[str, ...]:
    """Flags to begin again with.

    Args:
        phase: where it began, as `exphil.training.diagnose.Place` has it.
        kind: of the mixer in which it began, if in one.
        step: that failed, from 1.
        epoch: it belongs to, from 0.
    """
    if phase == "input":
        return ("`exphil features --audit`, which names the feature", "`exphil materialize embeddings` anew")
    gentler, initial = _gentler(config, epoch), ["--init scaled"] if config.init == "default" else []
    first = [*initial, *gentler] if step <= 1 else [*gentler, *initial]
    bounded = _attention(config)
    likely = [*bounded, *first] if kind == "attention" else [*first, *bounded]
    return _distinct([*_sounder(config), *likely, *_smaller(config)])


def _sounder(config: TrainConfig) -> list[str]:
    """What holds whenever and wherever it began."""
    found = [] if config.policy.backbone.pre_norm else ["--pre-norm"]
    return found if config.precision == "float32" else [*found, "--precision float32"]


def _gentler(config: TrainConfig, epoch: int) -> list[str]:
    """Against what grows until it breaks. After a whole epoch the rate is far too high, not a little."""
    factor = 10 if epoch > 0 else 3
    found = [f"--learning-rate {config.learning_rate / factor:.2g}"]
    if config.max_grad_norm > SMALLEST_NORM:
        found.append(f"--max-grad-norm {min(1.0, max(SMALLEST_NORM, config.max_grad_norm / 2)):.2g}")
    found.append(f"--warmup-steps {max(500, 2 * config.warmup_steps)}")
    return found


def _attention(config: TrainConfig) -> list[str]:
    """Against scores and gradients of attention that outgrow what is beside them."""
    options = config.flat()
    if "num_heads" not in backbone_options(options["backbone"]):
        return []
    found = [] if options["qk_layernorm"] else ["--qk-layernorm"]
    if config.attention_learning_rate is None:
        found.append(f"--attention-learning-rate {config.learning_rate / 10:.2g}")
    if options["attention_dropout"] == 0:
        found.append("--attention-dropout 0.2")
    if config.init != "xavier":
        found.append("--init xavier")
    return found


def _smaller(config: TrainConfig) -> list[str]:
    """A smaller problem, to find out; Mamba alone tells whether attention is at fault."""
    found, width = [f"--accumulate {2 * config.accumulate}"], config.policy.backbone.hidden_size
    if width >= 2 * SMALLEST_WIDTH:
        found.append(f"--hidden-size {width // 2}")
    if config.policy.backbone.name == "jamba":
        found.append("--backbone mamba")
    return found


def _distinct(flags: list[str]) -> tuple[str, ...]:
    """Each flag once, at its first place."""
    found: dict[str, str] = {}
    for flag in flags:
        found.setdefault(flag.split(" ")[0], flag)
    return tuple(found.values())
