"""Options of a training run: each with its default, help and check in one place. Free of torch.

The flags of `exphil train`, `models/<run>/config.json` and the trainer all derive from `TrainConfig`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from exphil.backbones.config import backbone_config
from exphil.errors import UsageError
from exphil.loading.split import Split
from exphil.policy.config import PolicyConfig
from exphil.policy.objective import Objective
from exphil.training.config_names import BACKBONE_OPTIONS, backbone_options, carried, flatten, missing_from
from exphil.training.options import check, flag_of, near, option

RUN_LENGTH: Final = frozenset(
    {
        "epochs",
        "max_steps",
        "device",
        "threads",
        "checkpoint_minutes",
        "keep",
        "tracker",
        "debug_gradients",
        "name_players",
    }
)
"""What resuming may change: how long, where, how often to save, what to watch. Anything else: another run."""


def _of_objective(name: str) -> Any:
    """An option of the loss: default and help are written there, and it checks its range."""
    item = Objective.__dataclass_fields__[name]
    return option(item.default, item.metadata["help"], group="Loss")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Checked when made: what is out of range names its flag."""

    where: str | None = option(
        None,
        "Train on what this SQL condition holds for, over replays, players and segments.",
        group="Data",
    )
    windows: str | None = option(
        None,
        "Train on the frames that this SQL query names: replay_id, port, first_frame, last_frame, a row a span.",
        group="Data",
    )
    character: str | None = option(None, "Train on this character alone, as `fox`.", group="Data")
    stage: str | None = option(None, "Train on this stage alone, as `fd`.", group="Data")
    min_quality: float | None = option(
        None,
        "Train on games of at least this quality, 0 to 1; without it, on those that no flag excludes.",
        group="Data",
        at_least=0,
        at_most=1,
    )
    split: str = option(
        "80/10/10",
        "Percent of the sets of games to train on, validate on, and leave for tests.",
        group="Data",
    )
    balance: Literal["none", "character"] = option(
        "none",
        "`character`: characters are seen equally often, within an eighth to 8 times what there is of them.",
        group="Data",
    )

    window_size: int = option(60, "Frames of a window.", group="Windows", at_least=1)
    context: int = option(
        0, "Frames at the head of a window that are seen and not scored.", group="Windows", at_least=0
    )
    supervise: Literal["all", "last"] = option(
        "all", "Score `all` frames of a window, or the `last` alone.", group="Windows"
    )
    windows_per_epoch: int | None = option(
        None,
        "With --supervise last: windows of an epoch; as many as `all` has if not given.",
        group="Windows",
        at_least=1,
    )
    batch_size: int = option(64, "Windows of a batch.", group="Windows", at_least=1)

    label_smoothing: float = _of_objective("label_smoothing")
    focal_gamma: float = _of_objective("focal_gamma")
    button_weight: float = _of_objective("button_weight")

    epochs: int = option(3, "Passes over the training frames.", group="Optimisation", at_least=1)
    max_steps: int | None = option(
        None,
        "Stop after this many optimizer steps, if the epochs have more.",
        group="Optimisation",
        at_least=1,
    )
    learning_rate: float = option(3e-3, "Highest learning rate.", group="Optimisation", above=0)
    attention_learning_rate: float | None = option(
        None, "Highest learning rate of attention layers, if another.", group="Optimisation", above=0
    )
    mamba_learning_rate: float | None = option(
        None, "Highest learning rate of Mamba layers, if another.", group="Optimisation", above=0
    )
    schedule: Literal["cosine", "constant", "linear", "cosine_restarts"] = option(
        "cosine", "How the learning rate falls after the warm-up, over the run's steps.", group="Optimisation"
    )
    restart_steps: int = option(
        1000,
        "Steps of the first period of cosine_restarts, about: whole periods fill the run.",
        group="Optimisation",
        at_least=1,
    )
    restart_factor: int = option(
        2,
        "Each period of cosine_restarts is this many times the one before.",
        group="Optimisation",
        at_least=1,
    )
    warmup_steps: int = option(
        100, "Steps of rising learning rate; at most a tenth of the run's.", group="Optimisation", at_least=0
    )
    weight_decay: float = option(0.01, "Weight decay of the matrices.", group="Optimisation", at_least=0)
    accumulate: int = option(1, "Batches whose gradients make one step.", group="Optimisation", at_least=1)
    ema_decay: float = option(
        0.0,
        "Keep and use a moving average of the weights: 0.999 moves by a thousandth a step; 0 is off.",
        group="Optimisation",
        at_least=0,
        below=1,
    )
    patience: int | None = option(
        None,
        "Stop after this many validations without a better one; runs its length if not given.",
        group="Optimisation",
        at_least=1,
    )
    min_delta: float = option(
        0.0,
        "Nats by which a validation must be better to count for --patience.",
        group="Optimisation",
        at_least=0,
    )

    max_grad_norm: float = option(
        1.0, "Gradients longer than this are shortened to it.", group="Stability", above=0
    )
    init: Literal["default", "xavier", "scaled"] = option(
        "default",
        "Initial weights: `xavier` is Glorot for attention, `scaled` shrinks what joins the residual with depth.",
        group="Stability",
    )
    debug_gradients: bool = option(
        False, "Log the norms of every layer's gradients, weights and outputs.", group="Stability"
    )

    mirror: float = option(
        0.0, "Share of windows seen mirrored left to right.", group="Augmentation", at_least=0, at_most=1
    )
    noise: float = option(
        0.0,
        "Share of windows whose continuous state is blurred.",
        group="Augmentation",
        at_least=0,
        at_most=1,
    )
    noise_scale: float = option(
        0.01,
        "Standard deviation of that noise, in the features' own scaled units.",
        group="Augmentation",
        above=0,
    )

    seed: int = option(0, "Of the weights, the order of the windows, and dropout.", group="Run", at_least=0)
    device: str = option("auto", "`auto`, or a torch device: `cpu`, `cuda`, `cuda:1`, `mps`.", group="Run")
    threads: int | None = option(
        None, "CPU threads of torch; its own choice if not given.", group="Run", at_least=1
    )
    precision: Literal["float32", "bf16"] = option(
        "float32", "`bf16` computes the layers in bfloat16; weights and losses stay float32.", group="Run"
    )
    compile: bool = option(False, "Compile the policy with torch.compile.", group="Run")
    gradient_checkpointing: bool = option(
        False, "Compute layers again in the backward pass: less memory, more time.", group="Run"
    )
    checkpoint_minutes: float = option(
        10.0, "Save at least this often, beside the end of every epoch.", group="Run", above=0
    )
    keep: int = option(
        1, "Weights kept: the best, and from 2 on those of the last validations too.", group="Run", at_least=1
    )
    tracker: Literal["tensorboard", "wandb", "none"] = option(
        "tensorboard", "Where figures go, beside metrics.jsonl.", group="Run"
    )
    name_players: bool = option(
        False, "Let the model card name the players that --where or --windows names.", group="Run"
    )
    policy: PolicyConfig = field(default_factory=PolicyConfig, metadata={"help": "The policy's shape."})

    def __post_init__(self) -> None:
        for item in fields(self):
            if item.name != "policy":
                check(item.name, getattr(self, item.name), item.type, item.metadata)
        if self.where is not None and self.windows is not None:
            raise UsageError("--where and --windows do not go together: put the condition into the query")
        if self.windows_per_epoch is not None and self.supervise != "last":
            raise UsageError("--windows-per-epoch needs --supervise last; `all` scores every frame once")
        if self.context >= self.window_size:
            raise UsageError(f"--context {self.context} must be below --window-size ({self.window_size})")
        Split.parse(self.split)
        _ = self.objective  # checks its own ranges

    @property
    def delay(self) -> int:
        """Frames between what the policy sees and what it presses, beyond the first."""
        return self.policy.delay

    @property
    def objective(self) -> Objective:
        """What is optimised."""
        return Objective(
            label_smoothing=self.label_smoothing,
            focal_gamma=self.focal_gamma,
            button_weight=self.button_weight,
        )

    @property
    def shares(self) -> Split:
        return Split.parse(self.split)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` reads it back."""
        plain = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "policy"}
        return {**plain, "policy": self.policy.to_dict()}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "TrainConfig":
        """Back from `to_dict`.

        Raises:
            UsageError: an unknown option, or a value out of range or of another type.
        """
        return cls.from_flat(flatten(saved))

    def flat(self) -> dict[str, Any]:
        """Every option by its flag's name, those of the policy and of the backbone among them."""
        return flatten(self.to_dict())

    @classmethod
    def from_flat(cls, options: Mapping[str, Any]) -> "TrainConfig":
        """From options by their flags' names; what is not given keeps its default.

        Raises:
            UsageError: an unknown option, one that the backbone lacks, or a value that does not fit.
        """
        name = options.get("backbone", PolicyConfig().backbone.name)
        parts: dict[str, dict[str, Any]] = {"training": {}, "policy": {}, "backbone": {}}
        for item, value in options.items():
            owner = owner_of(item)
            if owner == "backbone" and item not in backbone_options(name):
                raise UsageError(f"{flag_of(item)} {value}: {missing_from(name, item)}")
            parts[owner][item] = value
        parts["policy"].pop("backbone", None)
        policy = PolicyConfig(backbone=backbone_config(name, **parts["backbone"]), **parts["policy"])
        return cls(policy=policy, **parts["training"])

    def with_flags(self, typed: Mapping[str, Any]) -> "TrainConfig":
        """This configuration with options by their flags' names put over it.

        Another backbone takes over what `CARRIED` names, and its own defaults for the rest.
        """
        return self.from_flat({**carried(self.flat(), typed.get("backbone")), **typed})


def owner_of(name: str) -> Literal["training", "policy", "backbone"]:
    """Whose option it is.

    Raises:
        UsageError: nobody's.
    """
    if name in BACKBONE_OPTIONS:
        return "backbone"
    if name in PolicyConfig.__dataclass_fields__:
        return "policy"
    if name in TrainConfig.__dataclass_fields__ and name != "policy":
        return "training"
    known = (*TrainConfig.__dataclass_fields__, *PolicyConfig.__dataclass_fields__, *BACKBONE_OPTIONS)
    raise UsageError(f"unknown training option {name!r}; {near(name, known)}")
