"""What the backbones have in common in a comparison, and what is each one's own. Free of torch.

Data, windows, augmentation, budget and place are the same for all. Shape, loss, learning rates and what keeps
training stable come from each backbone's own preset.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from exphil.backbones.config import CONFIGS, did_you_mean
from exphil.errors import UsageError
from exphil.training.config import TrainConfig, owner_of
from exphil.training.config_layers import configure
from exphil.training.config_names import backbone_options

STAGES: Final = ("speed", "latency", "train", "scaling")
"""In the order that they are run: the quick ones first, so that a backbone which fails does so early."""

SHARED_GROUPS: Final = frozenset({"Data", "Windows", "Augmentation", "Run"})
"""Groups of options that a preset has no say in."""

BUDGET: Final = frozenset({"epochs", "max_steps", "accumulate", "patience", "min_delta", "debug_gradients"})
"""Further options that a preset has no say in: they decide how much is computed."""

SCALING_WINDOWS: Final = (30, 60, 120, 240, 480)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What is to be compared, and how.

    Attributes:
        backbones: names, in the order of the registry.
        seeds: of the training runs.
        rounds: how often speed and latency are measured, all backbones by turns.
        stages: of `STAGES`.
        shared: options by their flags' names, as `window_size`, the same for every backbone that has them.

    Raises:
        UsageError: a shared option that is none, or that no backbone at hand has.
    """

    backbones: tuple[str, ...] = tuple(CONFIGS)
    seeds: tuple[int, ...] = (0,)
    rounds: int = 3
    stages: tuple[str, ...] = STAGES
    shared: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.shared:
            if name in ("seed", "backbone"):
                raise UsageError(f"--set {name}: give --{name}s, which every backbone is measured with")
            try:
                owner = owner_of(name)
            except UsageError as error:
                raise UsageError(f"--set {name}: {error}") from None
            if owner == "backbone" and not any(name in backbone_options(other) for other in self.backbones):
                raise UsageError(f"--set {name}: none of {', '.join(self.backbones)} has it")

    def config(self, backbone: str) -> TrainConfig:
        """The training run of one backbone, seed aside.

        Raises:
            UsageError: a shared option is out of its range.
        """
        plain = TrainConfig()
        common = {
            item.name: getattr(plain, item.name)
            for item in fields(plain)
            if item.metadata.get("group") in SHARED_GROUPS or item.name in BUDGET
        }
        asked = {
            name: value
            for name, value in self.shared.items()
            if owner_of(name) != "backbone" or name in backbone_options(backbone)
        }
        own = configure({"backbone": backbone}).flat()
        return TrainConfig.from_flat({**own, **common, "tracker": "none", **asked})


def chosen(flag: str, text: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """Names out of a comma-separated list, in the order of `known`; all of them if nothing was typed.

    Raises:
        UsageError: a name is not known, or there is none.
    """
    if text is None:
        return tuple(known)
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise UsageError(f"{flag} {text}: {did_you_mean(name, dict.fromkeys(known))}")
    if not names:
        raise UsageError(f"{flag}: name at least one of {', '.join(known)}")
    return tuple(name for name in known if name in names)


def parsed_settings(texts: Sequence[str]) -> dict[str, Any]:
    """`--set` texts as options: `hidden_size=64`, `precision=bf16`.

    Raises:
        UsageError: a text without a name or a value.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {text}: give NAME=VALUE, as in --set hidden_size=64")
        try:
            found[name.strip().replace("-", "_")] = json.loads(value)
        except ValueError:
            found[name.strip().replace("-", "_")] = value
    return found
