"""Options of a training run: each with its default, help and check in one place. Free of torch.

The flags of `exphil train`, `models/<run>/config.json` and the trainer all derive from `TrainConfig`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from exphil.backbones.config import BackboneConfig, backbone_config, did_you_mean
from exphil.errors import UsageError
from exphil.loading.split import Split
from exphil.policy.config import PolicyConfig

Changed = TypeVar("Changed")

SUPERVISE: Final = ("all", "last")

RUN_LENGTH: Final = frozenset({"epochs", "max_steps", "device", "threads", "checkpoint_minutes"})
"""What resuming may change: how long, where, and how often to save. Anything else would be another run."""


def option(default: Any, doc: str, *, at_least: float | None = None, above: float | None = None) -> Any:
    """A field with its default, its help text and its range in one place."""
    return field(default=default, metadata={"help": doc, "at_least": at_least, "above": above})


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Checked when made: what is out of range names its flag."""

    window_size: int = option(60, "Frames of a window.", at_least=1)
    context: int = option(0, "Frames at the head of a window that are seen and not scored.", at_least=0)
    delay: int = option(
        0, "Frames between what the policy sees and what it presses, beyond the first.", at_least=0
    )
    supervise: str = option("all", "Score `all` frames of a window, or the `last` alone.")
    windows_per_epoch: int | None = option(
        None, "With --supervise last: windows of an epoch; as many as `all` has if not given.", at_least=1
    )
    where: str | None = option(
        None, "Train on what this SQL condition holds for, over replays, players and segments."
    )
    character: str | None = option(None, "Train on this character alone, as `fox`.")
    stage: str | None = option(None, "Train on this stage alone, as `fd`.")
    split: str = option(
        "80/10/10", "Percent of the sets of games to train on, validate on, and leave for tests."
    )
    epochs: int = option(3, "Passes over the training frames.", at_least=1)
    max_steps: int | None = option(None, "Stop after this many batches, if the epochs have more.", at_least=1)
    batch_size: int = option(64, "Windows of a batch.", at_least=1)
    learning_rate: float = option(
        3e-3, "Highest learning rate; it rises, then falls along a cosine.", above=0
    )
    warmup_steps: int = option(
        100, "Batches of rising learning rate; at most a fifth of the run's.", at_least=0
    )
    weight_decay: float = option(0.01, "Weight decay of the matrices.", at_least=0)
    max_grad_norm: float = option(1.0, "Gradients longer than this are shortened to it.", above=0)
    seed: int = option(0, "Of the weights, the order of the windows, and dropout.", at_least=0)
    checkpoint_minutes: float = option(
        10.0, "Save at least this often, beside the end of every epoch.", above=0
    )
    device: str = option("auto", "`auto`, or a torch device: `cpu`, `cuda`, `cuda:1`, `mps`.")
    threads: int | None = option(None, "CPU threads of torch; its own choice if not given.", at_least=1)
    policy: PolicyConfig = field(default_factory=PolicyConfig, metadata={"help": "The policy's shape."})

    def __post_init__(self) -> None:
        for item in fields(self):
            _check_range(item.name, getattr(self, item.name), item.metadata)
        if self.supervise not in SUPERVISE:
            raise UsageError(f"--supervise {self.supervise}: give `all` or `last`")
        if self.windows_per_epoch is not None and self.supervise != "last":
            raise UsageError("--windows-per-epoch needs --supervise last; `all` scores every frame once")
        if self.context >= self.window_size:
            raise UsageError(f"--context {self.context} must be below --window-size ({self.window_size})")
        Split.parse(self.split)

    @property
    def objective(self) -> Literal["all", "last"]:
        """`supervise`, as the loss names it."""
        return "last" if self.supervise == "last" else "all"

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
        known = {item.name: item for item in fields(cls)}
        for name, value in saved.items():
            if name not in known:
                raise UsageError(f"unknown training option {name!r}; {did_you_mean(name, known)}")
            if name != "policy":
                _check_type(name, value, known[name].type)
        options = dict(saved)
        if "policy" in options:
            options["policy"] = PolicyConfig.from_dict(options["policy"])
        return cls(**options)

    def with_flags(self, typed: Mapping[str, Any], settings: list[str]) -> "TrainConfig":
        """This configuration with what was typed on the command line put over it.

        Args:
            typed: option name to value, as `window_size`; `BACKBONE_FLAGS` among them.
            settings: `--set` texts, as `backbone.state_size=32` or `policy.head_units=64`.
        """
        flags = dict(typed)
        backbone, policy = self.policy.backbone, self.policy
        for name in BACKBONE_FLAGS:
            if name in flags:
                value = flags.pop(name)
                backbone = _blamed(
                    f"--{name.replace('_', '-')}", value, merged_backbone, backbone, {name: value}
                )
        for text in settings:
            owner, name, value = _parse_setting(text)
            if owner == "backbone":
                backbone = _blamed("--set", text, merged_backbone, backbone, {name: value})
            elif name in PolicyConfig.__dataclass_fields__ and name != "backbone":
                policy = _blamed("--set", text, replace, policy, **{name: value})
            else:
                raise UsageError(f"--set {text}: the policy has no option {name!r}")
        policy = replace(policy, backbone=backbone)
        return replace(self, policy=policy, **flags)


BACKBONE_FLAGS: Final[tuple[str, ...]] = ("backbone", "hidden_size", "num_layers", "dropout")
"""Flags of options that every backbone has; a backbone's own go through `--set backbone.NAME=VALUE`."""


def merged_backbone(before: BackboneConfig, given: Mapping[str, Any]) -> BackboneConfig:
    """`before` with options changed; another backbone keeps only what all backbones share."""
    options = dict(given)
    name = options.pop("backbone", before.name)
    kept = [item.name for item in fields(before)] if name == before.name else BACKBONE_FLAGS[1:]
    return backbone_config(name, **{**{item: getattr(before, item) for item in kept}, **options})


def load_config(path: Path) -> TrainConfig:
    """A configuration from a JSON file, `config.json` of a run among them.

    Raises:
        UsageError: no such file, no JSON, or no training configuration.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"--config {path}: no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"--config {path}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise UsageError(f"--config {path}: holds no options")
    content.pop("run", None)
    try:
        return TrainConfig.from_dict(content)
    except UsageError as error:
        raise UsageError(f"--config {path}: {error}") from None


def _blamed(flag: str, value: object, change: Callable[..., Changed], *given: Any, **named: Any) -> Changed:
    """`change(...)`, its complaint put down to the flag that caused it."""
    try:
        return change(*given, **named)
    except UsageError as error:
        raise UsageError(f"{flag} {value}: {error}") from None


def _check_range(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    flag = f"--{name.replace('_', '-')}"
    least, above = metadata.get("at_least"), metadata.get("above")
    if least is not None and not least <= value < float("inf"):
        raise UsageError(f"{flag} {value} must be at least {least}")
    if above is not None and not above < value < float("inf"):
        raise UsageError(f"{flag} {value} must be above {above}")


def _check_type(name: str, value: Any, expected: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {
        int: whole,
        float: whole or isinstance(value, float),
        str: isinstance(value, str),
        int | None: value is None or whole,
        str | None: value is None or isinstance(value, str),
    }
    if not fits[expected]:
        kind = getattr(expected, "__name__", str(expected))
        raise UsageError(f"{name} must be of type {kind}, not {value!r}")


def _parse_setting(text: str) -> tuple[str, str, Any]:
    owner, _, rest = text.partition(".")
    name, equals, value = rest.partition("=")
    if owner not in ("backbone", "policy") or not name or not equals:
        raise UsageError(f"--set {text}: give backbone.NAME=VALUE or policy.NAME=VALUE")
    try:
        return owner, name, json.loads(value)
    except ValueError:
        return owner, name, value
