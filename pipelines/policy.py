"""The policy: a training run over every pack, as an asset."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from exphil.backbones.config import CONFIGS
from exphil.reports.run_plots import heads, training_curve
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure
from exphil.training.metrics import MetricsLog
from exphil.training.presets import PRESETS
from pipelines import charts
from pipelines.assets import GROUP
from pipelines.lost_runs import tag_run
from pipelines.session import Session

MOST_POINTS = 30
"""Points of the curve, for it to be short enough to be shown in place."""

_DEFAULTS = TrainConfig()


def _option(name: str) -> Any:
    """A field of `TrainConfig`, its policy or backbone: default and help are written there."""
    owners = (_DEFAULTS, _DEFAULTS.policy, _DEFAULTS.policy.backbone)
    owner = next(item for item in owners if name in type(item).__dataclass_fields__)
    documented = type(owner).__dataclass_fields__[name].metadata["help"]
    return Field(default=getattr(owner, name), description=documented)


class PolicyOptions(dg.Config):
    """The options of `exphil train` that the launchpad offers."""

    preset: str | None = Field(default=None, description=f"A named set of options: {', '.join(PRESETS)}.")
    backbone: str = Field(
        default=_DEFAULTS.policy.backbone.name,
        description=" · ".join(f"`{name}`: {kind.summary}" for name, kind in CONFIGS.items()),
    )
    hidden_size: int = _option("hidden_size")
    num_layers: int = _option("num_layers")
    dropout: float = _option("dropout")
    window_size: int = _option("window_size")
    context: int = _option("context")
    delay: int = _option("delay")
    epochs: int = _option("epochs")
    max_steps: int | None = _option("max_steps")
    batch_size: int = _option("batch_size")
    learning_rate: float = _option("learning_rate")
    where: str | None = _option("where")
    windows: str | None = _option("windows")
    min_quality: float | None = _option("min_quality")
    character: str | None = _option("character")
    stage: str | None = _option("stage")
    split: str = _option("split")
    seed: int = _option("seed")
    device: str = _option("device")

    def train_config(self) -> TrainConfig:
        """The options as the trainer takes them: what is left at its default is the preset's.

        Raises:
            UsageError: one is out of range, or no preset is called so.
        """
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "preset"}
        defaults = TrainConfig().flat()
        return configure(
            {name: value for name, value in given.items() if value != defaults[name]}, preset=self.preset
        )


class _Log:
    """Progress of the training run in Dagster's log."""

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._log = context.log
        self._total = 0

    def note(self, text: str) -> None:
        self._log.info(text)

    def begin(self, done: int, total: int) -> None:
        self._total = total

    def step(self, done: int, text: str) -> None:
        self._log.info(f"batch {done} of {self._total}: {text}")

    def end(self) -> None: ...


@dg.asset(
    deps=["packs"],
    pool="training",
    kinds={"torch"},
    group_name=GROUP,
    description="A policy trained on every pack: `models/<run>/` with weights, configuration, metrics and model card.",
)
def policy(
    context: dg.AssetExecutionContext, config: PolicyOptions, session: dg.ResourceParam[Session]
) -> dg.MaterializeResult[None]:
    """Train a new policy with the options of the launchpad."""
    from exphil.training.session import start

    tag_run(context)
    outcome = start(
        config.train_config(),
        store=session.store_root,
        models=session.models_root,
        name=None,
        reporter=_Log(context),
    )
    return dg.MaterializeResult(
        metadata=of_outcome(outcome.run.folder, outcome.run.config, outcome.validation)
    )


def of_outcome(folder: Any, config: TrainConfig, validation: Mapping[str, Any]) -> dict[str, Any]:
    """What the UI shows of a finished run: nats a frame beside the baselines, by head, and the curve."""
    from exphil.training.runs import CARD, CURVE

    lines = MetricsLog(folder).lines()
    plots = {"curve": training_curve(lines, MOST_POINTS), "by_head": heads(lines)}
    return {
        "run": dg.MetadataValue.path(str(folder.resolve())),
        "backbone": config.policy.backbone.name,
        "validation_nats": float(validation["nats"]),
        "repeat_nats": float(validation["repeat"]),
        "marginal_nats": float(validation["marginal"]),
        "validation_frames": int(validation["num_frames"]),
        "steps": int(validation["step"]),
        **{
            name: dg.MetadataValue.md(charts.markdown(charts.svg(plot), plot.title))
            for name, plot in plots.items()
            if plot is not None
        },
        "card": dg.MetadataValue.md(
            (folder / CARD).read_text(encoding="utf-8").replace(f"![loss]({CURVE})", "")
        ),
    }
