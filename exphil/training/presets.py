"""Presets: named sets of options, as data. `exphil train --list-presets` prints them.

A preset gives only what differs: what it leaves out comes from the preset of the backbone, and below that from
the defaults of `TrainConfig`. Each backbone's own preset applies whenever that backbone is trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exphil.backbones.config import CONFIGS
from exphil.errors import UsageError
from exphil.training.options import near


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named set of options.

    Attributes:
        summary: what it is for, in one line.
        values: its options by their flags' names.
        base: the preset that it builds on.
    """

    name: str
    summary: str
    values: Mapping[str, Any] = field(default_factory=dict)
    base: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Its values over those of the preset that it builds on."""
        below = {} if self.base is None else find_preset(self.base).options
        return {**below, **self.values}


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if name not in PRESETS:
        found = near(name, PRESETS, "`exphil train --list-presets` lists them")
        raise UsageError(f"--preset {name}: there is none of that name; {found}")
    return PRESETS[name]


_AUGMENTED: Final = {"mirror": 0.5, "noise": 0.3}


def _own(backbone: str, **values: Any) -> Preset:
    """A backbone's own preset: the training options that suit it, where they are not the defaults."""
    return Preset(name=backbone, summary=CONFIGS[backbone].summary, values={"backbone": backbone, **values})


_ALL: Final = (
    _own("mlp"),
    _own("lstm"),
    _own("gru"),
    _own("attention"),
    _own("sliding_window"),
    _own("mamba"),
    _own("jamba", max_grad_norm=0.5),
    Preset(
        name="cpu_quick",
        summary="any backbone, small: an epoch of 50 games in minutes on two cores",
        values={"hidden_size": 64, "epochs": 1},
    ),
    Preset(
        name="quick",
        summary="does it run at all: a few hundred steps of a tiny mlp",
        values={"backbone": "mlp", "hidden_size": 32, "epochs": 1, "batch_size": 32, "max_steps": 300},
    ),
    Preset(
        name="standard",
        summary="a small mlp that learns well on a CPU",
        values={
            "backbone": "mlp",
            "hidden_size": 64,
            "epochs": 10,
            "patience": 5,
            **_AUGMENTED,
        },
    ),
    Preset(
        name="full_cpu",
        summary="an mlp for a night on a CPU",
        values={
            "backbone": "mlp",
            "hidden_size": 128,
            "epochs": 30,
            "warmup_steps": 500,
            "patience": 7,
            "min_delta": 0.005,
            "ema_decay": 0.999,
            "keep": 3,
            **_AUGMENTED,
        },
    ),
    Preset(
        name="gpu_mlp_quick",
        summary="an mlp in minutes on a GPU: data and options checked before a long run",
        values={"backbone": "mlp", "hidden_size": 128, "epochs": 5, "batch_size": 256, "mirror": 0.5},
    ),
    Preset(
        name="gpu_quick",
        summary="any backbone in minutes on a GPU, at half the length of a window",
        values={"hidden_size": 64, "batch_size": 256, "window_size": 30, "mirror": 0.5},
    ),
    Preset(
        name="gpu_standard",
        summary="a policy of useful size in hours on a GPU",
        values={
            "backbone": "mamba",
            "hidden_size": 128,
            "epochs": 20,
            "batch_size": 256,
            "warmup_steps": 500,
            "learning_rate": 1e-3,
            "patience": 5,
            "ema_decay": 0.999,
            "keep": 5,
            **_AUGMENTED,
        },
    ),
    Preset(
        name="full",
        summary="every replay, full width, a day on a GPU",
        values={
            "backbone": "mamba",
            "epochs": 50,
            "batch_size": 256,
            "accumulate": 2,
            "warmup_steps": 1000,
            "learning_rate": 1e-3,
            "patience": 7,
            "min_delta": 0.005,
            "ema_decay": 0.999,
            "keep": 5,
            **_AUGMENTED,
        },
    ),
    Preset(
        name="production",
        summary="the policy to play with: every replay, three layers, warm restarts, days on a GPU",
        values={
            "backbone": "mamba",
            "num_layers": 3,
            "state_size": 32,
            "epochs": 100,
            "batch_size": 256,
            "accumulate": 4,
            "split": "80/15/5",
            "schedule": "cosine_restarts",
            "restart_steps": 5000,
            "warmup_steps": 2000,
            "learning_rate": 1e-3,
            "patience": 10,
            "min_delta": 0.001,
            "ema_decay": 0.9995,
            "keep": 10,
            **_AUGMENTED,
        },
    ),
    Preset(
        name="mewtwo",
        summary="production for Mewtwo, whose recovery takes a second and a half",
        base="production",
        values={"character": "mewtwo", "window_size": 90},
    ),
    Preset(
        name="ganondorf",
        summary="production for Ganondorf: slow, heavy commitments",
        base="production",
        values={"character": "ganondorf"},
    ),
    Preset(
        name="link",
        summary="production for Link, whose projectiles come back",
        base="production",
        values={"character": "link", "window_size": 75},
    ),
    Preset(
        name="gameandwatch",
        summary="production for Mr. Game & Watch: short exchanges",
        base="production",
        values={"character": "gameandwatch", "window_size": 45},
    ),
    Preset(
        name="zelda",
        summary="production for Zelda",
        base="production",
        values={"character": "zelda"},
    ),
)

PRESETS: Final[Mapping[str, Preset]] = {preset.name: preset for preset in _ALL}
